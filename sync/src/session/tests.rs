//! Sessions over lines good and bad.

use proptest::prelude::*;

use super::*;
use crate::replica::{Replica, SCOPE};
use crate::session::world::World;

#[test]
fn both_sides_end_with_the_same_entries() {
    let mut world = World::new(1);
    for number in 0..1_200 {
        world.client.write(number);
        world.server.write(number);
    }
    world.sync();
    assert_eq!(world.client.stored.len(), 2_402);
    assert_eq!(world.client.vector().digest(), world.server.vector().digest());
}

#[test]
fn an_idle_exchange_is_one_round_trip_of_at_most_a_kilobyte() {
    let mut world = World::new(1);
    world.sync();
    world.outputs.clear();
    world.bytes = 0;
    let hello_ms = world.session.wakes_at_ms().unwrap();
    assert!(hello_ms > world.now_ms && hello_ms <= world.now_ms + IDLE_HELLO_MS);
    world.run_until("one hello", |world| world.session.wakes_at_ms() > Some(hello_ms + IDLE_HELLO_MS / 2));
    world.run_until("its reply", |world| world.session.calls.is_empty());
    assert_eq!(world.requests(), 1);
    assert!(world.bytes <= 1_000, "{} bytes", world.bytes);
}

#[test]
fn what_is_written_in_step_is_pushed_without_a_hello() {
    let mut world = World::new(1);
    world.sync();
    world.client.write(7);
    world.sync();
    assert_eq!(world.requests(), 1);
}

