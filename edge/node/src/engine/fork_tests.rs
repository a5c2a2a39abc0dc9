//! Two branches of one log: what is set aside is written again, and everybody ends with the same.

use std::sync::atomic::Ordering;

use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Command, Stream};
use lanyard_sync::{Dot, LogId, Problem};

use super::test_node::{NOW_MS, TestNode, check_in, copied, person, sale, seat_type_id, venue};
use super::{ImportError, LocalChange};
use crate::branch::{Parting, Search, compare};
use crate::verify::verify;

/// Two machines that run with one node's data: nobody can tell them apart. What the second one writes is of a later moment.
pub(super) fn two_machines(node: TestNode) -> (TestNode, TestNode) {
    let TestNode { engine, directory, seed, .. } = node;
    drop(engine);
    let copy = copied(&directory);
    let (first, second) = (TestNode::boot(seed, directory, 8), TestNode::boot(seed, copy, 9));
    second.now_ms.store(NOW_MS + 60_000, Ordering::Relaxed);
    (first, second)
}

/// How two nodes' copies of a log part, as a session finds it.
pub(super) fn parting(here: &TestNode, there: &TestNode, log: LogId) -> Parting {
    let mut search = Search::new(log, here.engine.vector().seq(&log));
    while let Some(question) = here.reader().read_here(|db| search.question(db)).unwrap() {
        let answer = there.reader().read_here(|db| compare(db, &question)).unwrap();
        search.learn(&question, answer);
    }
    here.reader().read_here(|db| search.parting(db)).unwrap().expect("the copies part")
}

/// An entry that is another one at a peer, as a session finds it.
pub(super) fn fork_of(here: &TestNode, there: &TestNode) -> Dot {
    let (ours, theirs) = (here.engine.vector(), there.engine.vector());
    let prefix = |node: &TestNode, dot| node.reader().read_here(|db| db.entry_prefix(dot)).unwrap();
    let shared = ours.iter().map(|(log, head)| log.dot(head.seq.min(theirs.seq(&log))));
    let mut differing = shared.filter(|dot| dot.seq > 0 && prefix(here, *dot) != prefix(there, *dot));
    differing.next().expect("they have the same")
}

/// Does what a session does: fetches the branch that stands, and tells the peer of the fork.
pub(super) fn settle(node: &mut TestNode, peer: &mut TestNode, dot: Dot) -> u64 {
    let parting = parting(node, peer, dot.log);
    assert!(parting.theirs_stands, "it was begun earlier");
    node.pull_with(peer, &[parting]).unwrap();
    peer.change(LocalChange::ForkFound { log: dot.log, from: parting.from });
    parting.from
}

pub(super) fn exchange(one: &mut TestNode, other: &mut TestNode) {
    one.pull(other).unwrap();
    other.pull(one).unwrap();
}

pub(super) fn assert_same(nodes: &[&TestNode]) {
    for node in nodes {
        let (stored, of_log) = node.state_hashes();
        assert_eq!(stored, of_log);
        assert_eq!(verify(&node.path()).unwrap().findings, []);
        assert_eq!(node.engine.vector(), nodes[0].engine.vector());
        assert_eq!(stored, nodes[0].state_hashes().0);
    }
}

/// North twice, with a workshop seat right; HQ has what the first one wrote.
pub(super) fn two_norths() -> (TestNode, TestNode, TestNode, TestNode, LogId) {
    let (mut hq, mut north, mut south) = venue();
    hq.pull(&north).unwrap();
    hq.give_rights(&north, "ws", 3);
    north.pull(&hq).unwrap();
    south.pull(&hq).unwrap();
    north.accept(check_in(1));
    let log = north.engine.own_log();
    let (mut first, second) = two_machines(north);
    assert_eq!((first.engine.own_log(), second.engine.own_log()), (log, log), "nobody noticed");
    first.accept(check_in(2));
    first.accept(check_in(3));
    hq.pull(&first).unwrap();
    (hq, south, first, second, log)
}

#[test]
fn a_clone_that_was_retired_writes_its_branch_again_and_it_does_not_count() {
    let (mut hq, mut north, _) = venue();
    hq.pull(&north).unwrap();
    north.accept(check_in(1));
    let node = north.engine.own_log().node;
    let (mut first, mut second) = two_machines(north);
    first.accept(check_in(2));
    second.accept(check_in(4));
    hq.accept(Command::CloseLogs { node, keep: None });
    first.pull(&hq).unwrap();
    second.pull(&hq).unwrap();
    hq.pull(&first).unwrap();
    let dot = fork_of(&second, &hq);
    settle(&mut second, &mut hq, dot);
    exchange(&mut second, &mut hq);
    first.pull(&hq).unwrap();
    assert_same(&[&hq, &first, &second]);
    assert_eq!(hq.engine.published().arrivals.inside, 0);
}

