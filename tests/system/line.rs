//! Lines that break in every way: the door goes on, and everything converges afterwards.

use lanyard_tests::deadline::eventually;

use crate::stage::{SOON, Stage, admit, converge, inside, status};

const GUESTS_OF_A_NODE: usize = 5;

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
