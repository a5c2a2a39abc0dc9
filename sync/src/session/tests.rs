//! Two nodes with a bad line between them, in memory.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::batch::Batch;
use crate::id::{Dot, Hash};
use crate::replica::{Replica, SCOPE};

/// What the line does to messages, one decision after another, from a seed.
struct Line {
    state: u64,
    /// Messages of a thousand that are lost, and as many that come twice.
    faults: u64,
}

impl Line {
    fn next(&mut self, below: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    /// Returns after how many milliseconds a message arrives, each time it does.
    fn arrivals(&mut self) -> Vec<u64> {
        let copies = match self.next(1000) {
            lost if lost < self.faults => 0,
            twice if twice < self.faults * 2 => 2,
            _ => 1,
        };
        (0..copies).map(|_| 1 + self.next(60)).collect()
    }
}

enum Event {
    Request(CallId, Vec<u8>),
    Reply(CallId, Vec<u8>),
}

struct World {
    client: Replica,
    server: Replica,
    session: Session,
    line: Line,
    now_ms: u64,
    in_flight: BTreeMap<(u64, u64), Event>,
    sent: u64,
    bytes: usize,
    outputs: Vec<Output>,
    busy_for_ms: Option<u32>,
}

impl World {
    fn new(seed: u64) -> Self {
        let client = Replica::new(1);
        let session = session(&client);
        let line = Line { state: seed, faults: 0 };
        let (in_flight, outputs) = (BTreeMap::new(), Vec::new());
        Self {
            client,
            server: Replica::new(2),
            session,
            line,
            now_ms: 1_000,
            in_flight,
            sent: 0,
            bytes: 0,
            outputs,
            busy_for_ms: None,
        }
    }

    fn tell_here(&mut self) {
        let log = self.client.log();
        let vector = self.client.vector();
        let own = OwnHead { log, head: vector.head(&log) };
        self.input(Input::Here { scope: SCOPE, vector, own });
    }

    fn input(&mut self, input: Input) {
        let jitter = u32::try_from(self.line.next(1 << 31)).unwrap();
        for output in self.session.handle(input, self.now_ms, jitter) {
            self.outputs.push(output.clone());
            match output {
                Output::Send { call, request } => self.send(Event::Request(call, request.encode())),
                Output::Build { scope, have } => {
                    let batch = self.client.batch_for(&have).unwrap().map(|batch| batch.encode());
                    self.input(Input::Built { scope, batch });
                }
                Output::Store { scope, batch } => {
                    let result = self.client.import(Batch::decode(&batch).unwrap());
                    self.tell_here();
                    self.input(Input::Stored { scope, result });
                }
                Output::InStep { .. }
                | Output::Rewound { .. }
                | Output::Recovered { .. }
                | Output::Forked { .. }
                | Output::NeedsSnapshot { .. }
                | Output::Refused { .. }
                | Output::Rejected { .. }
                | Output::PeerClock { .. } => {}
            }
        }
    }

    fn send(&mut self, event: Event) {
        for delay_ms in self.line.arrivals() {
            let copy = match &event {
                Event::Request(call, bytes) => Event::Request(*call, bytes.clone()),
                Event::Reply(call, bytes) => Event::Reply(*call, bytes.clone()),
            };
            self.sent += 1;
            self.in_flight.insert((self.now_ms + delay_ms, self.sent), copy);
        }
    }

    fn serve(&mut self, request: &[u8]) -> Reply {
        let certificate = self.client.known.logs[&self.client.log()].certificate.clone();
        let server = &self.server;
        let prefix_of = |dot: Dot| server.hash_of(dot).map(|hash: Hash| hash.prefix());
        let here = ScopeView { vector: server.vector(), prefix_of: &prefix_of, floors: BTreeMap::new() };
        let view = ServerView {
            peer: &certificate,
            certificate: None,
            capabilities: &[],
            now_ms: 1_780_000_000_000,
            refuses_expired: true,
            busy_for_ms: self.busy_for_ms,
            scopes: [(SCOPE, here)].into(),
        };
        match answer(Request::decode(request).unwrap(), &view) {
            Answer::Reply(reply) => reply,
            Answer::Send { vector, .. } => {
                let batch = self.server.batch_for(&vector).unwrap().map(|batch| batch.encode());
                Reply::Pull { vector: self.server.vector(), batch }
            }
            Answer::Store { batch, .. } => match self.server.import(Batch::decode(&batch).unwrap()) {
                Ok(_) => Reply::Push { vector: self.server.vector() },
                Err(problem) => Reply::problem(problem),
            },
        }
    }

    /// Delivers what arrives next, or lets the session wake up, whichever is first.
    fn step(&mut self) {
        let arrival = self.in_flight.first_key_value().map(|((at_ms, _), _)| *at_ms);
        let wake = self.session.wakes_at_ms();
        if let Some(at_ms) = arrival
            && wake.is_none_or(|wake| at_ms <= wake)
        {
            let (_, event) = self.in_flight.pop_first().unwrap();
            self.now_ms = self.now_ms.max(at_ms);
            match event {
                Event::Request(call, bytes) => {
                    self.bytes += bytes.len();
                    let reply = self.serve(&bytes).encode();
                    self.bytes += reply.len();
                    self.send(Event::Reply(call, reply));
                }
                Event::Reply(call, bytes) => {
                    let reply = Box::new(Reply::decode(&bytes).unwrap());
                    self.input(Input::Reply { call, reply });
                }
            }
        } else {
            self.now_ms = self.now_ms.max(wake.expect("a session waits for something"));
            self.input(Input::Tick);
        }
    }

    fn run_until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline_ms = self.now_ms + 600_000;
        while !done(self) {
            assert!(self.now_ms < deadline_ms, "not within ten minutes: {what}");
            self.step();
        }
    }

    fn is_in_step(&self) -> bool {
        self.client.vector() == self.server.vector()
            && self.outputs.contains(&Output::InStep { scope: SCOPE })
    }

    fn sync(&mut self) {
        self.outputs.clear();
        self.tell_here();
        self.run_until("equal vectors", Self::is_in_step);
    }

    fn requests(&self) -> usize {
        self.outputs.iter().filter(|output| matches!(output, Output::Send { .. })).count()
    }

    fn restart_client(&mut self) {
        self.session = session(&self.client);
        self.in_flight.clear();
        self.tell_here();
    }
}

fn session(client: &Replica) -> Session {
    let certificate = client.known.logs[&client.log()].certificate.clone();
    Session::new(certificate, Vec::new(), [SCOPE])
}

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
