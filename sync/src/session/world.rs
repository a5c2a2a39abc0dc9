//! Two nodes with a bad line between them, in memory, for the tests of the session.

use std::collections::BTreeMap;

use super::*;
use crate::batch::Batch;
use crate::id::{Dot, Hash, LogId};
use crate::replica::{Replica, SCOPE};

/// What the line does to messages, one decision after another, from a seed.
pub(super) struct Line {
    pub(super) state: u64,
    /// Messages of a thousand that are lost, and as many that come twice.
    pub(super) faults: u64,
}

impl Line {
    pub(super) fn next(&mut self, below: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    /// Returns after how many milliseconds a message arrives, each time it does.
    pub(super) fn arrivals(&mut self) -> Vec<u64> {
        let copies = match self.next(1000) {
            lost if lost < self.faults => 0,
            twice if twice < self.faults * 2 => 2,
            _ => 1,
        };
        (0..copies).map(|_| 1 + self.next(60)).collect()
    }
}

pub(super) enum Event {
    Request(CallId, Vec<u8>),
    Reply(CallId, Vec<u8>),
}

pub(super) struct World {
    pub(super) client: Replica,
    pub(super) server: Replica,
    pub(super) session: Session,
    pub(super) line: Line,
    pub(super) now_ms: u64,
    pub(super) in_flight: BTreeMap<(u64, u64), Event>,
    pub(super) sent: u64,
    pub(super) bytes: usize,
    pub(super) outputs: Vec<Output>,
    pub(super) busy_for_ms: Option<u32>,
    /// Where the entries begin that the server holds.
    pub(super) floors: BTreeMap<LogId, u64>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
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
            floors: BTreeMap::new(),
        }
    }

    pub(super) fn tell_here(&mut self) {
        let log = self.client.log();
        let vector = self.client.vector();
        let own = OwnHead { log, head: vector.head(&log) };
        self.input(Input::Here { scope: SCOPE, vector, own });
    }

    pub(super) fn input(&mut self, input: Input) {
        let jitter = u32::try_from(self.line.next(1 << 31)).unwrap();
        for output in self.session.handle(input, self.now_ms, jitter) {
            self.outputs.push(output.clone());
            match output {
                Output::Send { call, request } => self.send(&Event::Request(call, request.encode())),
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

    pub(super) fn send(&mut self, event: &Event) {
        for delay_ms in self.line.arrivals() {
            let copy = match event {
                Event::Request(call, bytes) => Event::Request(*call, bytes.clone()),
                Event::Reply(call, bytes) => Event::Reply(*call, bytes.clone()),
            };
            self.sent += 1;
            self.in_flight.insert((self.now_ms + delay_ms, self.sent), copy);
        }
    }

    pub(super) fn serve(&mut self, request: &[u8]) -> Reply {
        let certificate = self.client.known.logs[&self.client.log()].certificate.clone();
        let server = &self.server;
        let prefix_of = |dot: Dot| server.hash_of(dot).map(|hash: Hash| hash.prefix());
        let here = ScopeView { vector: server.vector(), prefix_of: &prefix_of, floors: self.floors.clone() };
        let view = ServerView {
            peer: &certificate,
            certificate: None,
            protocol: Protocol::CURRENT,
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
    pub(super) fn step(&mut self) {
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
                    self.send(&Event::Reply(call, reply));
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

    pub(super) fn run_until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline_ms = self.now_ms + 600_000;
        while !done(self) {
            assert!(self.now_ms < deadline_ms, "not within ten minutes: {what}");
            self.step();
        }
    }

    pub(super) fn is_in_step(&self) -> bool {
        self.client.vector() == self.server.vector()
            && self.outputs.contains(&Output::InStep { scope: SCOPE })
    }

    pub(super) fn sync(&mut self) {
        self.outputs.clear();
        self.tell_here();
        self.run_until("equal vectors", Self::is_in_step);
    }

    pub(super) fn requests(&self) -> usize {
        self.outputs.iter().filter(|output| matches!(output, Output::Send { .. })).count()
    }

    pub(super) fn restart_client(&mut self) {
        self.session = session(&self.client);
        self.in_flight.clear();
        self.tell_here();
    }
}

pub(super) fn session(client: &Replica) -> Session {
    let certificate = client.known.logs[&client.log()].certificate.clone();
    Session::new(Protocol::CURRENT, certificate, Vec::new(), [SCOPE])
}
