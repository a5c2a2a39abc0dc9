//! Nodes of one venue that know each other: they agree while HQ is away, and whoever reaches HQ brings it all.

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use serde_json::json;

use crate::stage::{SOON, Stage, inside, scan, status};

pub(crate) async fn counts(desk: &Desk, wanted: u64, what: &str) {
    let counted = eventually(SOON, what, async || (inside(desk).await.ok()? == wanted).then_some(()));
    counted.await.unwrap();
}

/// Waits until a node's lines to HQ and to all its siblings work.
pub(crate) async fn are_online(desk: &Desk, siblings: usize) {
    let online = eventually(SOON, "HQ and the siblings are in reach", async || {
        let status = status(desk).await.ok()?;
        let lines = status["siblings"].as_array()?;
        let mut all = lines.iter().chain([&status["hq"]]);
        (lines.len() == siblings && all.all(|line| line["state"] == "online")).then_some(())
    });
    online.await.unwrap();
}

/// North, and south that has a line to it.
pub(crate) async fn siblings(conference: impl FnOnce(&str) -> String) -> (Stage, Desk, Desk) {
    let mut stage = Stage::set_with(&["north", "south"], 30, conference).await.unwrap();
    let url = stage.venue.node("north").url.clone();
    stage.configure("south", &format!("[[siblings]]\nname = \"north\"\nurl = \"{url}\"\n")).await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
    (stage, north, south)
}

#[tokio::test]
async fn siblings_admit_nobody_twice_while_hq_is_away() {
    let (mut stage, north, south) = siblings(str::to_owned).await;
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

/// The sample conference with all workshop seats at north, and a mark below which a node asks for some.
fn workshop_at_north(conference: &str) -> String {
    let marked =
        conference.replace("name = \"CQRS workshop\"\n", "name = \"CQRS workshop\"\nlow_water = 2\n");
    let given = marked.replace(
        "quota = 12\nallotments = { north = 5, south = 4 }",
        "quota = 10\nallotments = { north = 10, south = 0 }",
    );
    assert!(given.len() > marked.len() && marked.len() > conference.len(), "the sample has a workshop");
    given
}

/// Seats of the workshop that a node may still sell.
async fn workshop_here(desk: &Desk) -> i64 {
    let seat_types = desk.get("/seat-types").await.unwrap().expect(200).unwrap();
    let workshop =
        seat_types.as_array().unwrap().iter().find(|seat_type| seat_type["seat_type"] == "workshop").unwrap();
    workshop["remaining_here"].as_i64().unwrap()
}

#[tokio::test]
async fn a_node_that_runs_low_gets_seats_of_its_sibling_while_hq_is_away() {
    let (mut stage, north, south) = siblings(workshop_at_north).await;
    // It asks for twice the mark, and of ten seats north spares up to five.
    here_are(&south, 4, "south has seats of north").await;
    here_are(&north, 6, "north knows that they are given").await;
    for node in ["north", "south"] {
        stage.venue.node(node).line("cut").await.unwrap();
    }
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(3).collect();
    for code in &codes {
        let found = south.get(&format!("/attendees?q={code}")).await.unwrap().expect(200).unwrap();
        let lines = json!([{ "seat_type": "workshop", "quantity": 1 }]);
        let attendee = &found["rows"][0]["attendee_id"];
        let order = json!({ "attendee_id": attendee, "lines": lines, "if_short": "refuse" });
        south.post("/orders", &order).await.unwrap().expect(201).unwrap();
    }
    // One was left: three more would make four, and north spares three of its six.
    here_are(&south, 4, "south has more seats of north").await;
    here_are(&north, 3, "none was made or lost").await;
    stage.clear().await.unwrap();
}

async fn here_are(desk: &Desk, seats: i64, what: &str) {
    let seen = eventually(SOON, what, async || (workshop_here(desk).await == seats).then_some(()));
    if let Err(error) = seen.await {
        let (seat_types, status) = (desk.get("/seat-types").await, status(desk).await);
        panic!("{error}: {seat_types:?} {status:?}");
    }
}
