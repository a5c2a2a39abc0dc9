//! The engine over a real database: outcomes, rollback, imports, epochs.
#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a path is not general enough over the lifetime of a read"
)]

use lanyard_domain::command::{IfShort, Wanted};
use lanyard_domain::event::Method;
use lanyard_domain::outcome::{Accepted, Outcome};
use lanyard_domain::{Account, Command, Refusal, Role};
use lanyard_sync::Hash;

use super::test_node::{SCOPE, TestNode, check_in, person, seat_type_id, venue};
use super::{Answer, Arrivals, Reply, Submission, SubmitError};
use crate::read::Reader;
use crate::verify::{Invariant, verify};

fn accepted(answer: &Answer) -> &Accepted {
    match &answer.outcome {
        Outcome::Accepted(accepted) => accepted,
        Outcome::Refused(refused) => panic!("refused: {}", refused.refusal),
    }
}

fn refusal(answer: &Answer) -> &Refusal {
    match &answer.outcome {
        Outcome::Refused(refused) => &refused.refusal,
        Outcome::Accepted(_) => panic!("accepted"),
    }
}

/// Brings all three to the same entries.
fn meet(hq: &mut TestNode, north: &mut TestNode, south: &mut TestNode) {
    for _ in 0..2 {
        hq.pull(north).unwrap();
        hq.pull(south).unwrap();
        north.pull(hq).unwrap();
        south.pull(hq).unwrap();
    }
    assert_eq!(north.engine.vector(), south.engine.vector());
    assert_eq!(north.engine.vector(), hq.engine.vector());
}

#[test]
fn a_check_in_admits_once_and_counts() {
    let (_, mut north, _) = venue();
    let answer = north.give(check_in(1));
    assert!(accepted(&answer).check_in.is_some());
    assert_eq!(answer.arrivals, Arrivals { inside: 1, expected: 10 });
    assert!(answer.attendee().unwrap().is_in());
    let again = north.give(check_in(1));
    assert_eq!(refusal(&again).code(), "already_checked_in");
    assert_eq!(again.arrivals, Arrivals { inside: 1, expected: 10 });
}