#[test]
fn what_a_clone_wrote_is_kept_and_counted_once() {
    let (mut hq, _, mut first, mut second, log) = two_norths();
    let own = second.submitted(check_in(4));
    let answered = second.submit(own.clone()).unwrap();
    second.accept(check_in(3));
    second.accept(sale(5));
    let dot = fork_of(&second, &hq);
    assert_eq!(dot.log, log);
    let from = settle(&mut second, &mut hq, dot);
    assert_ne!(second.engine.own_log(), log, "it writes elsewhere");
    exchange(&mut second, &mut hq);
    exchange(&mut first, &mut hq);
    second.pull(&hq).unwrap();
    assert_same(&[&hq, &first, &second]);
    assert_eq!(hq.engine.published().arrivals.inside, 4, "1 to 4 are in");
    let open = hq.reader().read_here(|db| db.conflicts(true)).unwrap();
    assert_eq!(open.len(), 1, "both let in number 3, and nobody saw the other");
    let ledger = hq.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap();
    assert_eq!((ledger.held(), ledger.available(lanyard_domain::Account::Venue(log))), (1, 2));
    assert!(from > 1);
    let again = second.submit(own).unwrap();
    assert!(again.replayed);
    let (Outcome::Accepted(first_time), Outcome::Accepted(now)) = (answered.outcome, again.outcome) else {
        panic!("it was accepted")
    };
    assert_eq!(first_time.attendee, now.attendee);
    assert!(now.entries.iter().all(|dot| second.engine.vector().covers(dot) && dot.log != log));
}

#[test]
fn whoever_saw_the_other_branch_is_not_locked_out() {
    let (mut hq, mut south, mut first, mut second, log) = two_norths();
    second.accept(check_in(4));
    south.pull(&second).unwrap();
    south.accept(check_in(5));
    let dot = fork_of(&south, &hq);
    settle(&mut south, &mut hq, dot);
    exchange(&mut south, &mut hq);
    let dot = fork_of(&second, &hq);
    settle(&mut second, &mut hq, dot);
    exchange(&mut second, &mut hq);
    exchange(&mut first, &mut hq);
    south.pull(&hq).unwrap();
    second.pull(&hq).unwrap();
    hq.pull(&second).unwrap();
    assert_same(&[&hq, &south, &first, &second]);
    assert_eq!(hq.engine.published().arrivals.inside, 5, "4 was written again twice and counts once");
    assert_eq!(
        hq.reader().read_here(|db| db.fork_of(log)).unwrap(),
        south.reader().read_here(|db| db.fork_of(log)).unwrap()
    );
}

#[test]
fn an_annulment_names_the_check_in_that_was_written_again() {
    let (mut hq, _, _, mut second, _) = two_norths();
    let answer = second.accept(check_in(4));
    let Outcome::Accepted(accepted) = answer.outcome else { panic!("it was accepted") };
    let annul = Command::AnnulCheckIn {
        attendee: person(4),
        check_in: accepted.check_in.unwrap(),
        reason: "wrong badge".into(),
    };
    second.accept(annul);
    let dot = fork_of(&second, &hq);
    settle(&mut second, &mut hq, dot);
    exchange(&mut second, &mut hq);
    assert_same(&[&hq, &second]);
    assert_eq!(hq.engine.published().arrivals.inside, 3, "1 to 3");
}

#[test]
fn an_annulment_that_comes_later_may_name_one_of_two_that_were_written_again() {
    let (mut hq, mut south, _, mut second, _) = two_norths();
    second.accept(check_in(4));
    south.pull(&second).unwrap();
    second.accept(check_in(5));
    for node in [&mut south, &mut second] {
        let dot = fork_of(node, &hq);
        settle(node, &mut hq, dot);
    }
    exchange(&mut south, &mut hq);
    hq.pull(&second).unwrap();
    let attendee = second.reader().read_here(|db| db.attendee(person(4))).unwrap().unwrap();
    let check_in = attendee.check_ins.first().expect("it is in").at.dot;
    assert_eq!(check_in.log, second.engine.own_log(), "it does not know that south wrote it again");
    second.accept(Command::AnnulCheckIn { attendee: person(4), check_in, reason: "wrong badge".into() });
    exchange(&mut second, &mut hq);
    south.pull(&hq).unwrap();
    assert_same(&[&hq, &south, &second]);
    assert_eq!(hq.engine.published().arrivals.inside, 4, "1 to 3, and 5");
}

