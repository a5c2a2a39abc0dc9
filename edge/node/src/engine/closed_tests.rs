//! Logs that HQ ended: what comes after their ends is kept, relayed and not counted, whoever writes it again.

use std::sync::atomic::Ordering;

use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Account, Command, Refusal, Stream};
use lanyard_sync::limits::SIGN_EVERY_ENTRIES;
use lanyard_sync::{Batch, Dot, Hash, Head};

use super::SubmitError;
use super::fork_tests::{assert_same, exchange, fork_of, settle, two_machines};
use super::test_node::{NOW_MS, TestNode, check_in, copied, person, sale, seat_type_id, venue};

fn available(node: &TestNode, account: Account) -> i64 {
    node.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap().available(account)
}

/// North has five workshop seats, sold one and let one person in; HQ knows that.
fn north_at_work() -> (TestNode, TestNode, TestNode) {
    let (mut hq, mut north, south) = venue();
    hq.pull(&north).unwrap();
    hq.give_rights(&north, "ws", 5);
    north.pull(&hq).unwrap();
    north.accept(sale(1));
    north.accept(check_in(1));
    hq.pull(&north).unwrap();
    (hq, north, south)
}

#[test]
fn what_turns_up_of_a_retired_node_is_kept_and_does_not_count() {
    let (mut hq, mut north, mut south) = north_at_work();
    let (node, account) = (north.engine.own_log().node, north.engine.account());
    let before = available(&hq, Account::Hq);
    // Nobody but south hears of these before the retirement.
    north.accept(sale(2));
    north.accept(check_in(2));
    south.pull(&north).unwrap();
    south.accept(check_in(3));
    hq.accept(Command::CloseLogs { node, keep: None });
    assert_eq!((available(&hq, Account::Hq), available(&hq, account)), (before + 4, 0));
    north.accept(check_in(4));
    hq.pull(&south).unwrap();
    south.pull(&hq).unwrap();
    south.pull(&north).unwrap();
    hq.pull(&south).unwrap();
    assert_same(&[&hq, &south]);
    assert_eq!(hq.engine.published().arrivals.inside, 2, "1 and 3");
    assert_eq!(hq.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap().held(), 1);
    north.pull(&hq).unwrap();
    assert_same(&[&hq, &north]);
    let submitted = north.submitted(check_in(5));
    assert!(matches!(north.submit(submitted), Err(SubmitError::Retired)));
    assert!(north.engine.published().is_closed);
    let north = north.reboot(7);
    assert!(north.engine.published().is_closed, "it stays so");
}

#[test]
fn what_hq_closed_on_a_branch_that_does_not_stand_goes_on_everywhere() {
    let (hq, mut north, mut south) = north_at_work();
    let TestNode { engine, directory, .. } = hq;
    drop(engine);
    let earlier = copied(&directory);
    let mut hq = TestNode::boot(0, directory, 8);
    // Its clock is ahead, so what it writes is the branch that does not stand.
    hq.now_ms.store(NOW_MS + 60_000, Ordering::Relaxed);
    let (node, account) = (north.engine.own_log().node, north.engine.account());
    south.pull(&hq).unwrap();
    hq.accept(Command::CloseLogs { node, keep: None });
    north.accept(check_in(2));
    north.accept(sale(2));
    south.pull(&hq).unwrap();
    south.pull(&north).unwrap();
    north.pull(&hq).unwrap();
    assert_eq!(south.engine.published().arrivals.inside, 1, "2 came too late");
    drop(hq);
    // HQ as it was before, and nobody there knows.
    let mut hq = TestNode::boot(0, earlier, 9);
    hq.import_person(11);
    hq.import_person(12);
    for node in [&mut south, &mut north] {
        let dot = fork_of(node, &hq);
        settle(node, &mut hq, dot);
        exchange(node, &mut hq);
    }
    south.pull(&hq).unwrap();
    assert_same(&[&hq, &south, &north]);
    assert_eq!(hq.engine.published().arrivals.inside, 2);
    assert_eq!(available(&hq, account), 3, "5 less 2 that are held");
    assert!(!north.engine.published().is_closed);
    let mut north = north.reboot(10);
    north.accept(check_in(3));
    for node in [&north, &south] {
        hq.pull(node).unwrap();
        hq.hear(node);
    }
    hq.accept(Command::CloseLogs { node, keep: None });
    north.pull(&hq).unwrap();
    assert!(north.engine.published().is_closed, "HQ can close it again");
}

