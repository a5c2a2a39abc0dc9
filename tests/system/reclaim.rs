//! A node that goes on in a new log, because its database was restored or copied: what its earlier log has left is
//! stranded until HQ takes it back, and the node sells what HQ gives it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lanyard_tests::deadline::last_seen;
use lanyard_tests::desk::Desk;
use serde_json::{Value, json};

use crate::live_clone::SecondMachine;
use crate::retirement::{does_not_count, node};
use crate::seat_rights::{STRANDED, allotted, are, give, hq_has, order, seats, sell};
use crate::set_back::picture;
use crate::stage::{SOON, Stage, converge, scan};

const INCARNATION: &str = "lanyard.incarnation";

/// Copies a node's database while the node runs.
async fn back_up(stage: &mut Stage, node: &str) -> PathBuf {
    let backup = stage.folder.path().join(format!("backup of {node}.db"));
    stage.venue.node(node).run(&["backup", &backup.to_string_lossy()]).await.unwrap();
    backup
}

/// Kills a node and puts back its database, and nothing beside it.
async fn restore(stage: &mut Stage, node: &str, backup: &Path) -> Desk {
    let process = stage.venue.node(node);
    process.process.kill_9().unwrap();
    let database = process.data.join("lanyard.db");
    for with in ["-wal", "-shm"] {
        if let Err(error) = fs::remove_file(format!("{}{with}", database.display())) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }
    }
    fs::copy(backup, &database).unwrap();
    process.start_again().await.unwrap();
    stage.sign_in(node, "susi", &format!("{node}-1")).await.unwrap()
}

/// How many seats of each type HQ calls stranded, where there are any.
async fn stranded(stage: &Stage) -> anyhow::Result<BTreeMap<String, i64>> {
    let sales = stage.venue.hq.run(&["sales", &stage.venue.conference]).await?;
    let of_row = |row: &Value| {
        let accounts = row["nodes"].as_array().unwrap().iter();
        let seats = accounts.map(|account| account["stranded"].as_i64().unwrap()).sum();
        (row["seat_type"].as_str().unwrap().to_owned(), seats)
    };
    let rows = sales["seat_types"].as_array().unwrap().iter().map(of_row);
    Ok(rows.filter(|(_, seats)| *seats != 0).collect())
}

async fn are_stranded<const N: usize>(stage: &Stage, wanted: [(&str, i64); N], what: &str) {
    let wanted = wanted.map(|(seat_type, seats)| (seat_type.to_owned(), seats)).into();
    let seen = last_seen(SOON, what, &wanted, async || stranded(stage).await);
    assert_eq!(seen.await.unwrap(), wanted, "{what}");
}

async fn reclaim(stage: &Stage, node: &str) {
    let answer = stage.venue.hq.run(&["reclaim", &stage.venue.conference, node]).await.unwrap();
    assert_eq!(answer, json!({ "node": node, "reclaimed": true }));
}

#[tokio::test]
async fn seats_that_a_restored_node_left_behind_are_hqs_again_and_the_node_sells_what_it_is_given() {
    let (mut stage, north, south) = allotted().await;
    let backup = back_up(&mut stage, "north").await;
    sell(&north, 1).await;
    hq_has(&stage, (seats([("hq", 3), ("north", 2), ("south", 4)]), 1, 2), "HQ knows of the sale").await;
    are_stranded(&stage, [], "north writes its log").await;

    let north = restore(&mut stage, "north", &backup).await;
    let left = [("dinner", 6), ("ga", 20), ("workshop", 2)];
    are_stranded(&stage, left, "nobody writes north's log any more").await;
    let nobodys = seats([("hq", 3), ("north", 0), ("south", 4), (STRANDED, 2)]);
    hq_has(&stage, (nobodys, 1, 2), "what north sold and held stays so").await;
    let desks = [north, south];
    converge(&stage, &desks).await;
    let [north, south] = &desks;
    are(north, "north", seats([("hq", 3), ("north", 0), ("south", 4)]), "north has none").await;
    are(south, "south", seats([("hq", 3), ("south", 4)]), "south knows that north has none").await;
    let refused = order(north, 1).await;
    assert_eq!((refused.status, refused.code()), (409, Some("no_seats_left")), "{}", refused.body);

    for again in ["the seats are HQ's", "and once"] {
        reclaim(&stage, "north").await;
        are_stranded(&stage, [], again).await;
        hq_has(&stage, (seats([("hq", 5), ("north", 0), ("south", 4)]), 1, 2), again).await;
    }
    give(&stage, "north", 5).await.unwrap();
    are(north, "north", seats([("north", 5), ("south", 4)]), "north has what HQ gave").await;
    sell(north, 3).await;
    hq_has(&stage, (seats([("hq", 0), ("north", 2), ("south", 4)]), 1, 5), "north sells again").await;
    let seen = node(&stage, "north").await;
    assert_eq!((&seen["retired"], does_not_count(&seen)), (&json!(false), 0), "{seen}");
    converge(&stage, &desks).await;
    for node in ["north", "south"] {
        stage.is_whole(node).await;
    }
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_machine_that_goes_on_in_a_reclaimed_log_is_told_and_what_it_wrote_does_not_count() {
    let (mut stage, _, south) = allotted().await;
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(2).collect();
    let copy = picture(&mut stage, "north").await;
    let old = stage.sign_in("north", "susi", "north-1").await.unwrap();
    stage.venue.node("north").line("cut").await.unwrap();
    fs::remove_file(copy.join(INCARNATION)).unwrap();
    let mut machine = SecondMachine::start(&stage, copy).await;
    machine.line.restore();
    let new = machine.sign_in(&stage).await;
    are_stranded(&stage, [("dinner", 6), ("ga", 20), ("workshop", 3)], "the new machine is north").await;
    sell(&old, 1).await;
    assert_eq!(scan(&old, &codes[0]).await, 201);

    reclaim(&stage, "north").await;
    let returned = (seats([("hq", 6), ("north", 0), ("south", 4)]), 1, 1);
    hq_has(&stage, returned, "the seats are HQ's").await;
    stage.venue.node("north").line("restore").await.unwrap();
    let desks = [old, new, south];
    converge(&stage, &desks).await;
    let [old, new, _] = &desks;
    let refused = old.post("/check-ins", &json!({ "code": codes[1], "list": "main" })).await.unwrap();
    assert_eq!((refused.status, refused.code()), (409, Some("retired")), "{}", refused.body);
    let seen = node(&stage, "north").await;
    assert_eq!(seen["retired"], false, "{seen}");
    assert!(does_not_count(&seen) > 0, "{seen}");

    give(&stage, "north", 6).await.unwrap();
    are(new, "north", seats([("north", 6), ("south", 4)]), "HQ gives to the machine that is north").await;
    sell(new, 6).await;
    assert_eq!(scan(new, &codes[0]).await, 201, "whom the old machine let in is not in");
    stage.hq_counts(1).await;
    hq_has(&stage, (seats([("hq", 0), ("north", 0), ("south", 4)]), 1, 7), "no seat is sold twice").await;
    converge(&stage, &desks).await;
    for node in ["north", "south"] {
        stage.is_whole(node).await;
    }
    let database = machine.data.join("lanyard.db");
    let report = stage.venue.node("north").verify(Some(&database)).await.unwrap();
    assert_eq!(report["findings"], json!([]), "{report}");
    machine.process.terminate(SOON).await.unwrap();
    stage.clear().await.unwrap();
}
