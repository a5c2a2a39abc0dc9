//! Nodes of one venue that know each other: they agree while HQ is away, and whoever reaches HQ brings it all.

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use serde_json::json;

use crate::stage::{SOON, Stage, inside, status};

/// Scans somebody and returns the verdict's status.
async fn scan(desk: &Desk, code: &str) -> u16 {
    desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap().status
}

async fn counts(desk: &Desk, wanted: u64, what: &str) {
    let counted = eventually(SOON, what, async || (inside(desk).await.ok()? == wanted).then_some(()));
    counted.await.unwrap();
}

/// North, and south that has a line to it.
async fn siblings() -> (Stage, Desk, Desk) {
    let mut stage = Stage::set(&["north", "south"], 30).await.unwrap();
    let url = stage.venue.node("north").url.clone();
    stage.configure("south", &format!("[[siblings]]\nname = \"north\"\nurl = \"{url}\"\n")).await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
    (stage, north, south)
}

#[tokio::test]
async fn siblings_admit_nobody_twice_while_hq_is_away() {
    let (mut stage, north, south) = siblings().await;
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(3).collect();
    for node in ["north", "south"] {
        stage.venue.node(node).line("cut").await.unwrap();
    }
    assert_eq!(scan(&north, &codes[0]).await, 201);
    counts(&south, 1, "south knows of north's check-in").await;
    assert_eq!(scan(&south, &codes[0]).await, 409);
    assert_eq!(scan(&south, &codes[1]).await, 201);
    counts(&north, 2, "north knows of south's check-in").await;
    assert_eq!(scan(&north, &codes[1]).await, 409);
    // What the sibling has is not what HQ has: it still waits to be sent.
    let waiting = status(&south).await.unwrap();
    assert!(waiting["unsent_entries"].as_u64().unwrap() > 0, "{waiting}");

    stage.venue.node("north").line("restore").await.unwrap();
    let (hq, conference) = (&stage.venue.hq, stage.venue.conference.clone());
    eventually(SOON, "HQ has the check-ins of both by the line of one", async || {
        let arrivals = hq.run(&["arrivals", &conference]).await.ok()?;
        (arrivals["in"].as_u64()? == 2).then_some(())
    })
    .await
    .unwrap();
    stage.venue.node("south").line("restore").await.unwrap();
    eventually(SOON, "nothing of south waits any more", async || {
        (status(&south).await.ok()?["unsent_entries"].as_u64()? == 0).then_some(())
    })
    .await
    .unwrap();
    stage.clear().await.unwrap();
}