/// South wrote a long branch of north's log again: who came third and fourth, much else, and a sale. HQ and `third` have the
/// other branch, which ends before the fourth.
fn written_again() -> (TestNode, TestNode, TestNode, Dot) {
    let (mut hq, north, mut south) = north_at_work();
    south.pull(&hq).unwrap();
    let (mut first, mut second) = two_machines(north);
    first.accept(check_in(2));
    hq.pull(&first).unwrap();
    let third = first.reboot(7);
    second.accept(check_in(3));
    second.accept(check_in(4));
    for number in 0..SIGN_EVERY_ENTRIES {
        // Few in each stream: a long one would be folded beside the work.
        let desk = format!("door-{}", number % 32).parse().unwrap();
        second.engine.append_foreign(&Stream::Scans(desk), "desk-moved", 1);
    }
    second.accept(sale(5));
    south.pull(&second).unwrap();
    let dot = fork_of(&south, &hq);
    settle(&mut south, &mut hq, dot);
    (hq, south, third, dot)
}

/// What a node lacks of what south wrote again, as far as the fourth who came.
fn first_part(south: &TestNode, to: &TestNode) -> Batch {
    let fourth = south.reader().read_here(|db| db.attendee(person(4))).unwrap().unwrap().check_ins[0].at.dot;
    let until = [(fourth.log, Head::new(fourth.seq, &Hash([0; 32])))].into_iter().collect();
    let have = to.engine.vector();
    south.reader().read_here(|db| db.history_after(&have, &until)).unwrap().unwrap()
}

#[test]
fn the_first_part_of_what_was_written_again_stops_counting_where_its_log_is_ended_later() {
    let (mut hq, mut south, mut third, dot) = written_again();
    third.import(&first_part(&south, &third)).unwrap();
    assert_eq!(third.engine.published().arrivals.inside, 4, "1 to 4");
    hq.accept(Command::CloseLogs { node: dot.log.node, keep: None });
    hq.import(&first_part(&south, &hq)).unwrap();
    exchange(&mut third, &mut hq);
    assert!(!hq.engine.vector().dominates(&south.engine.vector()), "the rest is still to come");
    assert_same(&[&hq, &third]);
    assert_eq!(third.engine.published().arrivals.inside, 3, "4 came after the end");
    exchange(&mut hq, &mut south);
    third.pull(&hq).unwrap();
    assert_same(&[&hq, &third, &south]);
}

#[test]
fn the_seats_of_a_log_that_is_over_come_back_and_the_node_goes_on() {
    let (mut hq, north, _) = north_at_work();
    let old = north.engine.account();
    let mut north = north.restored(5);
    hq.pull(&north).unwrap();
    let log = north.engine.own_log();
    let before = available(&hq, Account::Hq);
    hq.accept(Command::CloseLogs { node: log.node, keep: Some(log) });
    assert_eq!((available(&hq, Account::Hq), available(&hq, old)), (before + 4, 0));
    hq.give_rights(&north, "ws", 2);
    north.pull(&hq).unwrap();
    north.accept(sale(2));
    hq.pull(&north).unwrap();
    assert_same(&[&hq, &north]);
}

#[test]
fn seats_remain_where_a_node_writes_at_present() {
    let (mut hq, north, mut south) = north_at_work();
    let north = north.restored(5);
    hq.pull(&north).unwrap();
    hq.give_rights(&north, "ws", 2);
    south.pull(&hq).unwrap();
    let Outcome::Refused(refused) = south.give(sale(2)).outcome else { panic!("south has none") };
    let Refusal::NoSeatsLeft { elsewhere, .. } = refused.refusal else { panic!("{:?}", refused.refusal) };
    let elsewhere: Vec<_> = elsewhere.iter().map(|other| (other.account, other.remaining)).collect();
    assert_eq!(elsewhere, [(Account::Hq, 13), (north.engine.account(), 2)], "4 more are lost with a log");
}
