//! Snapshots between engines: what is taken up, what follows, and what waits for it.

#![expect(clippy::redundant_closure_for_method_calls, reason = "the methods are bound to one lifetime")]

use std::sync::Arc;

use lanyard_domain::{Account, Command};
use lanyard_sync::snapshot::Manifest;
use lanyard_sync::{Batch, VersionVector};

use super::test_node::{SCOPE, TestNode, check_in, person, sale, venue};
use super::{ImportError, LocalAnswer, LocalChange, Reply, Submission, SubmitError};
use crate::snapshot::{Taken, make};
use crate::verify::verify;

/// Fetches a snapshot of another node, whole.
fn fetch(node: &TestNode, from: &TestNode) -> Taken {
    let identity = from.engine.identity();
    let made = from.reader().read_here(|db| make(db, identity)).unwrap().expect("a snapshot");
    let manifest = Manifest::open(&made.manifest, SCOPE, &identity.organiser_key).unwrap();
    let taken = Taken::begin(node.directory.path(), manifest).unwrap();
    for name in taken.missing() {
        taken.keep(&name, &made.chunks[&name.hash]).unwrap();
    }
    taken
}

pub(crate) fn adopt(node: &mut TestNode, from: &TestNode) -> LocalAnswer {
    let taken = fetch(node, from);
    node.change(LocalChange::Adopt(Arc::new(taken)))
}

pub(super) fn wanted(node: &TestNode) -> (VersionVector, VersionVector) {
    let wanted = node.reader().read_here(|db| db.wanted_history()).unwrap();
    wanted.expect("some of it is missing")
}

/// Asks for the next batch of the older log; tells whether there was one.
fn pull_history(node: &mut TestNode, from: &TestNode) -> Result<bool, ImportError> {
    let (have, until) = wanted(node);
    let Some(batch) = from.reader().read_here(|db| db.history_after(&have, &until)).unwrap() else {
        return Ok(false);
    };
    let batch = Batch::decode(&batch.encode()).unwrap();
    take_history(node, batch).map(|_| true)
}

pub(super) fn take_history(node: &mut TestNode, batch: Batch) -> Result<VersionVector, ImportError> {
    let mut committed = node.engine.commit(vec![Submission::History(batch)]);
    assert!(committed.broken.is_none(), "{:?}", committed.broken);
    let Some(Reply::Import(reply)) = committed.replies.pop() else { panic!("no reply") };
    reply
}

pub(crate) fn complete(node: &mut TestNode, from: &TestNode) {
    while node.engine.history().is_some() {
        assert!(pull_history(node, from).unwrap(), "nothing more comes: {:?}", node.engine.history());
    }
}

fn stored_hash(node: &TestNode) -> lanyard_sync::Hash {
    node.reader().read_here(|db| db.state_hash()).unwrap()
}

pub(super) fn assert_whole(nodes: &[&TestNode]) {
    for node in nodes {
        assert_eq!(node.engine.vector(), nodes[0].engine.vector());
        assert_eq!(node.state_hashes(), nodes[0].state_hashes());
        assert_eq!(node.state_hashes().0, node.state_hashes().1);
        assert_eq!(verify(&node.path()).unwrap().findings, []);
    }
}

/// HQ and two nodes at work, all in step.
fn at_work() -> (TestNode, TestNode, TestNode) {
    let (mut hq, mut north, mut south) = venue();
    hq.pull(&north).unwrap();
    hq.pull(&south).unwrap();
    hq.give_rights(&north, "ws", 5);
    north.pull(&hq).unwrap();
    north.accept(sale(1));
    north.accept(check_in(1));
    south.accept(check_in(2));
    for _ in 0..2 {
        hq.pull(&north).unwrap();
        hq.pull(&south).unwrap();
        north.pull(&hq).unwrap();
        south.pull(&hq).unwrap();
    }
    (hq, north, south)
}

fn try_check_in(node: &mut TestNode, number: u16) -> Result<(), SubmitError> {
    let submitted = node.submitted(check_in(number));
    node.submit(submitted).map(|_| ())
}

