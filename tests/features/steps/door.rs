//! Steps at the door: scans, refusals, walk-ups, check-ins taken back, conflicts.

use anyhow::Context as _;
use cucumber::{then, when};

use crate::driver::{Action, By, Driver};
use crate::fixture::{seat_type_id, ticket_of};
use crate::world::{Summit, desk};

/// The code somebody shows at a node.
pub(crate) async fn code_of(w: &mut Summit, node: &str, name: &str) -> anyhow::Result<String> {
    let known = w.venue().await?.attendee(node, name).await?;
    Ok(known.map(|known| known.code).filter(|code| !code.is_empty()).unwrap_or_else(|| ticket_of(name)))
}

/// A supervisor's desk scans a code at the main door.
pub(crate) async fn scan(w: &mut Summit, place: &str, code: String) -> anyhow::Result<()> {
    let action = Action::Scan { code, list: "main".to_owned(), override_reason: None };
    w.ask(By::supervisor(&desk(place)), action).await
}

#[cucumber::given(regex = r#"^(\S+) scans the ticket of "(.+)"$"#)]
#[when(regex = r#"^(\S+) scans the ticket of "(.+)"$"#)]
async fn scans_ticket(w: &mut Summit, place: String, name: String) -> anyhow::Result<()> {
    let by = By::supervisor(&desk(&place));
    let code = code_of(w, by.node(), &name).await?;
    scan(w, &place, code).await
}

#[when(regex = r#"^(\S+) scans "(.+)"$"#)]
async fn scans_text(w: &mut Summit, place: String, code: String) -> anyhow::Result<()> {
    scan(w, &place, code).await
}

#[when(regex = r#"^(\S+) scans the badge called "(.+)"$"#)]
async fn scans_badge(w: &mut Summit, place: String, called: String) -> anyhow::Result<()> {
    let code = w.codes.get(&called).with_context(|| format!("no badge is called {called}"))?.clone();
    scan(w, &place, code).await
}

#[when(regex = r"^(\S+) scans the code of the order$")]
async fn scans_order(w: &mut Summit, place: String) -> anyhow::Result<()> {
    let code = w.placed.access_code.clone();
    scan(w, &place, code).await
}

#[when(regex = r#"^(\S+) and (\S+) scan the ticket of "(.+)" at the same moment$"#)]
async fn scan_together(w: &mut Summit, first: String, second: String, name: String) -> anyhow::Result<()> {
    let node = By::supervisor(&first).node().to_owned();
    let code = code_of(w, &node, &name).await?;
    let scans: Vec<_> = [first, second]
        .iter()
        .map(|place| {
            let action = Action::Scan { code: code.clone(), list: "main".to_owned(), override_reason: None };
            (By::supervisor(place), action)
        })
        .collect();
    w.answers = w.venue().await?.act_together(&scans).await?;
    Ok(())
}

#[when(regex = r#"^a (volunteer|supervisor) at (\S+) admits "(.+)" all the same, because "(.+)"$"#)]
async fn admits_all_the_same(
    w: &mut Summit,
    role: String,
    place: String,
    name: String,
    reason: String,
) -> anyhow::Result<()> {
    let role = if role == "volunteer" { "volunteer" } else { "supervisor" };
    let by = By { desk: desk(&place), role };
    let code = code_of(w, by.node(), &name).await?;
    let action = Action::Scan { code, list: "main".to_owned(), override_reason: Some(reason) };
    w.ask(by, action).await
}

#[when(regex = r#"^a supervisor at (\S+) takes the check-in of "(.+)" back$"#)]
async fn takes_back(w: &mut Summit, place: String, name: String) -> anyhow::Result<()> {
    let action = Action::Annul { name, reason: "the wrong person".to_owned() };
    w.ask(By::supervisor(&desk(&place)), action).await?;
    w.accepted()
}

#[when(regex = r#"^(\S+) registers "(.+)" as a walk-up for "(.+)"$"#)]
async fn walk_up(w: &mut Summit, place: String, name: String, seat_type: String) -> anyhow::Result<()> {
    let action = Action::WalkUp { name, seat_type: seat_type_id(&seat_type).to_owned() };
    w.ask(By::supervisor(&desk(&place)), action).await?;
    w.accepted()
}

#[then(regex = r#"^"(.+)" is admitted$"#)]
fn admitted(w: &mut Summit, name: String) -> anyhow::Result<()> {
    let seen = (w.answer.code.clone(), w.answer.attendee.clone());
    w.check("the verdict", &seen, &("ok".to_owned(), Some(name)))
}

#[then(regex = r#"^it is refused as "(.+)"$"#)]
fn refused(w: &mut Summit, code: String) -> anyhow::Result<()> {
    let seen = w.answer.code.clone();
    w.check("the refusal", &seen, &code)
}

#[then(regex = r#"^the refusal says the ticket was used at the desk "(.+)" (\d+) minutes ago$"#)]
async fn used_where(w: &mut Summit, at: String, minutes: i64) -> anyhow::Result<()> {
    let data = w.answer.data.clone();
    let clock_ms = w.venue().await?.clock_ms(By::supervisor(&at).node());
    let since_ms = clock_ms - data["at_ms"].as_i64().context("the refusal says when")?;
    let seen = (data["desk"].as_str().map(str::to_owned), since_ms / 60_000);
    w.check("where and how many minutes ago", &seen, &(Some(at), minutes))
}