#[test]
fn two_branches_beside_the_one_that_stands_are_told_apart() {
    let (mut hq, _, _, mut second, _) = two_norths();
    second.accept(check_in(6));
    let (second, third) = two_machines(second);
    let (mut second, mut third) = (second.reboot(10), third.reboot(11));
    second.now_ms.store(NOW_MS + 60_000, Ordering::Relaxed);
    third.now_ms.store(NOW_MS + 60_001, Ordering::Relaxed);
    second.accept(check_in(4));
    third.accept(check_in(5));
    third.accept(check_in(4));
    for node in [&mut second, &mut third] {
        let dot = fork_of(node, &hq);
        settle(node, &mut hq, dot);
        exchange(node, &mut hq);
    }
    second.pull(&hq).unwrap();
    assert_same(&[&hq, &second, &third]);
    assert_eq!(hq.engine.published().arrivals.inside, 6, "1 to 6");
    let open = hq.reader().read_here(|db| db.conflicts(true)).unwrap();
    assert_eq!(open.len(), 1, "both let in number 4, and nobody saw the other");
}

#[test]
fn what_came_before_on_a_branch_was_seen_whoever_wrote_it_again() {
    let (mut hq, mut south, _, mut second, _) = two_norths();
    second.accept(Command::IssueBadge { attendee: person(4) });
    south.pull(&second).unwrap();
    second.accept(Command::ReprintBadge { attendee: person(4), reason: "torn".into() });
    for node in [&mut south, &mut second] {
        let dot = fork_of(node, &hq);
        settle(node, &mut hq, dot);
        exchange(node, &mut hq);
    }
    south.pull(&hq).unwrap();
    assert_same(&[&hq, &south, &second]);
    let attendee = hq.reader().read_here(|db| db.attendee(person(4))).unwrap().unwrap();
    assert_eq!(attendee.badges.len(), 2);
    assert_eq!(attendee.active_badges().count(), 1, "whoever printed the second one had seen the first");
}

#[test]
fn a_rebuild_and_a_restart_change_nothing() {
    let (mut hq, _, _, mut second, _) = two_norths();
    second.accept(check_in(4));
    let dot = fork_of(&second, &hq);
    settle(&mut second, &mut hq, dot);
    exchange(&mut second, &mut hq);
    let before = second.state_hashes();
    second.engine.rebuild().unwrap();
    let second = second.reboot(12);
    assert_eq!(second.state_hashes(), before);
    assert_same(&[&hq, &second]);
}

#[test]
fn a_branch_that_was_begun_later_is_not_taken_and_gives_way_to_the_other_wherever_it_arrives() {
    let (mut hq, mut south, mut first, mut second, log) = two_norths();
    second.accept(check_in(4));
    south.pull(&second).unwrap();
    let parting = parting(&hq, &south, log);
    assert!(!parting.theirs_stands);
    let before = (hq.state_hashes(), hq.engine.vector());
    let have = Parting::push(&[parting], hq.engine.vector());
    let batch = south.reader().read_here(|db| db.batch_after(&have)).unwrap().unwrap();
    assert!(
        matches!(hq.import(&batch), Err(ImportError::Problem(Problem::Fork(dot))) if dot == log.dot(parting.from))
    );
    assert_eq!((hq.state_hashes(), hq.engine.vector()), before, "nothing changed");
    let have = Parting::push(&[parting], south.engine.vector());
    let batch = hq.reader().read_here(|db| db.batch_after(&have)).unwrap().unwrap();
    south.import(&batch).unwrap();
    assert!(south.engine.vector().dominates(&before.1), "the branch that stands came in the same moment");
    settle(&mut second, &mut hq, log.dot(parting.from));
    for node in [&mut second, &mut south, &mut first] {
        exchange(node, &mut hq);
    }
    for node in [&mut second, &mut south] {
        node.pull(&hq).unwrap();
    }
    assert_same(&[&hq, &south, &first, &second]);
}

