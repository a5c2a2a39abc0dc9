//! Machines that are set back to an earlier picture of themselves: data folders are copied and put back.

use std::fs;
use std::path::Path;

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use serde_json::{Value, json};

use crate::siblings::{counts, siblings};
use crate::stage::{self, SOON, Stage, converge, inside, status};

/// Check-ins that HQ has and the older copy has not, and those the restored node makes before it learns so.
const OLD: usize = 100;
const NEW: usize = 150;

/// Copies a data folder as it is.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Stops a node and takes a picture of its machine.
pub(crate) async fn picture(stage: &mut Stage, node: &str) -> std::path::PathBuf {
    let picture = stage.folder.path().join(format!("picture of {node}"));
    let node = stage.venue.node(node);
    node.process.terminate(SOON).await.unwrap();
    copy(&node.data, &picture);
    node.start_again().await.unwrap();
    picture
}

/// Kills a node and sets its machine back.
async fn set_back(stage: &mut Stage, node: &str, picture: &Path) {
    let node = stage.venue.node(node);
    node.process.kill_9().unwrap();
    fs::remove_dir_all(&node.data).unwrap();
    copy(picture, &node.data);
    node.start_again().await.unwrap();
}

async fn check_in(desk: &Desk, code: &str) -> u16 {
    desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap().status
}

/// Checks somebody in as soon as the node decides again.
pub(crate) async fn check_in_soon(desk: &Desk, code: &str) {
    let decided = eventually(SOON, "the node decides", async || {
        let status = check_in(desk, code).await;
        assert!([201, 503].contains(&status), "{status}");
        (status == 201).then_some(())
    });
    decided.await.unwrap();
}

/// HQ and a node have the same, and the store of the node is sound.
async fn agree(stage: &mut Stage, node: &str, desk: &Desk) {
    let conference = stage.venue.conference.clone();
    eventually(SOON, "HQ and the node have the same", async || {
        let there = stage.venue.hq.run(&["state", &conference]).await.ok()?;
        let here: Value = desk.get("/state").await.ok()?.expect(200).ok()?;
        (here["digest"] == there["digest"] && here["state_hash"] == there["state_hash"]).then_some(())
    })
    .await
    .unwrap();
    stage.is_whole(node).await;
}