#[then(regex = r#"^the refusal names the conference "(.+)"$"#)]
fn names_conference(w: &mut Summit, conference: String) -> anyhow::Result<()> {
    let seen = w.answer.data["conference"].as_str().unwrap_or_default().to_owned();
    w.check("the conference", &seen, &conference)
}

#[then(regex = r#"^exactly (\d+) of them is admitted and the others are refused as "(.+)"$"#)]
fn exactly_admitted(w: &mut Summit, count: usize, code: String) -> anyhow::Result<()> {
    let admitted = w.answers.iter().filter(|answer| answer.code == "ok").count();
    let refused = w.answers.iter().filter(|answer| answer.code == code).count();
    let others = w.answers.len() - count;
    w.check("admitted and refused", &(admitted, refused), &(count, others))
}

#[then(regex = r#"^at (\w+) "(.+)" is (in|not in)$"#)]
async fn is_in(w: &mut Summit, node: String, name: String, state: String) -> anyhow::Result<()> {
    let look =
        async |venue: &mut dyn Driver| Ok(venue.attendee(&node, &name).await?.map(|known| known.is_in));
    w.check_sight("whether they are in", look, &Some(state == "in")).await
}

#[then(regex = r#"^at (\w+) "(.+)" has (\d+) check-ins?$"#)]
async fn check_ins(w: &mut Summit, node: String, name: String, count: usize) -> anyhow::Result<()> {
    let look = async |venue: &mut dyn Driver| {
        Ok(venue.attendee(&node, &name).await?.map(|known| known.check_ins.len()))
    };
    w.check_sight("check-ins", look, &Some(count)).await
}

#[then(regex = r#"^at (\w+) the check-in of "(.+)" was taken back by a (\w+)$"#)]
async fn taken_back_by(w: &mut Summit, node: String, name: String, role: String) -> anyhow::Result<()> {
    let look = async |venue: &mut dyn Driver| {
        let known = venue.attendee(&node, &name).await?;
        Ok(known.and_then(|known| known.check_ins.first()?.annulled_by.clone()))
    };
    w.check_sight("who took it back", look, &Some(role)).await
}

#[then(regex = r#"^the log of (\w+) says that "(.+)" was set aside$"#)]
async fn set_aside(w: &mut Summit, node: String, what: String) -> anyhow::Result<()> {
    let seen = w.venue().await?.overrides(&node).await?;
    w.check("what was set aside", &seen, &vec![what])
}

#[then(regex = r#"^every place has 1 open "(.+)" conflict of "(.+)" between (\w+) and (\w+)$"#)]
async fn one_conflict(
    w: &mut Summit,
    kind: String,
    name: String,
    first: String,
    second: String,
) -> anyhow::Result<()> {
    let mut expected = vec![first, second];
    expected.sort();
    for place in w.places() {
        let look = async |venue: &mut dyn Driver| {
            let all = venue.conflicts(&place).await?.into_iter();
            let of_kind =
                all.filter(|conflict| conflict.kind == kind && conflict.attendee == name && conflict.open);
            let between = of_kind.map(|conflict| {
                let mut between: Vec<_> = conflict.sides.into_iter().map(|(_, node, _)| node).collect();
                between.sort();
                between
            });
            Ok(between.collect::<Vec<_>>())
        };
        w.check_sight(&format!("conflicts at {place}"), look, &vec![expected.clone()]).await?;
    }
    Ok(())
}

#[then(regex = r#"^every place has the same check-in of "(.+)" in effect$"#)]
async fn same_in_effect(w: &mut Summit, name: String) -> anyhow::Result<()> {
    let hq = effective(w.venue().await?, "hq", &name).await?;
    w.check("effective check-ins at HQ", &hq.len(), &1)?;
    for place in w.places() {
        let look = async |venue: &mut dyn Driver| effective(venue, &place, &name).await;
        w.check_sight(&format!("the check-in in effect at {place}"), look, &hq).await?;
    }
    Ok(())
}

#[then(regex = r#"^every place has the check-in of "(.+)" at (\w+) in effect$"#)]
async fn in_effect_at(w: &mut Summit, name: String, node: String) -> anyhow::Result<()> {
    for place in w.places() {
        let look = async |venue: &mut dyn Driver| effective(venue, &place, &name).await;
        w.check_sight(&format!("the check-in in effect at {place}"), look, &vec![node.clone()]).await?;
    }
    Ok(())
}

/// Nodes whose check-ins of somebody are in effect.
async fn effective(venue: &mut dyn Driver, place: &str, name: &str) -> anyhow::Result<Vec<String>> {
    let known = venue.attendee(place, name).await?.unwrap_or_default();
    Ok(known
        .check_ins
        .into_iter()
        .filter(|check_in| check_in.effective)
        .map(|check_in| check_in.node)
        .collect())
}

#[then(regex = r"^every place shows that she was admitted at least (\d+) seconds after the cancellation$")]
async fn delay(w: &mut Summit, seconds: i64) -> anyhow::Result<()> {
    for place in w.places() {
        let look = async |venue: &mut dyn Driver| {
            let conflicts = venue.conflicts(&place).await?;
            Ok(conflicts
                .iter()
                .map(|conflict| conflict.delay_ms >= Some(seconds * 1_000))
                .collect::<Vec<_>>())
        };
        w.check_sight(&format!("the delay at {place}"), look, &vec![true]).await?;
    }
    Ok(())
}
