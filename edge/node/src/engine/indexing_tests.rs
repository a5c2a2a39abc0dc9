//! What a snapshot brought is found before, while and after it is indexed, whatever happens meanwhile.

use lanyard_domain::{AttendeeId, Command};

use super::LocalAnswer;
use super::snapshot_tests::{adopt, assert_whole, complete};
use super::test_node::{TestNode, check_in, person, venue};
use crate::verify::verify;

/// HQ, and a node that took up its snapshot and has nothing of it indexed.
fn begun() -> (TestNode, TestNode) {
    let (mut hq, north, _) = venue();
    hq.pull(&north).unwrap();
    let mut west = TestNode::new(3);
    assert_eq!(adopt(&mut west, &hq), LocalAnswer::Changed);
    (hq, west)
}

fn found(node: &TestNode, typed: &str) -> Vec<AttendeeId> {
    let found = node.reader().read_here(|db| db.search(typed, 20)).unwrap();
    found.into_iter().map(|(id, _)| id).collect()
}

fn segments(node: &TestNode) -> i64 {
    let sql = "SELECT count(DISTINCT segid) FROM search_idx";
    node.engine.connection().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn everybody_is_found_before_anybody_is_indexed_and_a_killed_node_goes_on() {
    let (hq, mut west) = begun();
    let left = west.engine.unindexed();
    assert!(left >= 10, "{left}");
    assert_eq!(segments(&west), 0);
    for boot in 1..=3 {
        assert_eq!(found(&west, "first7"), [person(7)]);
        assert_eq!(found(&west, "last").len(), 10);
        west.engine.index_step(3).unwrap();
        west = west.reboot(boot);
        assert_eq!(west.engine.unindexed(), left - 3 * u64::from(boot));
        assert_eq!(west.engine.published().unindexed, west.engine.unindexed());
    }
    west.accept(check_in(7));
    complete(&mut west, &hq);
    assert_eq!(verify(&west.path()).unwrap().findings, []);
    while west.engine.unindexed() > 0 {
        west.engine.index_step(4).unwrap();
    }
    assert_eq!(found(&west, "last").len(), 10);
    assert!(segments(&west) > 0);
    assert_eq!(verify(&west.path()).unwrap().findings, []);
}

#[test]
fn who_changes_or_is_erased_before_being_indexed_is_indexed_as_they_are_then() {
    let (mut hq, mut west) = begun();
    let left = west.engine.unindexed();
    west.accept(Command::EraseAttendee { attendee: person(7) });
    hq.import_person(11);
    west.pull(&hq).unwrap();
    assert_eq!(west.engine.unindexed(), left, "somebody new is indexed at once");
    assert_eq!(found(&west, "first7"), []);
    assert_eq!(found(&west, "first11"), [person(11)]);
    west.engine.index_step(usize::MAX).unwrap();
    assert_eq!(west.engine.unindexed(), 0);
    assert_eq!(found(&west, "first7"), []);
    assert_eq!(found(&west, "first8"), [person(8)]);
    complete(&mut west, &hq);
    hq.pull(&west).unwrap();
    assert_whole(&[&hq, &west]);
}

#[test]
fn a_difference_in_what_is_still_to_be_indexed_is_found() {
    let (hq, mut west) = begun();
    complete(&mut west, &hq);
    let changed = "UPDATE unindexed SET words = replace(words, 'first7', 'first8')";
    west.engine.connection().execute(changed, []).unwrap();
    let findings = verify(&west.path()).unwrap().findings;
    assert!(findings.iter().any(|finding| finding.what.contains("search")), "{findings:?}");
}

#[test]
fn a_rebuild_leaves_nothing_to_be_indexed() {
    let (hq, mut west) = begun();
    complete(&mut west, &hq);
    west.engine.rebuild().unwrap();
    assert_eq!(west.engine.unindexed(), 0);
    assert_eq!(found(&west, "first7"), [person(7)]);
    assert_eq!(verify(&west.path()).unwrap().findings, []);
}
