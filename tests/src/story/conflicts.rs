//! Steps of conflicts: the same verdict on every node, and a decision that is seen everywhere.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::scene::{SOON, Scene, text};
use crate::deadline::eventually;

async fn open_conflicts(scene: &mut Scene) -> anyhow::Result<[Vec<Value>; 3]> {
    let conference = scene.venue.conference.clone();
    let rows = |answer: Value| -> Vec<Value> {
        let mut rows = answer.as_array().cloned().unwrap_or_default();
        rows.sort_by_key(|row| row["conflict_id"].as_str().map(str::to_owned));
        rows.retain(|row| row["state"] == "open");
        rows
    };
    let hq = rows(scene.venue.hq.run(&["conflicts", &conference]).await?);
    let north = rows(scene.north.get("/conflicts?state=open").await?.expect(200)?);
    let south = rows(scene.south.get("/conflicts?state=open").await?.expect(200)?);
    Ok([hq, north, south])
}

/// What must be equal everywhere: id, kind, whom it is about, and which side stands.
fn verdict(conflict: &Value) -> Value {
    let sides = conflict["sides"].as_array().cloned().unwrap_or_default();
    let sides: Vec<_> =
        sides.iter().map(|side| json!([side["dot"], side["what"], side["effective"]])).collect();
    json!([conflict["conflict_id"], conflict["kind"], conflict["attendee_id"], conflict["delay_ms"], sides])
}

pub(super) async fn same_everywhere(scene: &mut Scene) -> anyhow::Result<String> {
    let places = open_conflicts(scene).await?;
    for (place, conflicts) in ["HQ", "north", "south"].iter().zip(&places) {
        let kinds: Vec<_> = conflicts.iter().filter_map(|conflict| conflict["kind"].as_str()).collect();
        let count = |kind| kinds.iter().filter(|found| **found == kind).count();
        ensure!(kinds.len() == 2, "{place} has {} conflicts: {kinds:?}", kinds.len());
        ensure!(count("double_entry") == 1 && count("admitted_before_notice") == 1, "{place} has {kinds:?}");
        let verdicts: Vec<_> = conflicts.iter().map(verdict).collect();
        let expected: Vec<_> = places[0].iter().map(verdict).collect();
        ensure!(verdicts == expected, "{place} judges otherwise: {verdicts:?} instead of {expected:?}");
    }
    Ok("one double_entry and one admitted_before_notice, the same on HQ, north and south".to_owned())
}

pub(super) async fn resolve(scene: &mut Scene) -> anyhow::Result<String> {
    let [_, _, south] = open_conflicts(scene).await?;
    let double =
        south.iter().find(|conflict| conflict["kind"] == "double_entry").context("no double entry")?;
    let id = text(double, "conflict_id")?;
    let sides = double["sides"].as_array().context("no sides")?;
    let other = sides.iter().find(|side| side["effective"] == false).context("no side to annul")?;
    let decision =
        json!({ "decision": "annul", "dot": text(other, "dot")?, "reason": "same person, second scan" });
    scene.south.post(&format!("/conflicts/{id}/resolution"), &decision).await?.expect(201)?;
    eventually(SOON, "the decision is seen at HQ, north and south", async || {
        let places = open_conflicts(scene).await.ok()?;
        places
            .iter()
            .all(|open| open.iter().all(|conflict| conflict["conflict_id"] != id.as_str()))
            .then_some(())
    })
    .await?;
    Ok("the double entry is decided at south, and so at north and HQ".to_owned())
}