#[test]
fn a_group_commits_together_and_sees_itself() {
    let (_, mut north, _) = venue();
    let group: Vec<_> =
        [1, 2, 1].into_iter().map(|n| Submission::Command(north.submitted(check_in(n)))).collect();
    let committed = north.engine.commit(group);
    let outcomes: Vec<_> = committed
        .replies
        .iter()
        .map(|reply| match reply {
            Reply::Command(Ok(answer)) => matches!(answer.outcome, Outcome::Accepted(_)),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(outcomes, [true, true, false]);
    assert!(verify(&north.path()).unwrap().is_clean());
}

#[test]
fn a_command_has_one_outcome_for_ever() {
    let (_, mut north, _) = venue();
    let submitted = north.submitted(check_in(1));
    let first = north.submit(submitted.clone()).unwrap();
    let refused = north.submitted(check_in(1));
    let refused_first = north.submit(refused.clone()).unwrap();
    let position = north.engine.position();
    let mut north = north.reboot(1);
    for (submitted, first) in [(submitted.clone(), first), (refused, refused_first)] {
        let again = north.submit(submitted).unwrap();
        assert!(again.replayed);
        assert_eq!(again.outcome, first.outcome);
    }
    assert_eq!(north.engine.position(), position);
    let other = super::Submitted { body: Hash([8; 32]), ..submitted };
    assert!(matches!(north.submit(other), Err(SubmitError::KeyReused)));
}

#[test]
fn a_command_that_cannot_be_written_leaves_the_log_as_it_was() {
    let (_, mut north, _) = venue();
    north.give(check_in(1));
    let before = north.engine.vector();
    let overlong = super::Submitted { actor: "x".repeat(65), ..north.submitted(check_in(2)) };
    assert_eq!(refusal(&north.submit(overlong).unwrap()).code(), "invalid_field");
    assert_eq!(north.engine.vector(), before);
    north.give(check_in(3));
    assert!(verify(&north.path()).unwrap().is_clean());
    assert_eq!(north.state_hashes().0, north.state_hashes().1);
}

#[test]
fn a_command_that_cannot_be_written_takes_nothing_of_its_group_with_it() {
    let (hq, mut north, _) = venue();
    let overlong = super::Submitted { actor: "x".repeat(65), ..north.submitted(check_in(2)) };
    let [first, again, last] = [1, 1, 3].map(|number| north.submitted(check_in(number)));
    let batch = hq.reader().read_here(|db| db.batch_after(&lanyard_sync::VersionVector::default()));
    let group = vec![
        Submission::Import(batch.unwrap().unwrap()),
        Submission::Command(first.clone()),
        Submission::Command(overlong.clone()),
        Submission::Command(again),
        Submission::Local(super::LocalChange::Skew(Some(5))),
        Submission::Command(last),
    ];
    let replies = north.engine.commit(group).replies;
    let codes = replies.iter().map(|reply| match reply {
        Reply::Command(Ok(Answer { outcome: Outcome::Refused(refused), .. })) => refused.refusal.code(),
        Reply::Command(Ok(_)) => "accepted",
        Reply::Import(Ok(_)) => "imported",
        Reply::Local(Ok(_)) => "changed",
        other => panic!("{other:?}"),
    });
    assert_eq!(
        codes.collect::<Vec<_>>(),
        ["imported", "accepted", "invalid_field", "already_checked_in", "changed", "accepted"]
    );
    assert!(north.submit(first).unwrap().replayed && north.submit(overlong).unwrap().replayed);
    assert!(verify(&north.path()).unwrap().is_clean());
}

#[test]
fn roles_and_stale_versions_are_not_stored() {
    let (_, mut north, _) = venue();
    let submitted = north
        .submitted(Command::CancelOrder { order: lanyard_domain::OrderId([1; 16]), reason: String::new() });
    let as_volunteer = super::Submitted { role: Role::Volunteer, ..submitted.clone() };
    assert!(matches!(north.submit(as_volunteer), Err(SubmitError::NotPermitted { needs: Role::Supervisor })));
    assert_eq!(refusal(&north.submit(submitted).unwrap()).code(), "unknown_order");
    north.give(check_in(1));
    let stale = north.submitted(Command::IssueBadge { attendee: person(1) });
    let stale = super::Submitted { if_match: Some(1), ..stale };
    let Err(SubmitError::StaleVersion { version, between }) = north.submit(stale.clone()) else {
        panic!("not stale")
    };
    assert_eq!(version, 2);
    assert_eq!(between.iter().map(|line| line.kind.as_str()).collect::<Vec<_>>(), ["attendee-checked-in"]);
    let fresh = super::Submitted { if_match: Some(2), ..stale };
    assert!(accepted(&north.submit(fresh).unwrap()).badge_code.is_some());
}

#[test]
fn a_check_in_at_a_printing_desk_queues_one_badge() {
    let (_, mut north, _) = venue();
    let submitted = super::Submitted { desk: "lane".into(), ..north.submitted(check_in(1)) };
    let answer = north.submit(submitted.clone()).unwrap();
    let job = accepted(&answer).print_job.unwrap();
    assert!(north.submit(submitted).unwrap().replayed);
    let jobs = north.reader().read_here(|db| db.open_print_jobs()).unwrap();
    assert_eq!(jobs.iter().map(|job| (job.id, job.printer.as_str())).collect::<Vec<_>>(), [(job, "badges")]);
    north.engine.rebuild().unwrap();
    assert_eq!(north.reader().read_here(|db| db.open_print_jobs()).unwrap(), jobs);
}

#[test]
fn both_admit_while_apart_and_agree_when_they_meet() {
    let (mut hq, mut north, mut south) = venue();
    north.give(check_in(1));
    south.give(check_in(1));
    south.give(check_in(2));
    meet(&mut hq, &mut north, &mut south);
    let (stored, folded) = north.state_hashes();
    assert_eq!(stored, folded);
    assert_eq!(south.state_hashes(), (stored, folded));
    assert_eq!(hq.state_hashes(), (stored, folded));
    for node in [&north, &south, &hq] {
        assert_eq!(node.reader().read_here(|db| db.open_conflicts()).unwrap(), 1);
        assert_eq!(node.engine.published().arrivals, Arrivals { inside: 2, expected: 10 });
        let report = verify(&node.path()).unwrap();
        assert_eq!(report.findings, []);
    }
}

#[test]
fn an_earlier_entry_folds_its_stream_anew() {
    let (_, mut north, mut south) = venue();
    for number in 3..8 {
        north.give(check_in(number));
    }
    north.give(check_in(1));
    south.give(check_in(1));
    north.pull(&south).unwrap();
    let attendee = north.reader().read_here(|db| db.attendee(person(1))).unwrap().unwrap();
    let first = attendee.check_ins[0].at.dot.log;
    assert_eq!(first, south.engine.own_log(), "the lower lamport time is first");
    let (stored, folded) = north.state_hashes();
    assert_eq!(stored, folded);
}

#[test]
fn a_batch_that_comes_again_changes_nothing() {
    let (hq, mut north, _) = venue();
    let batch =
        hq.reader().read_here(|db| db.batch_after(&lanyard_sync::VersionVector::default())).unwrap().unwrap();
    let (before, hashes) = (north.engine.position(), north.state_hashes());
    let committed = north.engine.commit(vec![Submission::Import(batch)]);
    assert!(matches!(committed.replies.as_slice(), [Reply::Import(Ok(_))]));
    assert_eq!((north.engine.position(), north.state_hashes()), (before, hashes));
}

#[test]
fn each_node_sells_its_own_rights_only() {
    let (mut hq, mut north, mut south) = venue();
    hq.give_rights(&north, "ws", 2);
    hq.give_rights(&south, "ws", 3);
    north.pull(&hq).unwrap();
    south.pull(&hq).unwrap();
    let buy = |quantity| Command::PlaceOrder {
        attendee: Some(person(1)),
        registrant: None,
        lines: vec![Wanted { seat_type: seat_type_id("ws"), quantity }],
        if_short: IfShort::Refuse,
    };
    assert_eq!(refusal(&north.give(buy(3))).code(), "no_seats_left");
    let order = accepted(&north.give(buy(2))).order.unwrap();
    north.accept(Command::TakePayment { order, method: Method::Cash, amount_minor: 100_000 });
    north.accept(Command::ConfirmOrder { order });
    let held = accepted(&south.give(buy(3))).order.unwrap();
    meet(&mut hq, &mut north, &mut south);
    let ledger = hq.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap();
    assert_eq!((ledger.sold(), ledger.held(), ledger.available(Account::Hq)), (2, 3, 15));
    let lapsed_ms = super::test_node::NOW_MS + 16 * 60_000;
    south.now_ms.store(lapsed_ms, std::sync::atomic::Ordering::Relaxed);
    assert!(north.engine.due(lapsed_ms).unwrap().is_empty());
    let due = south.engine.due(lapsed_ms).unwrap();
    assert_eq!(due.len(), 1);
    south.submit(due[0].clone()).unwrap();
    assert!(south.engine.due(lapsed_ms).unwrap().is_empty());
    assert_eq!(south.reader().read_here(|db| db.order(held)).unwrap().unwrap().state.as_str(), "expired");
    meet(&mut hq, &mut north, &mut south);
    assert_eq!(hq.state_hashes().0, south.state_hashes().1);
    assert_eq!(verify(&hq.path()).unwrap().findings, []);
}

#[test]
fn a_boot_continues_its_epoch_and_a_copy_opens_another() {
    let (_, mut north, _) = venue();
    north.give(check_in(1));
    let log = north.engine.own_log();
    let north = north.reboot(1);
    assert_eq!(north.engine.own_log(), log);
    let copy = tempfile::tempdir().unwrap();
    crate::backup::backup(&north.path(), &copy.path().join(crate::start::DATABASE_FILE)).unwrap();
    let mut restored = TestNode::boot(1, std::sync::Arc::new(copy), 2);
    assert_ne!(restored.engine.own_log(), log);
    assert_eq!(restored.engine.own_log().node, log.node);
    assert_eq!(refusal(&restored.give(check_in(1))).code(), "already_checked_in");
    restored.accept(check_in(2));
    assert_eq!(verify(&restored.path()).unwrap().findings, []);
    assert_eq!(verify(&north.path()).unwrap().findings, []);
}

#[test]
fn a_rebuild_makes_the_same_again() {
    let (mut hq, mut north, mut south) = venue();
    north.give(check_in(1));
    south.give(check_in(1));
    meet(&mut hq, &mut north, &mut south);
    let before = north.state_hashes();
    north.engine.connection().execute_batch("UPDATE states SET state = x'7b7d'; DELETE FROM codes").unwrap();
    assert!(!verify(&north.path()).unwrap().is_clean());
    let rebuilt = north.engine.rebuild().unwrap();
    assert!(rebuilt.streams > 20, "{rebuilt:?}");
    assert_eq!(north.state_hashes(), before);
    assert_eq!(verify(&north.path()).unwrap().findings, []);
    assert_eq!(refusal(&north.give(check_in(1))).code(), "already_checked_in");
}

#[test]
fn a_flipped_bit_is_found() {
    let (_, mut north, _) = venue();
    north.give(check_in(1));
    let db = north.engine.connection();
    db.execute_batch("UPDATE entries SET facts = CAST(replace(CAST(facts AS TEXT), 'main', 'mail') AS BLOB) WHERE pos = (SELECT max(pos) FROM entries)")
        .unwrap();
    let report = verify(&north.path()).unwrap();
    let finding = &report.findings[0];
    assert_eq!(finding.invariant, Invariant::I5);
    assert!(finding.what.contains("the payload is not what the header commits to"), "{finding}");
}

#[test]
fn an_entry_of_a_newer_build_is_kept_and_its_stream_is_read_only() {
    let (_, mut north, mut south) = venue();
    south.engine.append_foreign(&lanyard_domain::Stream::Attendee(person(1)), "attendee-teleported", 1);
    south.engine.append_foreign(&lanyard_domain::Stream::Attendee(person(2)), "attendee-checked-in", 2);
    north.pull(&south).unwrap();
    let state = |stream| north.reader().read_here(|db| db.state(&stream)).unwrap().unwrap();
    let unknown = state(lanyard_domain::Stream::Attendee(person(1)));
    assert_eq!((unknown.unknown, unknown.readable), (1, true));
    assert!(!state(lanyard_domain::Stream::Attendee(person(2))).readable);
    let submitted = north.submitted(check_in(2));
    assert!(matches!(north.submit(submitted), Err(SubmitError::NeedsUpgrade { .. })));
    north.accept(check_in(1));
    assert_eq!(north.state_hashes().0, north.state_hashes().1);
    assert_eq!(verify(&north.path()).unwrap().findings, []);
}

#[test]
fn a_late_entry_of_a_stream_that_is_not_folded_reads_nothing_of_it_again() {
    let (_, mut north, mut south) = venue();
    let unknown = |code: &str| Command::CheckIn {
        who: lanyard_domain::command::Who::Code(code.into()),
        list: "main".parse().unwrap(),
        override_reason: None,
    };
    south.give(unknown("NOBODY-1"));
    for n in 0..5 {
        north.give(unknown(&format!("NOBODY-{n}")));
    }
    // Whoever reads the first of them again finds that it cannot be read.
    let broken = "UPDATE entries SET header = x'00' WHERE pos = (SELECT min(pos) FROM entries e JOIN streams s ON \
                  s.id = e.stream WHERE s.category = 'scans')";
    assert_eq!(north.engine.connection().execute(broken, []).unwrap(), 1);
    north.pull(&south).unwrap();
    north.accept(check_in(1));
}

#[test]
fn a_list_imported_elsewhere_ends_what_is_known_of_the_last_import_here() {
    let (mut hq, mut north, _) = venue();
    let import = super::LastImport { file: Hash([1; 32]), began_at: north.engine.position() };
    north.engine.commit(vec![Submission::Local(super::LocalChange::ImportBegan(import))]);
    hq.give_rights(&north, "ws", 1);
    north.pull(&hq).unwrap();
    assert_eq!(north.reader().read_here(|db| db.last_import()).unwrap(), Some(import), "rights are no list");
    hq.import_person(11);
    north.pull(&hq).unwrap();
    assert_eq!(north.reader().read_here(|db| db.last_import()).unwrap(), None);
}

#[test]
fn an_order_is_found_by_an_e_mail_and_its_code_or_a_ticket_on_it() {
    let (_, north, _) = venue();
    let find = |email: &'static str, code: &'static str| {
        let found = north.reader().read_here(|db| db.order_by_email_and_code(email, code)).unwrap();
        found.map(|(_, order)| order.people())
    };
    assert_eq!(find(" P3@example.org", "ord3"), Ok(vec![person(3)]));
    assert_eq!(find("p3@example.org", "t3"), Ok(vec![person(3)]));
    assert_eq!(find("p4@example.org", "t3"), Err(Refusal::UnknownOrder));
    assert_eq!(find("p3@example.org", ""), Err(Refusal::UnknownOrder));
}

#[test]
fn what_was_signed_here_or_admitted_is_known_to_be_signed_when_it_is_sent() {
    let (mut hq, mut north, _) = venue();
    let before = hq.engine.vector();
    north.accept(check_in(1));
    hq.pull(&north).unwrap();
    hq.import_person(11);
    let elsewhere = Reader::open(&hq.path()).unwrap();
    let batch = elsewhere.read_here(|db| db.batch_after(&before)).unwrap().unwrap();
    assert_eq!(batch.logs.len(), 2, "of north and of HQ");
    for part in &batch.logs {
        let key = hq.engine.known.logs[&part.log()].certificate.claims.public_key;
        assert!(hq.engine.checked.knows(SCOPE, part.head, key), "{}", part.head.dot);
    }
}
