//! What there is before and around: the venue, the list, the seats, the lines and the clocks.

use cucumber::gherkin::Step;
use cucumber::{given, then, when};

use super::rows;
use crate::driver::{Guest, Happening, Stock};
use crate::fixture::{seat_type_id, ticket_of};
use crate::world::Summit;

#[given(regex = r"^the venue has the nodes? (\w+)(?: and (\w+))?$")]
fn nodes(w: &mut Summit, first: String, second: String) {
    w.plan.nodes = [first, second].into_iter().filter(|name| !name.is_empty()).collect();
}

#[given(regex = r#"^"(.+)" is on the list with an? (paid|unpaid) "(.+)" seat$"#)]
fn on_the_list(w: &mut Summit, name: String, state: String, seat_type: String) {
    let seats = vec![(seat_type_id(&seat_type).to_owned(), state)];
    let order_code = format!("O{}", ticket_of(&name));
    w.plan.guests.push(Guest { name, seats, order_code });
}

#[given(regex = r#"^the order of "(.+)" has the code "(.+)"$"#)]
fn order_code(w: &mut Summit, name: String, code: String) -> anyhow::Result<()> {
    let guest = w.plan.guests.iter_mut().find(|guest| guest.name == name);
    guest.ok_or_else(|| anyhow::anyhow!("{name} is not on the list"))?.order_code = code;
    Ok(())
}

#[given("these seats are for sale:")]
fn seats_for_sale(w: &mut Summit, step: &Step) -> anyhow::Result<()> {
    let rows = rows(step);
    let [head, rest @ ..] = rows.as_slice() else { anyhow::bail!("the table has no head") };
    for row in rest {
        let shares = head.iter().zip(row).skip(2);
        let shares = shares.map(|(node, seats)| Ok((node.clone(), seats.parse()?)));
        let stock = Stock { quota: row[1].parse()?, allotments: shares.collect::<anyhow::Result<_>>()? };
        w.plan.stock.insert(seat_type_id(&row[0]).to_owned(), stock);
    }
    Ok(())
}

async fn befalls(w: &mut Summit, node: &str, what: Happening) -> anyhow::Result<()> {
    w.venue().await?.happen(node, &what).await
}

#[given(regex = r"^the line of (\w+) is cut$")]
#[when(regex = r"^the line of (\w+) is cut$")]
async fn line_cut(w: &mut Summit, node: String) -> anyhow::Result<()> {
    befalls(w, &node, Happening::LineCut).await
}

#[given(regex = r"^the lines of (\w+) and (\w+) are cut$")]
async fn lines_cut(w: &mut Summit, first: String, second: String) -> anyhow::Result<()> {
    befalls(w, &first, Happening::LineCut).await?;
    befalls(w, &second, Happening::LineCut).await
}

#[when(regex = r"^the line of (\w+) is restored$")]
async fn line_restored(w: &mut Summit, node: String) -> anyhow::Result<()> {
    befalls(w, &node, Happening::LineRestored).await
}

#[given("everybody has met")]
#[when("everybody has met")]
async fn met(w: &mut Summit) -> anyhow::Result<()> {
    w.venue().await?.meet().await
}

#[given(regex = r"^the clock of (\w+) is (-?\d+) minutes ahead$")]
async fn clock_ahead(w: &mut Summit, node: String, minutes: i64) -> anyhow::Result<()> {
    befalls(w, &node, Happening::ClockMoved { by_ms: minutes * 60_000 }).await
}

#[when(regex = r"^(?:(\d+) minutes)?(?: and )?(?:(\d+) seconds)? pass$")]
async fn time_passes(w: &mut Summit, minutes: String, seconds: String) -> anyhow::Result<()> {
    let number = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<u64>() };
    let ms = (number(&minutes)? * 60 + number(&seconds)?) * 1_000;
    w.venue().await?.pass(ms).await
}

#[when(regex = r"^HQ cancels the order of (.+)$")]
async fn hq_cancels_of(w: &mut Summit, name: String) -> anyhow::Result<()> {
    let node = w.plan.nodes[0].clone();
    let venue = w.venue().await?;
    let order = venue.order_of(&node, name.trim_matches('"')).await?;
    venue.cancel_at_hq(&order).await
}

#[when("HQ cancels the order")]
async fn hq_cancels(w: &mut Summit) -> anyhow::Result<()> {
    let order = w.order.clone();
    w.venue().await?.cancel_at_hq(&order).await
}

#[given(regex = r"^the state of (\w+) is noted$")]
async fn state_noted(w: &mut Summit, node: String) -> anyhow::Result<()> {
    let state = w.venue().await?.state(&node).await?;
    w.before.insert(node, state);
    Ok(())
}

#[then(regex = r"^nothing was written at (\w+) since$")]
async fn nothing_written(w: &mut Summit, node: String) -> anyhow::Result<()> {
    let state = w.venue().await?.state(&node).await?;
    let before = w.before[&node].clone();
    w.check("the state of the node", &state, &before)
}

#[then("every place has the same state")]
async fn same_state(w: &mut Summit) -> anyhow::Result<()> {
    let hq = w.venue().await?.state("hq").await?;
    for place in w.places() {
        let look = async |venue: &mut dyn crate::driver::Driver| venue.state(&place).await;
        w.check_sight(&format!("the state of {place}"), look, &hq).await?;
    }
    Ok(())
}
