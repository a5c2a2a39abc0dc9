//! The engine on a full disk: what is refused, what goes on in the room of the ballast, and that nothing is lost.

use std::path::Path;

use lanyard_domain::Command;
use lanyard_domain::outcome::Outcome;
use lanyard_sync::Batch;

use super::test_node::{TestNode, check_in, person, venue};
use super::{Engine, ImportError, Reply, Submission, SubmitError};
use crate::store::ballast::Ballast;
use crate::verify::verify;

#[test]
fn a_full_disk_is_said_and_nothing_is_lost() {
    let (_, mut north, _) = venue();
    let first = north.submitted(check_in(1));
    north.submit(first.clone()).unwrap();
    let before = (north.engine.vector(), north.engine.published().arrivals);
    limit_pages(&north, Some(0));
    let mut written = 0;
    let full = loop {
        let reason = "x".repeat(400);
        let submitted = north.submitted(Command::ReprintBadge { attendee: person(2), reason });
        match north.submit(submitted) {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 1_000, "the limit holds");
    };
    assert!(matches!(full, SubmitError::StoreFull), "{full:?}");
    assert!(north.submit(first).unwrap().replayed, "what was decided before is still said");
    let own = north.engine.own_log();
    assert_eq!(north.engine.vector().seq(&own), before.0.seq(&own) + written);
    assert_eq!(north.engine.published().arrivals, before.1);
    limit_pages(&north, None);
    north.accept(check_in(2));
    assert_eq!(verify(&north.path()).unwrap().findings, []);
}

/// Lets the database grow by so many pages and no more.
fn limit_pages(node: &TestNode, more: Option<i64>) {
    let db = node.engine.connection();
    let present: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limit = more.map_or(1_000_000, |more| present + more);
    let set: i64 = db.query_row(&format!("PRAGMA max_page_count = {limit}"), [], |row| row.get(0)).unwrap();
    assert_eq!(set, limit);
}

const BALLAST_BYTES: u64 = 1024 * 1024;

fn ballast_beside(database: &Path) -> Ballast {
    let mut ballast = Ballast::keep(database, BALLAST_BYTES);
    ballast.settle();
    ballast
}

fn next_batch(engine: &Engine, from: &TestNode) -> Option<Batch> {
    from.reader().read_here(|db| db.batch_after(&engine.vector())).unwrap()
}

/// What a desk, a list and a peer get when they come at once.
fn replies_to_all(node: &mut TestNode, hq: &TestNode, ballast: &mut Ballast) -> ([bool; 3], bool) {
    let batch = next_batch(&node.engine, hq).expect("HQ has more");
    let list = Command::ImportAttendees { source: "list".into(), rows: Vec::new() };
    let group = vec![
        Submission::Command(node.submitted(check_in(1))),
        Submission::Command(node.submitted(list)),
        Submission::Import(batch),
    ];
    let committed = node.engine.commit_beside(ballast, group);
    assert!(committed.broken.is_none());
    let taken = |reply: &Reply| match reply {
        Reply::Command(Ok(_)) | Reply::Import(Ok(_)) => true,
        Reply::Command(Err(SubmitError::StoreFull)) | Reply::Import(Err(ImportError::StoreFull)) => false,
        other => panic!("{other:?}"),
    };
    let replies: Vec<_> = committed.replies.iter().map(taken).collect();
    (replies.try_into().unwrap(), committed.is_full)
}

#[test]
fn the_room_of_the_ballast_is_for_desks_until_it_is_there_again() {
    let (mut hq, mut north, _) = venue();
    hq.import_person(11);
    let mut ballast = ballast_beside(&north.path());
    assert!(ballast.give_up());
    assert_eq!(replies_to_all(&mut north, &hq, &mut ballast), ([true, false, false], false));
    ballast.settle();
    assert_eq!(replies_to_all(&mut north, &hq, &mut ballast), ([true; 3], false));
    assert_eq!(verify(&north.path()).unwrap().findings, []);
}

#[test]
fn a_peer_alone_makes_room_for_desks_and_not_for_itself() {
    let (mut hq, mut north, _) = venue();
    let mut ballast = ballast_beside(&north.path());
    for number in 11..60 {
        hq.import_person(number);
    }
    limit_pages(&north, Some(0));
    let batch = next_batch(&north.engine, &hq).unwrap();
    let committed = north.engine.commit_beside(&mut ballast, vec![Submission::Import(batch)]);
    assert!(matches!(committed.replies[..], [Reply::Import(Err(ImportError::StoreFull))]));
    assert!(!committed.is_full && ballast.is_given_up());
    limit_pages(&north, None);
    ballast.settle();
    let batch = next_batch(&north.engine, &hq).unwrap();
    let committed = north.engine.commit_beside(&mut ballast, vec![Submission::Import(batch)]);
    assert!(matches!(committed.replies[..], [Reply::Import(Ok(_))]));
    assert_eq!(verify(&north.path()).unwrap().findings, []);
}

#[test]
fn a_disk_that_stays_full_without_its_ballast_refuses_desks_too() {
    let (_, mut north, _) = venue();
    let mut ballast = ballast_beside(&north.path());
    limit_pages(&north, Some(0));
    let mut give = |ballast: &mut Ballast| {
        let reason = "x".repeat(400);
        let submitted = north.submitted(Command::ReprintBadge { attendee: person(2), reason });
        north.engine.commit_beside(ballast, vec![Submission::Command(submitted)])
    };
    let full = loop {
        let committed = give(&mut ballast);
        if committed.is_full {
            break committed;
        }
    };
    assert!(matches!(full.replies[..], [Reply::Command(Err(SubmitError::StoreFull))]));
    assert!(ballast.is_given_up());
    limit_pages(&north, None);
    let answer = north.give(check_in(1));
    assert!(matches!(answer.outcome, Outcome::Accepted(_)));
    assert_eq!(verify(&north.path()).unwrap().findings, []);
}
