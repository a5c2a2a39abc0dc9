//! Steps of a sale: placing, paying, confirming, naming, and what is left.

use anyhow::Context as _;
use cucumber::gherkin::Step;
use cucumber::{given, then, when};

use super::lines;
use crate::driver::{Action, By, Driver};
use crate::fixture::{seat_type_id, seat_type_name};
use crate::world::{Summit, desk};

/// Length of a hold, milliseconds.
const HOLD_MS: i64 = 15 * 60 * 1_000;

/// How much of a hold may be over before it is looked at, milliseconds.
const LOOKED_AT_WITHIN_MS: i64 = 10_000;

async fn place(
    w: &mut Summit,
    place: &str,
    registrant: Option<&str>,
    attendee: Option<&str>,
    lines: Vec<(String, i64)>,
) -> anyhow::Result<()> {
    let (registrant, attendee) = (registrant.map(str::to_owned), attendee.map(str::to_owned));
    let by = By::supervisor(&desk(place));
    let node = by.node().to_owned();
    w.ask(by, Action::Place { registrant, attendee, lines }).await?;
    if w.answer.code == "ok" {
        let order = w.order.clone();
        w.placed = w.venue().await?.order(&node, &order).await?;
    }
    Ok(())
}

async fn pay_and_confirm(w: &mut Summit, place: &str) -> anyhow::Result<()> {
    let (order, amount_minor) = (w.order.clone(), w.placed.total_minor);
    if amount_minor > 0 {
        let by = By { desk: desk(place), role: "cashier" };
        w.ask(by, Action::Pay { order: order.clone(), amount_minor }).await?;
        w.accepted()?;
    }
    w.ask(By { desk: desk(place), role: "cashier" }, Action::Confirm { order }).await?;
    w.accepted()
}

#[when(regex = r"^(\S+) places an order of:$")]
async fn places(w: &mut Summit, at: String, step: &Step) -> anyhow::Result<()> {
    place(w, &at, Some("Grace Hopper"), None, lines(step)?).await
}

#[when(regex = r"^(\S+) places an order of nothing$")]
async fn places_nothing(w: &mut Summit, at: String) -> anyhow::Result<()> {
    place(w, &at, Some("Grace Hopper"), None, Vec::new()).await
}

#[given(regex = r#"^(\S+) has sold "(.+)" an order of:$"#)]
async fn has_sold(w: &mut Summit, at: String, name: String, step: &Step) -> anyhow::Result<()> {
    place(w, &at, Some(&name), None, lines(step)?).await?;
    w.accepted()?;
    pay_and_confirm(w, &at).await
}

#[given(regex = r#"^(\S+) has sold the guest "(.+)" a seat of "(.+)"$"#)]
async fn has_sold_guest(w: &mut Summit, at: String, name: String, seat_type: String) -> anyhow::Result<()> {
    place(w, &at, None, Some(&name), vec![(seat_type_id(&seat_type).to_owned(), 1)]).await?;
    w.accepted()?;
    pay_and_confirm(w, &at).await
}

#[when(regex = r"^the customer at (\S+) offers (\d+) for the order$")]
async fn offers(w: &mut Summit, at: String, major: i64) -> anyhow::Result<()> {
    let order = w.order.clone();
    w.ask(By { desk: desk(&at), role: "cashier" }, Action::Pay { order, amount_minor: major * 100 }).await
}

#[when(regex = r"^a supervisor at (\S+) gives the order away$")]
async fn gives_away(w: &mut Summit, at: String) -> anyhow::Result<()> {
    let order = w.order.clone();
    w.ask(By::supervisor(&desk(&at)), Action::GiveAway { order }).await?;
    w.accepted()
}

#[when(regex = r"^(\S+) confirms the order$")]
async fn confirms(w: &mut Summit, at: String) -> anyhow::Result<()> {
    let order = w.order.clone();
    w.ask(By { desk: desk(&at), role: "cashier" }, Action::Confirm { order }).await?;
    w.accepted()
}

#[when(regex = r#"^(\S+) names "(.+)" on seat (\d+) of the order$"#)]
async fn names_seat(w: &mut Summit, at: String, name: String, n: u32) -> anyhow::Result<()> {
    let order = w.order.clone();
    w.ask(By { desk: desk(&at), role: "volunteer" }, Action::NameSeat { order, n, name }).await?;
    w.accepted()
}

#[then("everything wanted is held for 15 minutes")]
fn all_held(w: &mut Summit) -> anyhow::Result<()> {
    let placed = w.placed.clone();
    let complete = placed.lines.iter().all(|(_, wanted, held)| wanted == held && *held > 0);
    w.check("the lines", &(complete, placed.state.as_str()), &(true, "placed"))?;
    let age_ms = HOLD_MS - placed.hold_left_ms;
    w.check("the hold has just begun", &(0..LOOKED_AT_WITHIN_MS).contains(&age_ms), &true)
}

#[then("these seats are held:")]
fn these_held(w: &mut Summit, step: &Step) -> anyhow::Result<()> {
    let mut expected: Vec<_> =
        lines(step)?.into_iter().map(|(id, seats)| (seat_type_name(&id).to_owned(), seats)).collect();
    let held = w.placed.lines.iter().map(|(name, _, held)| (name.clone(), i64::from(*held)));
    let mut held: Vec<_> = held.collect();
    expected.sort();
    held.sort();
    w.check("what is held", &held, &expected)
}

#[then(regex = r"^the total is (\d+)$")]
fn total(w: &mut Summit, major: i64) -> anyhow::Result<()> {
    let seen = w.placed.total_minor;
    w.check("the total in minor units", &seen, &(major * 100))
}

#[then(regex = r"^the order is (placed|confirmed|expired|cancelled)$")]
async fn order_is(w: &mut Summit, state: String) -> anyhow::Result<()> {
    let (node, order) = (w.plan.nodes[0].clone(), w.order.clone());
    let look = async |venue: &mut dyn Driver| Ok(venue.order(&node, &order).await?.state);
    w.check_sight("the state of the order", look, &state).await
}

#[then(regex = r#"^(\w+) may still sell (\d+) seats? of "(.+)"$"#)]
async fn may_still_sell(w: &mut Summit, node: String, seats: i64, seat_type: String) -> anyhow::Result<()> {
    let id = seat_type_id(&seat_type);
    let look = async |venue: &mut dyn Driver| Ok(venue.stock(&node, id).await?.here);
    w.check_sight("seats left here", look, &seats).await
}

#[then(regex = r#"^(\d+) seats of "(.+)" are sold at HQ$"#)]
async fn sold_at_hq(w: &mut Summit, seats: i64, seat_type: String) -> anyhow::Result<()> {
    w.venue().await?.meet().await?;
    let id = seat_type_id(&seat_type);
    let look = async |venue: &mut dyn Driver| Ok(venue.taken(id).await?.sold);
    w.check_sight("seats sold", look, &seats).await
}

#[then(regex = r#"^seats sold, held and left of "(.+)" make (\d+) at every place$"#)]
async fn conserved(w: &mut Summit, seat_type: String, quota: i64) -> anyhow::Result<()> {
    let id = seat_type_id(&seat_type);
    w.venue().await?.meet().await.context("they meet")?;
    for place in w.places() {
        let look = async |venue: &mut dyn Driver| {
            let (taken, left) = (venue.taken(id).await?, venue.stock(&place, id).await?);
            Ok(taken.sold + taken.held + left.here + left.elsewhere)
        };
        w.check_sight(&format!("seats at {place}"), look, &quota).await?;
    }
    Ok(())
}
