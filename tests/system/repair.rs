//! A node whose database the disk has damaged: found, made again from what HQ has, and at work again.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::stage::{SOON, Stage, admit, converge, inside};

const DATABASE: &str = "lanyard.db";

/// Turns one bit over in what the last check-in says; returns how often that was in the file.
fn damage(data: &Path) -> usize {
    let file = data.join(DATABASE);
    let facts = {
        let db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let last = "SELECT e.facts_salt, e.facts FROM entries e JOIN kinds k ON k.id = e.kind \
                    WHERE k.name = 'attendee-checked-in' ORDER BY e.pos DESC LIMIT 1";
        let (mut salt, facts): (Vec<u8>, Vec<u8>) =
            db.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        salt.extend(facts);
        salt
    };
    let mut bytes = fs::read(&file).unwrap();
    let places: Vec<_> =
        (0..bytes.len() - facts.len()).filter(|at| bytes[*at..].starts_with(&facts)).collect();
    for at in &places {
        bytes[at + facts.len() / 2] ^= 1;
    }
    fs::write(&file, bytes).unwrap();
    places.len()
}

/// Stops a node and damages its database; tells `lanyard` where HQ is.
async fn stop_and_damage(stage: &mut Stage) {
    let node = stage.venue.node("north");
    fs::write(node.data.join("lanyard.toml"), format!("[hq]\nurl = \"{}\"\n", node.line_url)).unwrap();
    node.process.terminate(SOON).await.unwrap();
    assert!(damage(&node.data) > 0, "the last check-in is in the database");
    let report = node.verify(None).await.unwrap();
    assert_ne!(report["findings"], json!([]), "verify finds it");
}

#[tokio::test]
async fn a_damaged_entry_comes_back_from_hq() {
    let mut stage = Stage::set(&["north"], 30).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(6).collect();
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    admit(&desk, &codes[..5]).await;
    stage.hq_counts(5).await;
    stop_and_damage(&mut stage).await;

    let said = stage.venue.node("north").run(&["repair", "--json"]).await.unwrap();
    let repaired: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(repaired["lost"], json!([]), "{repaired}");
    assert!(repaired["from_others"].as_u64().unwrap() > 0, "{repaired}");
    stage.is_whole("north").await;

    stage.venue.node("north").start_again().await.unwrap();
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    assert_eq!(inside(&desk).await.unwrap(), 5);
    let again = desk.post("/check-ins", &json!({ "code": codes[4], "list": "main" })).await.unwrap();
    assert_eq!(again.status, 409, "whoever was let in is not let in again");
    admit(&desk, &codes[5..]).await;
    stage.hq_counts(6).await;
    converge(&stage, &[desk]).await;
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn what_nobody_else_has_is_given_up_only_when_somebody_says_so() {
    let mut stage = Stage::set(&["north"], 30).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(3).collect();
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    admit(&desk, &codes[..2]).await;
    stage.hq_counts(2).await;
    stage.venue.node("north").line("cut").await.unwrap();
    admit(&desk, &codes[2..]).await;
    stop_and_damage(&mut stage).await;
    stage.venue.node("north").line("restore").await.unwrap();

    let damaged = fs::read(stage.venue.node("north").data.join(DATABASE)).unwrap();
    let refused = stage.venue.node("north").run(&["repair"]).await.unwrap_err().to_string();
    assert!(refused.contains("--accept-loss"), "{refused}");
    assert_eq!(
        fs::read(stage.venue.node("north").data.join(DATABASE)).unwrap(),
        damaged,
        "nothing was changed"
    );

    let said = stage.venue.node("north").run(&["repair", "--accept-loss", "--json"]).await.unwrap();
    let repaired: Value = serde_json::from_str(&said).unwrap();
    assert_ne!(repaired["lost"], json!([]), "{repaired}");
    stage.venue.node("north").start_again().await.unwrap();
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    assert_eq!(inside(&desk).await.unwrap(), 2);
    admit(&desk, &codes[2..]).await;
    stage.hq_counts(3).await;
    converge(&stage, &[desk]).await;
    stage.clear().await.unwrap();
}
