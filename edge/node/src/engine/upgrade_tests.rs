//! Two releases at one conference: what the newer one writes is kept by the older one, applied after its upgrade, and
//! withheld where every node has to read it.

use lanyard_domain::{Command, Stream};
use lanyard_sync::{Batch, NodeId};

use super::test_node::{TestNode, check_in, person, seat_type_id, venue};
use super::{Reply, Submission, SubmitError};
use crate::release::pretend_next;
use crate::verify::verify;

/// Does something as the release after this one.
fn as_next<T>(action: impl FnOnce() -> T) -> T {
    pretend_next(true);
    let done = action();
    pretend_next(false);
    done
}

/// Takes in what a node of the next release has, as this release does.
fn take_of_next(node: &mut TestNode, next: &TestNode) {
    let reader = as_next(|| next.reader());
    while let Some(batch) = reader.read_here(|db| db.batch_after(&node.engine.vector())).unwrap() {
        let batch = Batch::decode(&batch.encode()).unwrap();
        let committed = node.engine.commit(vec![Submission::Import(batch)]);
        assert!(matches!(committed.replies[..], [Reply::Import(Ok(_))]), "{:?}", committed.replies);
    }
}

fn void_badge(node: &mut TestNode, number: u16) {
    node.accept(Command::IssueBadge { attendee: person(number) });
    let badge_code = node
        .reader()
        .read_here(|db| db.attendee(person(number)))
        .unwrap()
        .and_then(|attendee| attendee.active_badges().next().map(|badge| badge.badge_code.clone()))
        .unwrap();
    node.accept(Command::VoidBadge { attendee: person(number), badge_code, reason: "torn".into() });
}

fn annul(node: &mut TestNode, number: u16) {
    let check_in = node.accept(check_in(number));
    let lanyard_domain::outcome::Outcome::Accepted(accepted) = check_in.outcome else { panic!("refused") };
    let check_in = accepted.check_in.unwrap();
    node.accept(Command::AnnulCheckIn { attendee: person(number), check_in, reason: "mistake".into() });
}

fn state_of(node: &TestNode, number: u16) -> (u32, bool) {
    let stream = Stream::Attendee(person(number));
    let state = node.reader().read_here(|db| db.state(&stream)).unwrap().unwrap();
    (state.unknown, state.readable)
}

fn readers(node: &TestNode) -> Vec<u16> {
    node.reader().read_here(|db| Ok(db.readers()?.into_values().collect())).unwrap()
}

fn enrol(hq: &mut TestNode, node: NodeId, name: &str) {
    hq.accept(Command::EnrolNode { node, name: name.to_owned(), serial: 1 });
}

#[test]
fn what_a_newer_release_wrote_is_applied_after_the_upgrade() {
    let (mut hq, north, mut south) = venue();
    let mut north = as_next(|| north.reboot(1));
    as_next(|| {
        annul(&mut north, 1);
        void_badge(&mut north, 2);
    });
    take_of_next(&mut hq, &north);
    south.pull(&hq).unwrap();
    assert_eq!((state_of(&south, 1), state_of(&south, 2)), ((1, true), (0, false)));
    let late = south.submitted(check_in(2));
    assert!(matches!(south.submit(late), Err(SubmitError::NeedsUpgrade { .. })), "it is read-only here");
    south.accept(check_in(3));
    assert_eq!(verify(&south.path()).unwrap().findings, []);
    as_next(|| north.pull(&south).unwrap());
    let relayed: Vec<_> = [&north, &south]
        .map(|node| {
            let rows = "SELECT header, facts, hash FROM entries WHERE kind IN (SELECT id FROM kinds WHERE name IN \
                        ('badge-voided', 'check-in-annulled')) ORDER BY hash";
            let mut statement = node.engine.connection().prepare(rows).unwrap();
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let rows = statement.query_map([], row).unwrap();
            rows.collect::<Result<Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>, _>>().unwrap()
        })
        .into();
    assert_eq!((relayed[0].len(), &relayed[0]), (2, &relayed[1]), "byte for byte");

    let south = as_next(|| {
        let mut south = south.reboot(1);
        north.pull(&south).unwrap();
        south.pull(&north).unwrap();
        assert_eq!((state_of(&south, 1), state_of(&south, 2)), ((0, true), (0, true)));
        assert_eq!(south.state_hashes(), north.state_hashes());
        assert_eq!(south.state_hashes().0, south.state_hashes().1);
        assert_eq!(verify(&south.path()).unwrap().findings, []);
        let (ours, theirs) = (south.engine.published().arrivals, north.engine.published().arrivals);
        assert_eq!(ours, theirs);
        south
    });
    let refused = crate::read::Reader::open(&south.path()).unwrap_err();
    assert!(refused.to_string().contains("a newer version of Lanyard has worked on this database"));
}

#[test]
fn hq_withholds_what_some_node_cannot_read_and_names_it() {
    let (mut hq, north, south) = venue();
    enrol(&mut hq, north.engine.own_log().node, "north");
    enrol(&mut hq, south.engine.own_log().node, "south");
    let (mut north, mut south) = (north, south);
    north.pull(&hq).unwrap();
    south.pull(&hq).unwrap();
    let quota = || Command::SetQuota { seat_type: seat_type_id("ws"), quota: 30 };
    let mut hq = as_next(|| hq.reboot(1));
    let refused = |hq: &mut TestNode| {
        let command = hq.submitted(quota());
        as_next(|| match hq.submit(command) {
            Err(SubmitError::NodesTooOld { nodes }) => nodes,
            other => panic!("not withheld: {other:?}"),
        })
    };
    assert_eq!(refused(&mut hq), ["north", "south"]);
    let north = as_next(|| north.reboot(1));
    // It comes over south, which does not understand it.
    take_of_next(&mut south, &north);
    as_next(|| hq.pull(&south).unwrap());
    assert_eq!(refused(&mut hq), ["south"]);
    let south = as_next(|| south.reboot(1));
    as_next(|| {
        hq.pull(&south).unwrap();
        hq.accept(quota());
        assert_eq!(readers(&hq).iter().filter(|reader| **reader == 2).count(), 2);
    });
}

#[test]
fn a_retired_node_keeps_nothing_back() {
    let (mut hq, mut north, _) = venue();
    let node = north.engine.own_log().node;
    enrol(&mut hq, node, "north");
    north.pull(&hq).unwrap();
    hq.pull(&north).unwrap();
    hq.accept(Command::CloseLogs { node, keep: None });
    as_next(|| {
        let mut hq = hq.reboot(1);
        hq.accept(Command::SetQuota { seat_type: seat_type_id("ws"), quota: 30 });
    });
}

#[test]
fn a_start_in_the_same_release_writes_nothing() {
    let (_, north, _) = venue();
    let before = north.engine.vector();
    let north = north.reboot(1);
    assert_eq!(north.engine.vector(), before);
}
