//! A node that HQ gave up goes on without knowing it: what it writes is kept, shown and does not count.

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::{Answer, Desk};
use serde_json::{Value, json};

use crate::stage::{SOON, Stage};

async fn check_in(desk: &Desk, code: &str) -> Answer {
    desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap()
}

/// How HQ sees a node.
async fn node(stage: &Stage, name: &str) -> Value {
    let nodes = stage.venue.hq.run(&["nodes", &stage.venue.conference]).await.unwrap();
    let named = nodes.as_array().unwrap().iter().find(|node| node["node"] == name);
    named.unwrap().clone()
}

#[tokio::test]
async fn a_retired_node_is_told_and_what_it_wrote_too_late_does_not_count() {
    let mut stage = Stage::set(&["north", "south"], 30).await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(3).collect();
    assert_eq!(check_in(&north, &codes[0]).await.status, 201);
    stage.hq_counts(1).await;
    stage.venue.node("north").line("cut").await.unwrap();
    assert_eq!(check_in(&north, &codes[1]).await.status, 201);
    stage.venue.hq.run(&["retire", &stage.venue.conference, "north"]).await.unwrap();
    stage.venue.node("north").line("restore").await.unwrap();

    eventually(SOON, "north is told", async || {
        let answer = check_in(&north, &codes[2]).await;
        (answer.status == 409 && answer.body["code"] == "retired").then_some(())
    })
    .await
    .unwrap();
    eventually(SOON, "HQ has what came too late", async || {
        let seen = node(&stage, "north").await;
        assert_eq!(seen["retired"], true, "{seen}");
        (seen["entries_that_do_not_count"].as_u64()? > 0).then_some(())
    })
    .await
    .unwrap();
    stage.hq_counts(1).await;
    assert_eq!(check_in(&south, &codes[0]).await.status, 409, "what north wrote before counts");
    assert_eq!(check_in(&south, &codes[1]).await.status, 201, "what it wrote after does not");
    stage.hq_counts(2).await;
    let said = stage.venue.node("north").run(&["doctor"]).await.unwrap_err().to_string();
    assert!(said.contains("needs somebody to do something"), "{said}");
    stage.clear().await.unwrap();
}
