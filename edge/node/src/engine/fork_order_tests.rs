//! The order of what is written after a branch was set aside.

use lanyard_domain::Command;

use super::fork_tests::{assert_same, exchange, fork_of, settle, two_machines};
use super::test_node::{check_in, person, venue};

#[test]
fn who_made_way_writes_after_what_stands_though_its_context_names_more_of_the_other_branch() {
    let (mut hq, mut north, mut south) = venue();
    hq.pull(&north).unwrap();
    north.accept(check_in(1));
    let (mut first, mut second) = two_machines(north);
    for number in 4..8 {
        second.accept(check_in(number));
    }
    south.pull(&second).unwrap();
    south.accept(check_in(8));
    // What stands is shorter, and later than all that south has seen.
    for number in 11..31 {
        hq.import_person(number);
    }
    first.pull(&hq).unwrap();
    first.accept(check_in(3));
    first.accept(check_in(2));
    hq.pull(&first).unwrap();
    let dot = fork_of(&south, &hq);
    settle(&mut south, &mut hq, dot);
    let attendee = south.reader().read_here(|db| db.attendee(person(2))).unwrap().unwrap();
    let stands = attendee.check_ins[0].at.dot;
    assert_eq!(stands.log, dot.log);
    south.accept(Command::AnnulCheckIn {
        attendee: person(2),
        check_in: stands,
        reason: "wrong badge".into(),
    });
    exchange(&mut south, &mut hq);
    assert_same(&[&hq, &south]);
    assert_eq!(hq.engine.published().arrivals.inside, 7, "1 and 3 to 8");
    let mut south = south.reboot(9);
    south.accept(check_in(9));
    exchange(&mut south, &mut hq);
    assert_same(&[&hq, &south]);
}