#[test]
fn a_fresh_node_works_from_a_snapshot_and_ends_like_the_others() {
    let (mut hq, mut north, _) = at_work();
    let mut west = TestNode::new(3);
    assert_eq!(adopt(&mut west, &hq), LocalAnswer::Changed);
    hq.pull(&west).unwrap();
    assert_eq!(west.engine.vector(), hq.engine.vector());
    assert_eq!(stored_hash(&west), stored_hash(&hq));
    assert_eq!(west.engine.published().arrivals, hq.engine.published().arrivals);
    assert_eq!(verify(&west.path()).unwrap().findings, []);
    west.accept(check_in(3));
    assert!(matches!(west.give(check_in(1)).outcome, lanyard_domain::outcome::Outcome::Refused(_)));
    north.accept(check_in(4));
    west.pull(&north).unwrap();
    hq.pull(&west).unwrap();
    let mut west = west.reboot(1);
    assert_eq!(stored_hash(&west), stored_hash(&hq));
    complete(&mut west, &north);
    north.pull(&west).unwrap();
    hq.pull(&north).unwrap();
    assert_whole(&[&hq, &north, &west]);
    west.accept(check_in(5));
    let mut fifth = TestNode::new(2);
    fifth.pull(&west).unwrap();
    assert_eq!(stored_hash(&fifth), stored_hash(&west), "it serves what it fetched");
}

#[test]
fn only_a_node_without_entries_takes_a_snapshot_up_and_only_once() {
    let (hq, mut north, _) = at_work();
    assert_eq!(adopt(&mut north, &hq), LocalAnswer::NotApplicable);
    let mut west = TestNode::new(3);
    let taken = Arc::new(fetch(&west, &hq));
    assert_eq!(west.change(LocalChange::Adopt(Arc::clone(&taken))), LocalAnswer::Changed);
    assert_eq!(west.change(LocalChange::Adopt(taken)), LocalAnswer::NotApplicable);
    let mut restored = TestNode::new(0);
    assert_eq!(adopt(&mut restored, &hq), LocalAnswer::NotApplicable, "HQ hears its nodes");
}

#[test]
fn a_snapshot_with_a_damaged_chunk_changes_nothing() {
    let (hq, ..) = at_work();
    let mut west = TestNode::new(3);
    let before = west.engine.vector();
    let taken = fetch(&west, &hq);
    let chunk = west.directory.path().join("snapshot").join(taken.manifest().chunks[0].hash.to_string());
    std::fs::write(&chunk, b"damaged").unwrap();
    assert_eq!(west.change(LocalChange::Adopt(Arc::new(taken))), LocalAnswer::NotApplicable);
    assert_eq!((west.engine.vector(), chunk.exists()), (before, false));
    assert_eq!(adopt(&mut west, &hq), LocalAnswer::Changed);
}

#[test]
fn nobody_is_sent_what_follows_entries_that_are_not_here() {
    let (hq, _, mut south) = at_work();
    let mut west = TestNode::new(3);
    let mut late = TestNode::new(2);
    adopt(&mut west, &hq);
    west.accept(check_in(3));
    let reader = west.reader();
    assert!(reader.read_here(|db| db.batch_after(&late.engine.vector())).unwrap().is_none());
    assert_eq!(reader.read_here(|db| db.floors()).unwrap().len(), 3);
    let identity = west.engine.identity();
    assert!(reader.read_here(|db| make(db, identity)).unwrap().is_none(), "nor does it make a snapshot");
    south.pull(&west).unwrap();
    assert_eq!(stored_hash(&south), stored_hash(&west), "who has them is");
    complete(&mut west, &hq);
    late.pull(&west).unwrap();
    assert_eq!(stored_hash(&late), stored_hash(&west));
}

#[test]
fn an_entry_that_sorts_earlier_lets_its_stream_wait_for_the_older_log() {
    let (mut hq, mut north, mut south) = at_work();
    // North's entry is later than south's, which nobody has heard of when the snapshot is made.
    for number in 5..10 {
        north.accept(check_in(number));
    }
    hq.pull(&north).unwrap();
    let mut west = TestNode::new(3);
    adopt(&mut west, &hq);
    south.accept(check_in(9));
    west.pull(&south).unwrap();
    assert_eq!(west.engine.history().unwrap().pending, 1);
    assert!(matches!(try_check_in(&mut west, 9), Err(SubmitError::HistoryPending)));
    try_check_in(&mut west, 3).unwrap();
    assert_eq!(verify(&west.path()).unwrap().findings, []);
    let mut west = west.reboot(1);
    assert!(matches!(try_check_in(&mut west, 9), Err(SubmitError::HistoryPending)));
    complete(&mut west, &hq);
    try_check_in(&mut west, 9).unwrap();
    hq.pull(&south).unwrap();
    hq.pull(&west).unwrap();
    west.pull(&hq).unwrap();
    assert_whole(&[&hq, &west]);
}