#[test]
fn hq_gives_way_too_and_what_it_writes_again_gains_no_authority() {
    let (mut hq, mut north, mut south) = venue();
    hq.pull(&north).unwrap();
    north.accept(check_in(1));
    let (mut first, mut second) = two_machines(north);
    second.accept(check_in(2));
    let seats = Stream::Seats(seat_type_id("ws"));
    second.engine.append_as_is(&seats, "quota-set", 1, br#"{"quota":1000}"#);
    hq.pull(&second).unwrap();
    first.accept(check_in(3));
    south.pull(&first).unwrap();
    let dot = fork_of(&hq, &south);
    settle(&mut hq, &mut south, dot);
    exchange(&mut south, &mut hq);
    settle(&mut second, &mut hq, dot);
    for node in [&mut second, &mut first, &mut south] {
        exchange(node, &mut hq);
    }
    first.pull(&hq).unwrap();
    assert_same(&[&hq, &south, &first, &second]);
    assert_eq!(hq.engine.published().arrivals.inside, 3, "1 to 3");
    let ledger = hq.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap();
    assert_eq!(ledger.quota, 20, "whoever is not HQ sets no quota, whoever writes it again");
}

#[test]
fn what_came_after_the_end_of_a_log_does_not_count_whoever_writes_it_again() {
    let (mut hq, mut north, mut south) = venue();
    hq.pull(&north).unwrap();
    hq.give_rights(&north, "ws", 3);
    north.pull(&hq).unwrap();
    north.accept(check_in(1));
    hq.pull(&north).unwrap();
    let log = north.engine.own_log();
    let (mut first, mut second) = two_machines(north);
    first.accept(check_in(2));
    second.accept(sale(5));
    second.accept(check_in(4));
    south.pull(&second).unwrap();
    assert_eq!(south.engine.published().arrivals.inside, 2, "it does not know yet");
    let dot = fork_of(&south, &first);
    settle(&mut south, &mut first, dot);
    assert_eq!(south.engine.published().arrivals.inside, 3);
    hq.accept(Command::CloseLogs { node: log.node, keep: None });
    hq.pull(&second).unwrap();
    settle(&mut hq, &mut south, dot);
    south.pull(&hq).unwrap();
    settle(&mut second, &mut hq, dot);
    for node in [&mut second, &mut first, &mut south] {
        exchange(node, &mut hq);
    }
    for node in [&mut second, &mut first] {
        node.pull(&hq).unwrap();
    }
    assert_same(&[&hq, &south, &first, &second]);
    assert_eq!(hq.engine.published().arrivals.inside, 1, "1 came before the end");
}

#[test]
fn what_hq_said_on_a_branch_that_does_not_stand_counts_as_hq_writes_it_again_and_not_as_a_node_does() {
    let (hq, mut north, mut south) = venue();
    let (mut first, mut second) = two_machines(hq);
    second.accept(Command::SetQuota { seat_type: seat_type_id("ws"), quota: 30 });
    south.pull(&second).unwrap();
    first.accept(check_in(1));
    north.pull(&first).unwrap();
    let dot = fork_of(&south, &north);
    settle(&mut south, &mut north, dot);
    first.pull(&south).unwrap();
    let quota = |node: &TestNode| node.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap().quota;
    assert_eq!((quota(&first), quota(&south)), (20, 20), "south is not HQ");
    settle(&mut second, &mut north, dot);
    for node in [&mut south, &mut north, &mut first] {
        exchange(node, &mut second);
    }
    for node in [&mut south, &mut north] {
        node.pull(&second).unwrap();
    }
    second.pull(&first).unwrap();
    assert_same(&[&first, &second, &south, &north]);
    assert_eq!(quota(&first), 30);
}

#[test]
fn an_erasure_on_a_branch_that_does_not_stand_is_written_again_in_the_name_of_whoever_writes_it() {
    let (mut hq, mut south, _first, mut second, log) = two_norths();
    second.accept(Command::EraseAttendee { attendee: person(5) });
    south.pull(&second).unwrap();
    let dot = fork_of(&south, &hq);
    assert_eq!(dot.log, log);
    settle(&mut south, &mut hq, dot);
    exchange(&mut south, &mut hq);
    assert_same(&[&hq, &south]);
    let attendee = hq.reader().read_here(|db| db.attendee(person(5))).unwrap().unwrap();
    assert_eq!(attendee.person, None);
    assert!(attendee.erased.is_some());
    let dot = fork_of(&second, &hq);
    settle(&mut second, &mut hq, dot);
    exchange(&mut second, &mut hq);
    assert_same(&[&hq, &second]);
    assert_eq!(hq.erasures().attendees, 1);
}