#[tokio::test]
async fn a_node_that_was_set_back_gets_its_entries_back_before_it_decides() {
    let mut stage = Stage::set(&["north"], 30).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(4).collect();
    let picture = picture(&mut stage, "north").await;
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    for code in &codes[..3] {
        assert_eq!(check_in(&desk, code).await, 201);
    }
    stage.hq_counts(3).await;
    set_back(&mut stage, "north", &picture).await;
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let whole =
        eventually(SOON, "all three are in again", async || (inside(&desk).await.ok()? == 3).then_some(()));
    whole.await.unwrap();
    assert_eq!(check_in(&desk, &codes[0]).await, 409, "nobody is let in twice");
    check_in_soon(&desk, &codes[3]).await;
    stage.hq_counts(4).await;
    agree(&mut stage, "north", &desk).await;
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn what_a_node_wrote_before_it_learnt_that_it_was_set_back_is_kept() {
    let mut stage = Stage::set(&["north"], 30).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(5).collect();
    let picture = picture(&mut stage, "north").await;
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    for code in &codes[..2] {
        assert_eq!(check_in(&desk, code).await, 201);
    }
    stage.hq_counts(2).await;
    stage.venue.node("north").line("cut").await.unwrap();
    set_back(&mut stage, "north", &picture).await;
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    // The second one was let in before; nobody here can know.
    for code in &codes[1..4] {
        assert_eq!(check_in(&desk, code).await, 201);
    }
    stage.venue.node("north").line("restore").await.unwrap();
    stage.hq_counts(4).await;
    agree(&mut stage, "north", &desk).await;
    let conflicts = status(&desk).await.unwrap()["open_conflicts"].clone();
    assert_eq!(conflicts, json!(1), "the second one was let in twice");
    check_in_soon(&desk, &codes[4]).await;
    stage.hq_counts(5).await;
    let said = stage.venue.node("north").run(&["doctor"]).await.unwrap();
    assert!(said.contains("Two copies of this node wrote"), "{said}");
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn none_of_the_150_new_events_of_a_node_restored_from_an_older_copy_is_lost() {
    let mut stage = Stage::set(&["north"], 500).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(OLD + NEW).collect();
    assert_eq!(codes.len(), OLD + NEW);
    let picture = picture(&mut stage, "north").await;
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    for code in &codes[..OLD] {
        assert_eq!(check_in(&desk, code).await, 201);
    }
    stage.hq_counts(OLD as u64).await;
    stage.venue.node("north").line("cut").await.unwrap();
    set_back(&mut stage, "north", &picture).await;
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    // They stand where HQ has the first hundred.
    for code in &codes[OLD..] {
        assert_eq!(check_in(&desk, code).await, 201);
    }
    stage.venue.node("north").line("restore").await.unwrap();
    stage.hq_counts((OLD + NEW) as u64).await;
    agree(&mut stage, "north", &desk).await;
    assert_eq!(inside(&desk).await.unwrap(), (OLD + NEW) as u64);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn siblings_settle_what_a_node_wrote_on_another_branch_while_hq_is_away() {
    let (mut stage, _, south) = siblings(str::to_owned).await;
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(4).collect();
    let picture = picture(&mut stage, "north").await;
    for node in ["north", "south"] {
        stage.venue.node(node).line("cut").await.unwrap();
    }
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    for code in &codes[..2] {
        assert_eq!(check_in(&north, code).await, 201);
    }
    counts(&south, 2, "south has what north forgets").await;
    stage.venue.node("south").process.kill_9().unwrap();
    set_back(&mut stage, "north", &picture).await;
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    // The second one was let in before; nobody here can know.
    for code in &codes[1..3] {
        assert_eq!(check_in(&north, code).await, 201);
    }
    // South asks north, which gives way to what it wrote earlier.
    stage.venue.node("south").start_again().await.unwrap();
    let desks = [north, stage.sign_in("south", "susi", "south-1").await.unwrap()];
    for desk in &desks {
        counts(desk, 3, "all three are in").await;
    }
    stage::agree(&desks, async || Some(Vec::new())).await;
    let conflicts = status(&desks[1]).await.unwrap()["open_conflicts"].clone();
    assert_eq!(conflicts, json!(1), "the second one was let in twice");
    check_in_soon(&desks[0], &codes[3]).await;
    stage.venue.node("south").line("restore").await.unwrap();
    converge(&stage, &desks).await;
    stage.hq_counts(4).await;
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_restored_hq_decides_once_its_nodes_gave_back_what_it_forgot() {
    let mut stage = Stage::set(&["north"], 30).await.unwrap();
    let conference = stage.venue.conference.clone();
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    stage.venue.hq.process.terminate(SOON).await.unwrap();
    let backup = stage.folder.path().join("backup of HQ");
    copy(&stage.venue.hq.data, &backup);
    stage.venue.hq.start_again().await.unwrap();
    let given = stage.venue.hq.run(&["give", &conference, "workshop", "north", "2"]).await;
    given.unwrap();
    agree(&mut stage, "north", &desk).await;

    // The database alone comes from the backup, as with a copy made while HQ runs.
    stage.venue.hq.process.kill_9().unwrap();
    fs::remove_dir_all(&stage.venue.hq.data).unwrap();
    copy(&backup, &stage.venue.hq.data);
    fs::remove_file(stage.venue.hq.data.join(format!("conferences/{conference}/lanyard.incarnation")))
        .unwrap();
    stage.venue.node("north").line("cut").await.unwrap();
    stage.venue.hq.start_again().await.unwrap();
    let quota = ["quota", &conference, "workshop", "40"];
    let refused = stage.venue.hq.run(&quota).await.unwrap_err().to_string();
    assert!(refused.contains("restored from a backup"), "{refused}");
    let nodes = stage.venue.hq.run(&["nodes", &conference]).await.unwrap();
    assert_eq!(nodes[0]["is_waited_for"], true, "{nodes}");
    assert_eq!(check_in(&desk, &stage.paid().next().unwrap().code).await, 201, "the door goes on");

    stage.venue.node("north").line("restore").await.unwrap();
    let hq = &stage.venue.hq;
    eventually(SOON, "HQ decides again", async || hq.run(&quota).await.ok()).await.unwrap();
    agree(&mut stage, "north", &desk).await;
    stage.hq_counts(1).await;
    stage.clear().await.unwrap();
}