#[test]
fn a_log_that_ends_before_the_snapshot_lets_everything_wait() {
    let (mut hq, mut north, mut south) = at_work();
    north.accept(sale(2));
    north.accept(check_in(7));
    south.pull(&north).unwrap();
    let mut west = TestNode::new(3);
    // South has more of north than HQ when HQ retires it.
    adopt(&mut west, &south);
    hq.accept(Command::CloseLogs { node: north.engine.own_log().node, keep: None });
    west.pull(&hq).unwrap();
    assert!(west.engine.history().unwrap().all_pending);
    assert!(matches!(try_check_in(&mut west, 3), Err(SubmitError::HistoryPending)));
    complete(&mut west, &south);
    try_check_in(&mut west, 7).unwrap();
    south.pull(&hq).unwrap();
    south.pull(&west).unwrap();
    assert_whole(&[&south, &west]);
    let ledger = west.reader().read_here(|db| db.ledger(&"ws".parse().unwrap())).unwrap();
    assert_eq!(ledger.available(Account::Venue(north.engine.own_log())), 0);
}

#[test]
fn what_is_erased_is_in_no_snapshot_and_what_is_erased_later_goes_at_once() {
    let (mut hq, mut north, mut south) = at_work();
    hq.accept(Command::EraseAttendee { attendee: person(8) });
    let mut west = TestNode::new(3);
    adopt(&mut west, &hq);
    north.accept(Command::EraseAttendee { attendee: person(9) });
    west.pull(&north).unwrap();
    let words = |node: &TestNode, number: u16| {
        let state = node.reader().read_here(|db| db.state(&lanyard_domain::Stream::Attendee(person(number))));
        let Some(lanyard_domain::Folded::Attendee(attendee)) = state.unwrap().map(|state| state.folded)
        else {
            panic!("no attendee {number}")
        };
        attendee.person.is_some()
    };
    assert_eq!((words(&west, 8), words(&west, 9), words(&west, 3)), (false, false, true));
    south.pull(&hq).unwrap();
    complete(&mut west, &south);
    for node in [&mut hq, &mut south] {
        node.pull(&west).unwrap();
    }
    assert_whole(&[&hq, &south, &west]);
    assert_eq!((words(&west, 8), words(&west, 9)), (false, false));
}

#[test]
fn an_older_log_that_does_not_lead_to_the_snapshot_is_refused() {
    let (hq, ..) = at_work();
    let mut west = TestNode::new(3);
    adopt(&mut west, &hq);
    let (have, until) = wanted(&west);
    let batch = hq.reader().read_here(|db| db.history_after(&have, &until)).unwrap().unwrap();
    let mut forged = Batch::decode(&batch.encode()).unwrap();
    forged.logs[0].head.hash.0[0] ^= 1;
    assert!(matches!(take_history(&mut west, forged), Err(ImportError::Problem(_))));
    let changed = "UPDATE base SET hash = zeroblob(32)";
    west.engine.connection().execute(changed, []).unwrap();
    let mut west = west.reboot(1);
    assert!(matches!(take_history(&mut west, batch), Err(ImportError::Problem(_))));
    assert_eq!(west.engine.history().unwrap().fetched, 0);
}

#[test]
fn a_node_that_lost_its_disk_decides_nothing_before_it_knows_what_came_of_its_commands() {
    let (hq, north, _) = at_work();
    let log = north.engine.own_log();
    drop(north);
    let mut north = TestNode::boot(1, Arc::new(tempfile::tempdir().unwrap()), 9);
    assert_ne!(north.engine.own_log(), log);
    adopt(&mut north, &hq);
    assert!(matches!(try_check_in(&mut north, 3), Err(SubmitError::HistoryPending)));
    complete(&mut north, &hq);
    try_check_in(&mut north, 3).unwrap();
    assert_eq!(verify(&north.path()).unwrap().findings, []);
}

#[test]
fn of_the_logs_of_a_node_the_last_one_is_present_after_a_snapshot_too() {
    let (mut hq, mut north, _) = venue();
    for boot in 5..9 {
        north = north.restored(boot);
        hq.pull(&north).unwrap();
    }
    let mut west = TestNode::new(3);
    assert_eq!(adopt(&mut west, &hq), LocalAnswer::Changed);
    let past = |node: &TestNode| node.reader().read_here(|db| db.past_logs()).unwrap();
    assert_eq!(past(&hq).len(), 4);
    assert!(past(&hq).last() > Some(&north.engine.own_log()), "their numbers do not tell");
    assert!(!past(&hq).contains(&north.engine.own_log()));
    assert_eq!(past(&west), past(&hq));
}
