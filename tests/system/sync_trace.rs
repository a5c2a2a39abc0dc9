//! What the kernel saw: before the answer to a check-in, its commit had been written and synced.

use std::collections::BTreeMap;
use std::path::Path;

use lanyard_tests::desk::Desk;
use lanyard_tests::process::{binary, faulty_binary};
use lanyard_tests::sample::SampleAttendee;
use serde_json::json;

use crate::stage::Stage;
use crate::traced_node::{Call, TracedNode, calls};

/// Desks that check in at once.
const LANES: usize = 4;
const GUESTS_OF_A_LANE: usize = 12;
const GUESTS: usize = LANES * GUESTS_OF_A_LANE;

/// How much of an answer without its sync is quoted.
const SHOWN_CHARS: usize = 120;

/// Answers to check-ins in a trace.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answers {
    synced: usize,
    unsynced: Vec<String>,
}

/// Looks, for each answer, for a write of the command's id to the write-ahead log and a sync that began after it, both
/// finished when the answer was written.
fn answers(calls: &[Call]) -> Answers {
    let wal: Vec<_> = calls.iter().filter(|call| call.file().ends_with("-wal>")).collect();
    let mut asked: BTreeMap<&str, [u8; 16]> = BTreeMap::new();
    let mut answers = Answers::default();
    for call in calls {
        if call.carries(b"POST /api/v1/check-ins ") {
            asked.insert(call.file(), key_of(&call.text));
        } else if call.carries(b"HTTP/1.1 201 ") {
            let Some(key) = asked.remove(call.file()) else { continue };
            let written =
                wal.iter().filter(|write| write.is(&["pwrite64", "pwritev"]) && write.carries(&key));
            let is_synced = |write: &&&Call| wal.iter().any(|sync| is_sync_between(sync, write, call));
            if written.into_iter().any(|write| is_synced(&write)) {
                answers.synced += 1;
            } else {
                answers.unsynced.push(call.text.chars().take(SHOWN_CHARS).collect());
            }
        }
    }
    answers
}

fn is_sync_between(sync: &Call, write: &Call, answer: &Call) -> bool {
    let has_worked = sync.is(&["fdatasync", "fsync"]) && sync.text.ends_with("= 0");
    has_worked && write.ended < sync.begun && sync.ended < answer.begun
}

/// The command's id in the header of a request.
fn key_of(request: &str) -> [u8; 16] {
    let (_, after) = request.split_once("idempotency-key: ").expect("the request has a key");
    lanyard_sync::hex::decode_array(&after[..32]).expect("a key is 32 hexadecimal digits")
}

async fn lane(desk: Desk, guests: Vec<SampleAttendee>) {
    for guest in guests {
        let answer = desk.post("/check-ins", &json!({ "code": guest.code, "list": "main" })).await.unwrap();
        answer.expect(201).unwrap();
    }
}

/// Checks everybody in at a traced node.
async fn traced(
    binary: &Path,
    data: &Path,
    fault: Option<&str>,
    pin: &str,
    guests: &[SampleAttendee],
) -> Answers {
    let node = TracedNode::start(binary, data, fault).await.unwrap();
    let desk = Desk::at(&node.url).unwrap().sign_in("vera", pin, "north-2").await.unwrap();
    let lanes =
        guests.chunks(GUESTS_OF_A_LANE).map(|guests| tokio::spawn(lane(desk.clone(), guests.to_vec())));
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.unwrap();
    }
    answers(&node.stop().await.unwrap())
}

#[tokio::test]
async fn every_check_in_is_synced_before_it_is_answered() {
    let mut stage = Stage::set(&["north"], 2 * GUESTS + 10).await.unwrap();
    stage.sign_in("north", "vera", "north-2").await.unwrap();
    let node = stage.venue.node("north");
    node.process.terminate(crate::stage::SOON).await.unwrap();
    let (data, pin) = (node.data.clone(), stage.venue.pin("vera").to_owned());
    let guests: Vec<_> = stage.paid().cloned().collect();
    let (some, others) = guests.split_at(GUESTS);
    let sound = traced(&binary("lanyard").unwrap(), &data, None, &pin, some).await;
    assert_eq!(sound, Answers { synced: GUESTS, unsynced: Vec::new() });
    let faulty = faulty_binary("lanyard").unwrap();
    let early = traced(&faulty, &data, Some("answer-before-commit"), &pin, &others[..GUESTS]).await;
    assert!(!early.unsynced.is_empty(), "answers before their commits were not noticed: {early:?}");
    stage.clear().await.unwrap();
}

#[test]
fn a_sync_that_began_before_the_write_or_was_another_commits_does_not_count() {
    let request = |key: &str| {
        format!(
            "2 recvfrom(5<socket:[1]>, \"POST /api/v1/check-ins HTTP/1.1\\r\\nidempotency-key: {key}\\r\\n\"..., 8192) = 300\n"
        )
    };
    let write = |byte: &str| {
        format!("1 pwrite64(9</x/lanyard.db-wal>, \"\\x00{}\", 4096, 56) = 4096\n", byte.repeat(16))
    };
    let (ones, twos) = (request(&"01".repeat(16)), request(&"02".repeat(16)));
    let sync = "1 fdatasync(9</x/lanyard.db-wal>)      = 0\n";
    let answer = "2 sendto(5<socket:[1]>, \"\\x48\\x54\\x54\\x50\\x2f\\x31\\x2e\\x31\\x20\\x32\\x30\\x31\\x20\", 900) = 900\n";
    let first = write("\\x01");
    let begun = "1 fdatasync(9</x/lanyard.db-wal> <unfinished ...>\n";
    let ended = "1 <... fdatasync resumed>)      = 0\n";
    let synced = |trace: &[&str]| answers(&calls(&trace.concat())).synced;
    assert_eq!(synced(&[&ones, &first, sync, answer]), 1);
    assert_eq!(synced(&[&twos, &first, sync, answer]), 0, "what was synced is another command");
    assert_eq!(synced(&[&ones, begun, &first, ended, answer]), 0, "the sync began before the write");
    assert_eq!(synced(&[&ones, &first, begun, answer, ended]), 0, "the sync ended after the answer");
}