#[test]
fn a_hint_pulls_at_once_and_an_old_hint_does_nothing() {
    let mut world = World::new(1);
    world.sync();
    world.server.write(7);
    world.outputs.clear();
    let digest = Some(world.server.vector().digest());
    world.input(Input::Hint { scope: SCOPE, digest });
    world.run_until("the news", World::is_in_step);
    assert_eq!(world.requests(), 1);
    world.outputs.clear();
    world.input(Input::Hint { scope: SCOPE, digest });
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_peer_without_the_first_entries_is_pushed_to_and_pulled_from_once_it_has_them() {
    let mut world = World::new(1);
    for number in 0..50 {
        world.server.write(number);
        world.client.write(number);
    }
    world.floors = [(world.server.log(), 20)].into();
    let own = world.client.log();
    world.tell_here();
    world.run_until("the refusal", |world| world.outputs.contains(&Output::NeedsSnapshot { scope: SCOPE }));
    world.run_until("the own entries there", |world| world.server.vector().seq(&own) == 51);
    assert_eq!(world.client.vector().seq(&world.server.log()), 0);
    world.floors.clear();
    world.sync();
}

#[test]
fn a_restarted_node_goes_on_without_a_cursor() {
    let mut world = World::new(1);
    for number in 0..2_500 {
        world.server.write(number);
    }
    world.tell_here();
    world.run_until("a first batch", |world| world.client.stored.len() > 1_000);
    world.restart_client();
    world.sync();
    assert_eq!(world.client.stored.len(), 2_502);
}

#[test]
fn a_rewound_node_takes_its_own_entries_back_before_it_writes() {
    let mut world = World::new(1);
    world.client.write(1);
    let backup = world.client.vector();
    world.client.write(2);
    world.client.write(3);
    world.sync();
    let head = *world.client.vector().head(&world.client.log()).as_ref().unwrap();
    world.client.rewind_to(&backup);
    world.outputs.clear();
    world.restart_client();
    world.run_until("recovery", |world| world.outputs.contains(&Output::Recovered { scope: SCOPE }));
    assert!(world.outputs.contains(&Output::Rewound { scope: SCOPE, head }));
    assert_eq!(world.client.vector().head(&world.client.log()), Some(head));
    world.client.write(4);
    world.sync();
    assert_eq!(world.server.vector().seq(&world.client.log()), head.seq + 1);
}

#[test]
fn an_answer_about_an_epoch_that_is_over_rewinds_nothing() {
    let mut world = World::new(1);
    world.client.write(1);
    let (vector, log) = (world.client.vector(), world.client.log());
    let mut scope = Scope::new();
    let own = OwnHead { log, head: vector.head(&log) };
    scope.here = Some(Here { vector: vector.clone(), own });
    assert!(!scope.has_begun_anew_since(&vector), "it goes on in the epoch it spoke of");
    assert!(
        scope.has_begun_anew_since(&VersionVector::default()),
        "what it spoke of did not have this epoch"
    );
}

#[test]
fn a_fork_is_reported_and_never_applied() {
    let mut world = World::new(1);
    let mut clone = Replica::new(1);
    clone.write(1);
    clone.write(2);
    world.server.pull_from(&clone).unwrap();
    world.client.write(9);
    let (before_client, before_server) = (world.client.vector(), world.server.vector());
    world.tell_here();
    let dot = world.client.log().dot(2);
    world.run_until("the report", |world| world.outputs.contains(&Output::Forked { scope: SCOPE, dot }));
    assert_eq!(world.client.vector(), before_client);
    assert_eq!(world.server.vector(), before_server);
}

#[test]
fn a_fork_ahead_of_the_peer_is_found_by_the_push() {
    let mut world = World::new(1);
    let mut clone = Replica::new(1);
    clone.write(1);
    world.server.pull_from(&clone).unwrap();
    world.client.write(9);
    world.client.write(10);
    let before = world.server.vector();
    world.tell_here();
    let dot = world.client.log().dot(2);
    world.run_until("the report", |world| world.outputs.contains(&Output::Forked { scope: SCOPE, dot }));
    assert_eq!(world.server.vector(), before);
}

#[test]
fn a_busy_peer_is_left_alone_for_as_long_as_it_asks() {
    let mut world = World::new(1);
    world.busy_for_ms = Some(20_000);
    world.tell_here();
    world.run_until("the answer", |world| world.requests() == 1 && world.session.calls.is_empty());
    assert!(world.session.wakes_at_ms().unwrap() >= world.now_ms + 20_000);
    world.busy_for_ms = None;
    world.sync();
}

#[test]
fn an_unknown_problem_is_a_refusal_and_is_not_asked_again_at_once() {
    let mut world = World::new(1);
    world.tell_here();
    let Some(Output::Send { call, .. }) = world.outputs.last().cloned() else { panic!("no hello") };
    let report = ProblemReport { code: "moon_phase".into(), dot: None, retry_after_ms: None };
    world.in_flight.clear();
    world.input(Input::Reply { call, reply: Box::new(Reply::Problem(report.clone())) });
    assert_eq!(world.outputs.last(), Some(&Output::Refused { scope: None, report }));
    assert!(world.session.wakes_at_ms().unwrap() > world.now_ms);
    world.sync();
}

#[test]
fn a_pull_that_hangs_does_not_hold_up_a_push() {
    let mut world = World::new(1);
    world.sync();
    world.input(Input::Hint { scope: SCOPE, digest: None });
    world.in_flight.clear();
    world.client.write(7);
    world.tell_here();
    let client = world.client.log();
    world.run_until("the push", |world| world.server.vector().seq(&client) == 2);
    assert_eq!(world.session.calls.len(), 2);
}

#[test]
fn pushing_goes_on_when_a_pull_told_first_that_a_batch_arrived() {
    let mut world = World::new(1);
    world.sync();
    for number in 0..2_500 {
        world.client.write(number);
    }
    world.tell_here();
    let is_stored = |world: &World| world.server.stored.len() > 1_000;
    world.run_until("a first batch there", is_stored);
    world.outputs.clear();
    // The acknowledgement is on its way; what is said of the same moment comes before it.
    let acknowledged = *world.session.calls.keys().next().unwrap();
    world.input(Input::Hint { scope: SCOPE, digest: None });
    let pulled = *world.session.calls.keys().find(|call| **call != acknowledged).unwrap();
    world.in_flight.clear();
    let vector = world.server.vector();
    let pull = Reply::Pull { vector: vector.clone(), batch: None };
    world.input(Input::Reply { call: pulled, reply: Box::new(pull) });
    world.input(Input::Reply { call: acknowledged, reply: Box::new(Reply::Push { vector }) });
    let is_next = |output: &Output| matches!(output, Output::Send { request: Request::Push { .. }, .. });
    assert!(world.outputs.iter().any(is_next), "{:?}", world.outputs);
}

#[test]
fn failures_are_repeated_less_and_less_often() {
    let mut world = World::new(1);
    world.line.faults = 1_000;
    world.tell_here();
    let mut waits = Vec::new();
    for _ in 0..8 {
        let call = *world.session.calls.keys().next().unwrap();
        world.input(Input::Failed { call, retry_after_ms: None });
        let wake_ms = world.session.wakes_at_ms().unwrap();
        waits.push(wake_ms - world.now_ms);
        world.now_ms = wake_ms;
        world.input(Input::Tick);
    }
    assert!(waits[0] <= 250 && waits[7] >= 7_500 && waits[7] <= 15_000, "{waits:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_is_lost_over_a_line_that_drops_repeats_and_reorders(
        seed: u64,
        faults in 0u64..400,
        writes in proptest::collection::vec((any::<bool>(), 0usize..6), 0..60),
    ) {
        let mut world = World::new(seed);
        world.line.faults = faults;
        world.tell_here();
        for (number, (at_client, steps)) in (0..).zip(writes) {
            if at_client {
                world.client.write(number);
                world.tell_here();
            } else {
                world.server.write(number);
            }
            for _ in 0..steps {
                world.step();
            }
        }
        world.line.faults = 0;
        world.run_until("equal vectors", |world| world.client.vector() == world.server.vector());
        prop_assert_eq!(world.client.stored.len(), world.server.stored.len());
        let reports = |output: &Output| matches!(output, Output::Forked { .. } | Output::Rejected { .. } | Output::Refused { .. } | Output::Rewound { .. });
        prop_assert_eq!(world.outputs.iter().find(|output| reports(output)), None);
    }

    #[test]
    fn any_bytes_are_refused_or_canonical(bytes: Vec<u8>) {
        if let Ok(request) = Request::decode(&bytes) {
            prop_assert_eq!(request.encode(), &bytes[..]);
        }
        if let Ok(reply) = Reply::decode(&bytes) {
            prop_assert_eq!(reply.encode(), &bytes[..]);
        }
        prop_assert!(Challenge::decode(&bytes).is_err());
        prop_assert!(ChallengeAnswer::decode(&bytes).is_err());
    }
}
