//! Steps of the line: cut, restored in a drawn order, and what must be equal afterwards.

use anyhow::{Context as _, ensure};
use rand::seq::SliceRandom as _;
use serde_json::Value;

use super::scene::{SOON, Scene, text};
use crate::deadline::eventually;

/// Changes one word of one stored state, as a defect or a disk might.
const CHANGE: &str = r#"
    UPDATE states SET state = CAST(replace(CAST(state AS TEXT), '"via":"ticket"', '"via":"search"') AS BLOB)
    WHERE stream = (SELECT stream FROM states WHERE CAST(state AS TEXT) LIKE '%"via":"ticket"%' LIMIT 1)"#;

pub(super) async fn cut(scene: &mut Scene) -> anyhow::Result<String> {
    for name in ["north", "south"] {
        scene.venue.node(name).line("cut").await?;
    }
    for desk in [&scene.north, &scene.south] {
        eventually(SOON, "the node says that HQ is away", async || {
            let status = desk.get("/status").await.ok()?.expect(200).ok()?;
            (status["hq"]["state"] != "online").then_some(())
        })
        .await?;
    }
    Ok("both nodes say that HQ is away, and work on".to_owned())
}

pub(super) async fn restore(scene: &mut Scene) -> anyhow::Result<String> {
    let mut order = ["north", "south"];
    order.shuffle(&mut scene.rng);
    for name in order {
        scene.venue.node(name).line("restore").await?;
        let desk = if name == "north" { scene.north.clone() } else { scene.south.clone() };
        eventually(SOON, &format!("{name} has sent everything"), async || {
            let status = desk.get("/status").await.ok()?.expect(200).ok()?;
            (status["hq"]["state"] == "online" && status["unsent_entries"] == 0).then_some(())
        })
        .await?;
    }
    equal_vectors(scene).await?;
    Ok(format!("first {}, then {}", order[0], order[1]))
}

async fn states(scene: &mut Scene) -> anyhow::Result<[Value; 3]> {
    let conference = scene.venue.conference.clone();
    let hq = scene.venue.hq.run(&["state", &conference]).await?;
    let north = scene.north.get("/state").await?.expect(200)?;
    let south = scene.south.get("/state").await?.expect(200)?;
    Ok([hq, north, south])
}

/// Waits until HQ, north and south have the same entries.
pub(super) async fn equal_vectors(scene: &mut Scene) -> anyhow::Result<[Value; 3]> {
    eventually(SOON, "HQ, north and south have the same entries", async || {
        let states = states(scene).await.ok()?;
        let digests: Vec<_> = states.iter().map(|state| state["digest"].as_str()).collect();
        (digests[0].is_some() && digests.iter().all(|digest| *digest == digests[0])).then_some(states)
    })
    .await
}

pub(super) async fn equal_state(scene: &mut Scene) -> anyhow::Result<String> {
    let [hq, north, south] = equal_vectors(scene).await?;
    let hashes = [text(&hq, "state_hash")?, text(&north, "state_hash")?, text(&south, "state_hash")?];
    ensure!(hashes.iter().all(|hash| *hash == hashes[0]), "same entries, other states: {hashes:?}");
    Ok(format!("{} entries, state hash {}… on all three", hq["entries"], &hashes[0][..12]))
}

/// A copy of north with one state changed must be told apart: a hash that does not follow the state is none.
pub(super) async fn hash_follows_state(scene: &mut Scene) -> anyhow::Result<String> {
    let north = scene.venue.node("north");
    let copy = north.data.with_file_name("north-copy.db");
    for old in [&copy, &copy.with_extension("db-wal"), &copy.with_extension("db-shm")] {
        if old.exists() {
            std::fs::remove_file(old)?;
        }
    }
    north.run(&["backup", &copy.to_string_lossy()]).await?;
    let sound = north.verify(Some(&copy)).await?;
    let before = text(&sound, "state_hash")?;
    let database = rusqlite::Connection::open(&copy)?;
    let changed = database.execute(CHANGE, []).context("the copy cannot be changed")?;
    ensure!(changed == 1, "nothing to change in the copy");
    drop(database);
    let changed = north.verify(Some(&copy)).await?;
    let after = text(&changed, "state_hash")?;
    ensure!(before != after, "the hash stayed {before} although a state was changed");
    let findings = changed["findings"].as_array().map_or(0, Vec::len);
    ensure!(findings > 0, "verify found nothing in a changed copy");
    Ok(format!("a changed copy has another hash and {findings} finding(s)"))
}

pub(super) async fn verified(scene: &mut Scene) -> anyhow::Result<String> {
    let conference = scene.venue.conference.clone();
    let hq = scene.venue.hq.run(&["verify", &conference]).await?;
    ensure!(hq["findings"].as_array().is_some_and(Vec::is_empty), "HQ: {hq}");
    for name in ["north", "south"] {
        let report = scene.venue.node(name).verify(None).await?;
        ensure!(report["findings"].as_array().is_some_and(Vec::is_empty), "{name}: {report}");
    }
    Ok("verify is clean on HQ, north and south".to_owned())
}
