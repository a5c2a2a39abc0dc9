//! What the kernel saw: before the answer to a check-in, a sync of the write-ahead log had finished.

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

/// Answers to check-ins in a trace.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answers {
    synced: usize,
    unsynced: Vec<String>,
}

/// Looks for a sync that began after a request was read and had finished when its answer was written.
fn answers(calls: &[Call]) -> Answers {
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    let syncs: Vec<_> = calls.iter().filter(|call| is_wal_sync(&call.text)).collect();
    let mut answers = Answers::default();
    for call in calls {
        let Some(connection) = call.text.split_once('(').and_then(|(_, rest)| rest.split_once(',')) else {
            continue;
        };
        if call.text.contains("\"POST /api/v1/check-ins ") {
            asked.insert(connection.0, call.ended);
        } else if call.text.contains("\"HTTP/1.1 201 ") {
            let Some(read) = asked.remove(connection.0) else { continue };
            if syncs.iter().any(|sync| sync.begun > read && sync.ended < call.begun) {
                answers.synced += 1;
            } else {
                answers.unsynced.push(call.text.clone());
            }
        }
    }
    answers
}

fn is_wal_sync(text: &str) -> bool {
    (text.starts_with("fdatasync(") || text.starts_with("fsync("))
        && text.contains("-wal>")
        && text.ends_with("= 0")
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
fn a_sync_that_began_before_the_request_does_not_count() {
    let trace = r#"1 fdatasync(9</x/lanyard.db-wal> <unfinished ...>
2 recvfrom(5<socket:[1]>, "POST /api/v1/check-ins HTTP/1.1\r\n"..., 8192, 0, NULL, NULL) = 300
1 <... fdatasync resumed>)      = 0
2 sendto(5<socket:[1]>, "HTTP/1.1 201 Created\r\n"..., 900, MSG_NOSIGNAL, NULL, 0) = 900
2 recvfrom(5<socket:[1]>, "POST /api/v1/check-ins HTTP/1.1\r\n"..., 8192, 0, NULL, NULL) = 300
1 fdatasync(9</x/lanyard.db-wal>)      = 0
2 sendto(5<socket:[1]>, "HTTP/1.1 201 Created\r\n"..., 900, MSG_NOSIGNAL, NULL, 0) = 900
"#;
    let answers = answers(&calls(trace));
    assert_eq!((answers.synced, answers.unsynced.len()), (1, 1));
}
