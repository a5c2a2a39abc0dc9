//! Steps at the door: import, check-in, badge, and what goes wrong without a line.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::scene::{SOON, Scene, number, text};
use crate::deadline::eventually;
use crate::desk::{Answer, Desk};

async fn admit(desk: &Desk, code: &str) -> anyhow::Result<Answer> {
    desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await
}

pub(super) async fn list_is_everywhere(scene: &mut Scene) -> anyhow::Result<String> {
    let expected = i64::try_from(scene.list.len())?;
    for desk in [&scene.north, &scene.south] {
        eventually(SOON, "the whole list is at the node", async || {
            let status = desk.get("/status").await.ok()?.expect(200).ok()?;
            (number(&status["arrivals"], "expected").ok()? == expected).then_some(())
        })
        .await?;
    }
    Ok(format!("{expected} attendees imported at HQ, all at north and south"))
}

pub(super) async fn check_in(scene: &mut Scene) -> anyhow::Result<String> {
    let first = scene.list[0].clone();
    let verdict = admit(&scene.north, &first.code).await?.expect(201)?;
    ensure!(verdict["verdict"] == "admitted", "not admitted: {verdict}");
    let inside = number(&verdict["arrivals"], "in")?;
    ensure!(inside == 1, "{inside} are in after the first check-in");
    scene.somebody();
    Ok(format!("{} {} admitted, 1 of {} in", first.first_name, first.last_name, scene.list.len()))
}

pub(super) async fn second_scan(scene: &mut Scene) -> anyhow::Result<String> {
    let refused = admit(&scene.north, &scene.list[0].code).await?;
    ensure!(refused.status == 409, "the second scan answered {}: {}", refused.status, refused.body);
    ensure!(refused.code() == Some("already_checked_in"), "refused for another reason: {}", refused.body);
    let desk = text(&refused.body["refusal"], "desk")?;
    ensure!(desk == "north-1", "the refusal names desk {desk}");
    Ok("already_checked_in, naming desk north-1".to_owned())
}

pub(super) async fn badge(scene: &mut Scene) -> anyhow::Result<String> {
    let attendee = Scene::find(&scene.north, &scene.list[0]).await?;
    let badge = eventually(SOON, "the badge is printed", async || {
        let card = scene.north.get(&format!("/attendees/{attendee}")).await.ok()?.expect(200).ok()?;
        let badge = card["badges"].as_array()?.iter().find(|badge| badge["state"] == "active")?.clone();
        badge["printed_at_ms"].as_i64().map(|_| badge)
    })
    .await?;
    let spool = scene.venue.node("north").data.join("badges");
    let files = files_with(&spool, ".pdf")?;
    ensure!(files >= 1, "no PDF in {}", spool.display());
    Ok(format!("badge {} done, PDF and PNG on disk", text(&badge, "badge_code")?))
}

fn files_with(folder: &std::path::Path, ending: &str) -> anyhow::Result<usize> {
    let listing = std::fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    let mut count = 0;
    for entry in listing {
        count += usize::from(entry?.file_name().to_string_lossy().ends_with(ending));
    }
    Ok(count)
}

pub(super) async fn both_admit(scene: &mut Scene) -> anyhow::Result<String> {
    let guest = scene.somebody();
    scene.twice = Some(Scene::find(&scene.north, &guest).await?);
    for (name, desk) in [("north", &scene.north), ("south", &scene.south)] {
        let verdict =
            admit(desk, &guest.code).await?.expect(201).with_context(|| format!("refused at {name}"))?;
        ensure!(verdict["verdict"] == "admitted", "not admitted at {name}: {verdict}");
    }
    Ok(format!("{} {} admitted at north and at south", guest.first_name, guest.last_name))
}

pub(super) async fn admitted_before_notice(scene: &mut Scene) -> anyhow::Result<String> {
    let guest = scene.somebody();
    let attendee = Scene::find(&scene.north, &guest).await?;
    let conference = scene.venue.conference.clone();
    let found = scene.venue.hq.run(&["attendees", &conference, &guest.code]).await?;
    let order = text(&found["rows"][0], "order_id").or_else(|_| text(&found[0], "order_id"))?;
    scene.venue.hq.run(&["cancel", &conference, &order, "--reason", "asked for by phone"]).await?;
    let verdict: Value = admit(&scene.north, &guest.code).await?.expect(201)?;
    ensure!(verdict["verdict"] == "admitted", "not admitted at north: {verdict}");
    scene.cancelled = Some(attendee);
    Ok("order cancelled at HQ, then admitted at north, which could not know".to_owned())
}
