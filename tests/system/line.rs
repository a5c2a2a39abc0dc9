//! Lines that break in every way: the door goes on, and everything converges afterwards.

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use serde_json::json;

use crate::stage::{SOON, Stage, inside, status};

const GUESTS_OF_A_NODE: usize = 5;

/// Checks guests in, each of whom is new.
async fn admit(desk: &Desk, codes: &[String]) {
    for code in codes {
        let answer = desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap();
        assert_eq!(answer.expect(201).unwrap()["verdict"], "admitted");
    }
}

/// Waits until HQ and both nodes have the same entries, then compares what they made of them.
async fn converge(stage: &Stage, desks: &[Desk]) {
    let conference = stage.venue.conference.clone();
    let equal = eventually(SOON, "HQ and the nodes have the same entries", async || {
        let mut states = vec![stage.venue.hq.run(&["state", &conference]).await.ok()?];
        for desk in desks {
            states.push(desk.get("/state").await.ok()?.expect(200).ok()?);
        }
        states.iter().all(|state| state["digest"] == states[0]["digest"]).then_some(states)
    });
    let states = equal.await.unwrap();
    assert!(states[0]["state_hash"].is_string(), "{}", states[0]);
    assert!(states.iter().all(|state| state["state_hash"] == states[0]["state_hash"]), "{states:?}");
}

/// Has both nodes admit people while the line of north is `broken`, and repairs it.
async fn works_through(broken: &str, is_noticed: bool) {
    let mut stage = Stage::set(&["north", "south"], 60).await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).collect();
    let (ours, theirs) = codes.split_at(3 * GUESTS_OF_A_NODE);
    admit(&north, &ours[..GUESTS_OF_A_NODE]).await;
    stage.venue.node("north").line(broken).await.unwrap();
    admit(&north, &ours[GUESTS_OF_A_NODE..2 * GUESTS_OF_A_NODE]).await;
    admit(&south, &theirs[..GUESTS_OF_A_NODE]).await;
    if is_noticed {
        eventually(SOON, "the node says that HQ is away, and how much waits", async || {
            let status = status(&north).await.ok()?;
            (status["hq"]["state"] != "online" && status["unsent_entries"].as_u64()? > 0).then_some(())
        })
        .await
        .unwrap();
    }
    admit(&north, &ours[2 * GUESTS_OF_A_NODE..]).await;
    stage.venue.node("north").line("restore").await.unwrap();
    converge(&stage, &[north.clone(), south.clone()]).await;
    let admitted = u64::try_from(4 * GUESTS_OF_A_NODE).unwrap();
    assert_eq!((inside(&north).await.unwrap(), inside(&south).await.unwrap()), (admitted, admitted));
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn the_door_works_through_a_cut_line() {
    works_through("cut", true).await;
}

#[tokio::test]
async fn the_door_works_through_a_line_that_swallows_everything() {
    works_through("blackhole", true).await;
}

#[tokio::test]
async fn the_door_works_through_a_slow_line() {
    works_through("delay?ms=700", false).await;
}

#[tokio::test]
async fn the_door_works_through_a_line_that_is_reset() {
    works_through("reset", false).await;
}
