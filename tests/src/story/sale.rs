//! Steps of selling: a sale, a changed quota, and nodes that sell until their own limit.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::scene::{SOON, Scene, number, text};
use crate::deadline::eventually;
use crate::desk::{Answer, Desk};

const WORKSHOP: &str = "workshop";
const DINNER: &str = "dinner";

async fn place(desk: &Desk, attendee: &str, seat_type: &str) -> anyhow::Result<Answer> {
    let lines = json!([{ "seat_type": seat_type, "quantity": 1 }]);
    desk.post("/orders", &json!({ "attendee_id": attendee, "lines": lines, "if_short": "refuse" })).await
}

/// Pays and confirms a placed order; answers with the confirmation.
async fn settle(desk: &Desk, order: &Value) -> anyhow::Result<Value> {
    let (id, total_minor) = (text(order, "order_id")?, number(order, "total_minor")?);
    let payment = json!({ "method": "cash", "amount_minor": total_minor });
    desk.post(&format!("/orders/{id}/payments"), &payment).await?.expect(201)?;
    desk.post(&format!("/orders/{id}/confirmation"), &json!({})).await?.expect(201)
}

async fn seat_type(desk: &Desk, wanted: &str) -> anyhow::Result<Value> {
    let all = desk.get("/seat-types").await?.expect(200)?;
    let found = all.as_array().and_then(|all| all.iter().find(|row| row["seat_type"] == wanted).cloned());
    found.with_context(|| format!("no seat type {wanted}"))
}

/// Waits until a node has seats of its own.
async fn allotted(desk: &Desk, wanted: &str) -> anyhow::Result<()> {
    eventually(SOON, &format!("the node has its allotment of {wanted}"), async || {
        let row = seat_type(desk, wanted).await.ok()?;
        (number(&row, "remaining_here").ok()? > 0).then_some(())
    })
    .await
}

pub(super) async fn sell_workshop(scene: &mut Scene) -> anyhow::Result<String> {
    allotted(&scene.north, WORKSHOP).await?;
    let before = number(&seat_type(&scene.north, WORKSHOP).await?, "remaining_here")?;
    // The first guest without a workshop on the list, who was checked in before, has index 0 or 1.
    let buyer = scene
        .list
        .iter()
        .find(|row| row.paid && row.seat_types.len() == 1)
        .context("nobody to sell to")?
        .clone();
    let attendee = Scene::find(&scene.north, &buyer).await?;
    let order = place(&scene.north, &attendee, WORKSHOP).await?.expect(201)?;
    let confirmed = settle(&scene.north, &order).await?;
    ensure!(confirmed["order"]["state"] == "confirmed", "the order is not confirmed: {confirmed}");
    let card = scene.north.get(&format!("/attendees/{attendee}")).await?.expect(200)?;
    let sold = card["seats"]
        .as_array()
        .context("no seats")?
        .iter()
        .any(|seat| seat["seat_type"] == WORKSHOP && seat["state"] == "sold");
    ensure!(sold, "the seat is not on the card: {card}");
    let after = number(&seat_type(&scene.north, WORKSHOP).await?, "remaining_here")?;
    ensure!(after == before - 1, "{before} seats before, {after} after one sale");
    Ok(format!("one workshop seat sold, {after} left at north"))
}

pub(super) async fn quota_reaches_nodes(scene: &mut Scene) -> anyhow::Result<String> {
    let conference = scene.venue.conference.clone();
    let quota = number(&seat_type(&scene.north, WORKSHOP).await?, "quota")? + 2;
    scene.venue.hq.run(&["quota", &conference, WORKSHOP, &quota.to_string()]).await?;
    for desk in [&scene.north, &scene.south] {
        eventually(SOON, "the new quota is at the node", async || {
            (number(&seat_type(desk, WORKSHOP).await.ok()?, "quota").ok()? == quota).then_some(())
        })
        .await?;
        // HQ gives it when it first hears of the node; it is to be sold while HQ is away.
        allotted(desk, DINNER).await?;
    }
    Ok(format!("{quota} workshop seats, seen at north and south"))
}

pub(super) async fn sell_out(scene: &mut Scene) -> anyhow::Result<String> {
    let mut sold = Vec::new();
    for name in ["north", "south"] {
        let rights = number(&seat_type(desk_of(scene, name), DINNER).await?, "remaining_here")?;
        let buyer = scene.somebody();
        let attendee = Scene::find(desk_of(scene, name), &buyer).await?;
        for n in 0..rights {
            let order = place(desk_of(scene, name), &attendee, DINNER).await?;
            let order = order.expect(201).with_context(|| format!("seat {n} of {rights} at {name}"))?;
            settle(desk_of(scene, name), &order).await?;
        }
        let refused = place(desk_of(scene, name), &attendee, DINNER).await?;
        ensure!(refused.status == 409, "{name} sold more than its {rights} rights: {}", refused.body);
        ensure!(refused.code() == Some("no_seats_left"), "refused for another reason: {}", refused.body);
        let elsewhere =
            refused.body["refusal"]["elsewhere"].as_array().context("no word of where seats remain")?;
        let names: Vec<_> = elsewhere.iter().filter_map(|place| place["node"].as_str()).collect();
        ensure!(!names.is_empty(), "{name} names no place where seats remain: {}", refused.body);
        sold.push(format!("{name} sold {rights}, then refused: seats remain at {}", names.join(", ")));
    }
    Ok(sold.join("; "))
}

fn desk_of<'a>(scene: &'a Scene, name: &str) -> &'a Desk {
    if name == "north" { &scene.north } else { &scene.south }
}

pub(super) async fn sold_is_quota(scene: &mut Scene) -> anyhow::Result<String> {
    let conference = scene.venue.conference.clone();
    let sales = scene.venue.hq.run(&["sales", &conference]).await?;
    let rows = sales["seat_types"].as_array().or(sales.as_array()).context("no sales")?;
    let dinner = rows.iter().find(|row| row["seat_type"] == DINNER).context("no dinner in the sales")?;
    let (quota, sold) = (number(dinner, "quota")?, number(dinner, "sold")?);
    ensure!(sold == quota, "sold {sold} of {quota}");
    for desk in [&scene.north, &scene.south] {
        let row = seat_type(desk, DINNER).await?;
        let left = number(&row, "remaining_here")? + number(&row, "remaining_elsewhere")?;
        ensure!(left == 0, "a node believes that {left} seats remain");
    }
    Ok(format!("dinner: {sold} sold of {quota}"))
}
