//! Repairs of databases with holes in their local tables, with facts that do not add up, and that come to no end.

use std::sync::Arc;

use lanyard_domain::{Command, Stream};
use tempfile::TempDir;

use super::*;
use crate::bundle::export_to_file;
use crate::engine::test_node::{TestNode, check_in, person, seat_type_id, venue};
use crate::engine::{LocalAnswer, LocalChange};

/// Stops a node and begins to repair its database.
fn begin(node: TestNode) -> (Repair, Arc<TempDir>) {
    let TestNode { engine, directory, .. } = node;
    let identity = engine.identity().clone();
    drop(engine);
    let options = Options { machine: "m1".into(), ..Options::default() };
    (Repair::begin(directory.path(), identity, options, Surroundings::system()).unwrap(), directory)
}

#[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
fn jobs_of(node: &TestNode) -> Vec<(i64, String)> {
    let jobs = node.reader().read_here(|db| db.open_print_jobs()).unwrap();
    jobs.into_iter().map(|job| (job.id, job.badge_code.to_string())).collect()
}

#[test]
fn print_jobs_keep_their_numbers_and_those_that_are_gone_are_not_used_again() {
    let (_, mut north, _) = venue();
    for number in 1..5 {
        north.accept(Command::IssueBadge { attendee: person(number) });
    }
    for job in [1, 4] {
        assert_eq!(north.change(LocalChange::ForgetPrintJob { job }), LocalAnswer::Changed);
    }
    let before = jobs_of(&north);
    assert_eq!(before.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 3]);
    let (repair, directory) = begin(north);
    let repaired = repair.finish(false).unwrap();
    assert_eq!((repaired.lost, repaired.rows_lost), (vec![], 0));
    let mut north = TestNode::boot(1, directory, 2);
    assert_eq!(jobs_of(&north), before);
    north.accept(Command::IssueBadge { attendee: person(6) });
    assert_eq!(jobs_of(&north).last().unwrap().0, 5);
}

#[test]
fn what_the_entries_say_that_cannot_be_so_is_told_and_no_hindrance() {
    let (_, mut north, _) = venue();
    north.engine.append_as_is(
        &Stream::Seats(seat_type_id("ws")),
        "rights-given",
        1,
        br#"{"to":"hq","count":3}"#,
    );
    let (repair, directory) = begin(north);
    let repaired = repair.finish(false).unwrap();
    let [finding] = &repaired.findings[..] else { panic!("{:?}", repaired.findings) };
    assert!(finding.starts_with("I1") && finding.contains("spent 3 rights of seats/ws"), "{finding}");
    assert_eq!(kept_damaged(directory.path()).unwrap(), [repaired.kept_in]);
}

#[test]
fn a_repair_that_came_to_no_end_leaves_no_names_behind() {
    let (_, mut north, _) = venue();
    north.accept(check_in(1));
    let (repair, directory) = begin(north);
    let aside = directory.path().join(FOLDER);
    assert!(aside.join(COPY_FILE).exists());
    drop(repair);
    assert!(!aside.exists(), "it was dropped");
    // Of one that was killed, and of a snapshot.
    let chunks = directory.path().join("snapshot");
    for folder in [&aside, &chunks] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join(COPY_FILE), "Ada").unwrap();
    }
    let identity = TestNode::boot(1, Arc::clone(&directory), 2).engine.identity().clone();
    let options = Options { machine: "m1".into(), ..Options::default() };
    let started = crate::start(directory.path(), identity, options, Surroundings::system()).unwrap();
    assert!(!aside.exists() && !chunks.exists(), "the start removes them");
    drop(started);
}

#[test]
fn a_bundle_that_goes_on_from_what_is_missing_is_taken_once_that_is_there() {
    let (mut hq, mut north, mut south) = venue();
    north.accept(check_in(1));
    south.pull(&north).unwrap();
    let first = south.directory.path().join("first.bundle");
    export_to_file(&south.reader(), None, &first).unwrap();
    hq.import_person(20);
    south.pull(&hq).unwrap();
    let since = crate::bundle::check_file(&first).unwrap().head;
    let second = south.directory.path().join("second.bundle");
    export_to_file(&south.reader(), Some(&since), &second).unwrap();
    north.pull(&hq).unwrap();
    let path = north.path();
    let TestNode { engine, directory, .. } = north;
    let identity = engine.identity().clone();
    drop(engine);
    Connection::open(&path).unwrap().execute("UPDATE entries SET facts = zeroblob(9)", []).unwrap();
    let mut repair =
        Repair::begin(directory.path(), identity, Options::default(), Surroundings::system()).unwrap();
    let refused = repair.take_bundle(&second);
    assert!(matches!(refused, Err(RepairError::Refused(_))), "{refused:?}");
    repair.take_bundle(&first).unwrap();
    repair.take_bundle(&second).unwrap();
    assert_eq!(repair.finish(false).unwrap().lost, []);
}
