//! The session between two nodes, as a state machine without a network.
//!
//! [`Session`] is the asking side: inputs and the time go in, requests and work for the driver come
//! out. [`answer`] is the other side, which keeps nothing between requests. A session needs no cursor:
//! the vectors say what is missing, after a cut line and after a restart alike. Pulling and pushing go
//! on independently, each with at most one request under way per scope.

mod answer;
mod backoff;
mod handshake;
mod introduction;
mod io;
mod protocol;
mod reply;
mod request;
mod scope;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

pub use answer::{Answer, ScopeView, ServerView, answer};
pub use handshake::{Challenge, ChallengeAnswer, HandshakeError};
pub use introduction::{Introduction, announced_scope};
pub use io::{CallId, Input, Output};
pub use protocol::Protocol;
pub use reply::{HelloReply, Reply, ScopeAnswer};
pub use request::{Hello, HelloScope, OwnHead, Request};

use std::collections::BTreeMap;

use crate::certificate::Certificate;
use crate::id::ScopeId;
use crate::problem::{Problem, ProblemReport};
use crate::session::backoff::Backoff;
use crate::session::scope::{Here, Lane, Scope};
use crate::vector::VersionVector;

/// How long a request may take, in milliseconds.
pub const CALL_TIMEOUT_MS: u64 = 30_000;
/// How long a session rests between hellos while nothing happens, in milliseconds.
pub const IDLE_HELLO_MS: u64 = 10_000;
/// Longest wait a peer may ask for, in milliseconds.
pub const RETRY_AFTER_MAX_MS: u64 = 60_000;

#[derive(Clone, Debug)]
enum Purpose {
    /// With the vectors the hello spoke of.
    Hello(BTreeMap<ScopeId, VersionVector>),
    Pull(ScopeId),
    /// With the vector the batch was built for.
    Push(ScopeId, VersionVector),
}

#[derive(Debug)]
struct Call {
    purpose: Purpose,
    deadline_ms: u64,
}

/// The asking side of a session with one peer. Times are monotonic milliseconds.
#[derive(Debug)]
pub struct Session {
    protocol: Protocol,
    certificate: Certificate,
    capabilities: Vec<String>,
    scopes: BTreeMap<ScopeId, Scope>,
    calls: BTreeMap<CallId, Call>,
    last_call: u64,
    backoff: Backoff,
    not_before_ms: u64,
    /// Until when the peer asked to be left alone.
    busy_until_ms: u64,
    next_hello_ms: u64,
    outputs: Vec<Output>,
}

impl Session {
    /// Begins a session about these scopes. It says hello when it was told what is here of each.
    pub fn new(
        protocol: Protocol,
        certificate: Certificate,
        capabilities: Vec<String>,
        scopes: impl IntoIterator<Item = ScopeId>,
    ) -> Self {
        Self {
            protocol,
            certificate,
            capabilities,
            scopes: scopes.into_iter().map(|scope| (scope, Scope::new())).collect(),
            calls: BTreeMap::new(),
            last_call: 0,
            backoff: Backoff::default(),
            not_before_ms: 0,
            busy_until_ms: 0,
            next_hello_ms: 0,
            outputs: Vec::new(),
        }
    }

    /// Takes an input and returns what follows. `jitter` is a random number.
    pub fn handle(&mut self, input: Input, now_ms: u64, jitter: u32) -> Vec<Output> {
        match input {
            Input::Here { scope, vector, own } => self.learn_here(scope, vector, own),
            Input::Hint { scope, digest } => {
                if let Some(state) = self.scopes.get_mut(&scope) {
                    state.take_hint(digest);
                    self.end_wait(now_ms);
                }
            }
            Input::Reply { call, reply } => {
                if let Some(call) = self.end_call(call) {
                    self.take_reply(call.purpose, *reply, now_ms, jitter);
                }
            }
            Input::Failed { call, retry_after_ms } => {
                if self.end_call(call).is_some() {
                    self.back_off(now_ms, jitter, retry_after_ms);
                }
            }
            Input::Built { scope, batch } => self.take_built(scope, batch, now_ms),
            Input::Stored { scope, result } => self.take_stored(scope, result, now_ms, jitter),
            Input::Tick => {}
        }
        self.expire_calls(now_ms, jitter);
        self.go_on(now_ms);
        std::mem::take(&mut self.outputs)
    }

    /// Returns when the next [`Input::Tick`] is due; `None` when only another input goes on.
    pub fn wakes_at_ms(&self) -> Option<u64> {
        let deadline = self.calls.values().map(|call| call.deadline_ms).min();
        let can_say_hello = self.scopes.values().all(|state| state.is_idle() && state.here.is_some());
        deadline.or_else(|| can_say_hello.then(|| self.next_hello_ms.max(self.not_before_ms)))
    }

    fn learn_here(&mut self, scope: ScopeId, vector: VersionVector, own: OwnHead) {
        let Some(state) = self.scopes.get_mut(&scope) else { return };
        if state.here.as_ref().is_some_and(|here| here.own.log != own.log) {
            // It goes on in another epoch: what it lacks of the one that is over is pulled like anybody's.
            state.rewound = None;
        }
        state.here = Some(Here { vector, own });
        if state.takes_recovery() {
            self.outputs.push(Output::Recovered { scope });
        }
    }

    fn take_reply(&mut self, purpose: Purpose, reply: Reply, now_ms: u64, jitter: u32) {
        match (purpose, reply) {
            (Purpose::Hello(spoken), Reply::Hello(reply)) => match self.protocol.accept(reply.protocol) {
                Ok(_) => self.take_hello(spoken, *reply, now_ms),
                Err(problem) => self.refuse(None, problem.into(), now_ms, jitter),
            },
            (Purpose::Pull(scope), Reply::Pull { vector, batch }) => self.take_pull(scope, &vector, batch),
            (Purpose::Push(scope, had), Reply::Push { vector }) => self.take_push(scope, &had, &vector),
            (Purpose::Hello(_), Reply::Problem(report)) => self.refuse(None, report, now_ms, jitter),
            (Purpose::Pull(scope), Reply::Problem(report)) if report.is_gap() => {
                self.scopes.entry(scope).and_modify(Scope::rest_from_pulling);
                self.outputs.push(Output::NeedsSnapshot { scope });
            }
            (Purpose::Pull(scope) | Purpose::Push(scope, _), Reply::Problem(report)) => {
                self.refuse(Some(scope), report, now_ms, jitter);
            }
            (_, Reply::Hello(_) | Reply::Pull { .. } | Reply::Push { .. }) => {
                self.refuse(None, Problem::Malformed.into(), now_ms, jitter);
            }
        }
    }

    fn take_hello(&mut self, mut spoken: BTreeMap<ScopeId, VersionVector>, reply: HelloReply, now_ms: u64) {
        self.next_hello_ms = now_ms + IDLE_HELLO_MS;
        self.outputs.push(Output::PeerClock { at_ms: reply.at_ms });
        for (scope, answer) in reply.scopes {
            let (Some(state), Some(vector)) = (self.scopes.get_mut(&scope), spoken.remove(&scope)) else {
                continue;
            };
            match answer {
                ScopeAnswer::InStep => {
                    state.meet(vector);
                    self.backoff.reset();
                }
                ScopeAnswer::Exchange { vector } => state.meet(vector),
                // The hello was about an epoch that is over; another one says how things are.
                ScopeAnswer::Rewound { .. } if state.has_begun_anew_since(&vector) => {
                    self.next_hello_ms = now_ms;
                }
                ScopeAnswer::Rewound { head } => {
                    if state.rewinds_to(head) {
                        self.outputs.push(Output::Rewound { scope, head });
                    }
                }
                ScopeAnswer::ForkedAt { seq } => {
                    state.lose_peer();
                    if let Some(here) = &state.here {
                        self.outputs.push(Output::Forked { scope, dot: here.own.log.dot(seq) });
                    }
                }
                ScopeAnswer::Denied => {
                    state.lose_peer();
                    let report = Problem::DeniedScope.into();
                    self.outputs.push(Output::Refused { scope: Some(scope), report });
                }
                ScopeAnswer::SnapshotOnly => {
                    state.lose_peer();
                    self.outputs.push(Output::NeedsSnapshot { scope });
                }
            }
        }
    }

    fn take_pull(&mut self, scope: ScopeId, vector: &VersionVector, batch: Option<Vec<u8>>) {
        let Some(state) = self.scopes.get_mut(&scope) else { return };
        state.learn(vector);
        match batch {
            Some(batch) => {
                state.pull = Lane::Local;
                self.outputs.push(Output::Store { scope, batch });
            }
            None => state.pull = Lane::Resting,
        }
    }

    fn take_stored(&mut self, scope: ScopeId, result: Result<usize, Problem>, now_ms: u64, jitter: u32) {
        let stores = |state: &&mut Scope| state.pull == Lane::Local;
        let Some(state) = self.scopes.get_mut(&scope).filter(stores) else { return };
        state.pull = Lane::Idle;
        match result {
            Ok(0) => state.pull = Lane::Resting,
            Ok(_) => self.backoff.reset(),
            Err(problem) => {
                state.lose_peer();
                self.outputs.push(match problem {
                    Problem::Fork(dot) => Output::Forked { scope, dot },
                    problem => Output::Rejected { scope, problem },
                });
                self.back_off(now_ms, jitter, None);
            }
        }
    }

    fn take_built(&mut self, scope: ScopeId, batch: Option<Vec<u8>>, now_ms: u64) {
        let builds = |state: &&mut Scope| state.push == Lane::Local;
        let Some(state) = self.scopes.get_mut(&scope).filter(builds) else { return };
        state.push = Lane::Idle;
        let built_for = std::mem::take(&mut state.built_for);
        match batch {
            // What was known of the peer may be lost meanwhile; then a hello comes first.
            Some(batch) if state.there.is_some() => {
                let call = self.call(Purpose::Push(scope, built_for), now_ms);
                if let Some(state) = self.scopes.get_mut(&scope) {
                    state.push = Lane::Asked(call);
                }
                self.outputs.push(Output::Send { call, request: Request::Push { scope, batch } });
            }
            Some(_) => {}
            None => state.push = Lane::Resting,
        }
    }

    /// A pull may have told already that the batch is there: what counts is what the peer had when it was built.
    fn take_push(&mut self, scope: ScopeId, had: &VersionVector, vector: &VersionVector) {
        let Some(state) = self.scopes.get_mut(&scope) else { return };
        state.learn(vector);
        if had.dominates(vector) {
            state.push = Lane::Resting;
        } else {
            self.backoff.reset();
        }
    }

    /// Deals with a problem the peer reported. A code this build does not know is a refusal.
    fn refuse(&mut self, scope: Option<ScopeId>, report: ProblemReport, now_ms: u64, jitter: u32) {
        let retry_after_ms = report.retry_after_ms;
        match (report.problem(), scope) {
            (Some(Problem::Busy { .. }), _) => {}
            (Some(Problem::Fork(dot)), Some(scope)) => self.outputs.push(Output::Forked { scope, dot }),
            _ => self.outputs.push(Output::Refused { scope, report }),
        }
        if let Some(state) = scope.and_then(|scope| self.scopes.get_mut(&scope)) {
            state.lose_peer();
        }
        self.back_off(now_ms, jitter, retry_after_ms);
    }

    /// Rests, and begins with a hello afterwards. Several failures at once count as one.
    fn back_off(&mut self, now_ms: u64, jitter: u32, retry_after_ms: Option<u32>) {
        if now_ms >= self.not_before_ms {
            self.not_before_ms = now_ms + self.backoff.next_ms(jitter);
        }
        if let Some(retry_after_ms) = retry_after_ms {
            let asked_ms = u64::from(retry_after_ms).min(RETRY_AFTER_MAX_MS);
            // Nodes that were sent away together do not come back together.
            self.busy_until_ms = now_ms + asked_ms + ((asked_ms / 4 * u64::from(jitter)) >> 32);
            self.not_before_ms = self.not_before_ms.max(self.busy_until_ms);
        }
        self.next_hello_ms = self.not_before_ms;
        self.scopes.values_mut().for_each(Scope::lose_peer);
    }

    /// The peer is there, so there is no reason to wait for it; unless it asked to be left alone.
    fn end_wait(&mut self, now_ms: u64) {
        if self.not_before_ms > now_ms {
            self.not_before_ms = self.busy_until_ms.max(now_ms);
            self.next_hello_ms = self.not_before_ms;
        }
    }

    fn call(&mut self, purpose: Purpose, now_ms: u64) -> CallId {
        self.last_call += 1;
        let id = CallId(self.last_call);
        self.calls.insert(id, Call { purpose, deadline_ms: now_ms + CALL_TIMEOUT_MS });
        id
    }

    /// Ends a call; `None` when it ended before, as with a reply that comes twice or too late.
    fn end_call(&mut self, id: CallId) -> Option<Call> {
        let call = self.calls.remove(&id)?;
        for state in self.scopes.values_mut() {
            for lane in [&mut state.pull, &mut state.push] {
                if *lane == Lane::Asked(id) {
                    *lane = Lane::Idle;
                }
            }
        }
        Some(call)
    }

    fn expire_calls(&mut self, now_ms: u64, jitter: u32) {
        let expired: Vec<CallId> =
            self.calls.iter().filter(|(_, call)| call.deadline_ms <= now_ms).map(|(id, _)| *id).collect();
        for id in expired {
            if self.end_call(id).is_some() {
                self.back_off(now_ms, jitter, None);
            }
        }
    }

    /// Starts whatever is due. Nothing is asked while a hello is under way: its answer would be about
    /// what was before.
    fn go_on(&mut self, now_ms: u64) {
        let greets = self.calls.values().any(|call| matches!(call.purpose, Purpose::Hello(_)));
        if now_ms < self.not_before_ms || greets {
            return;
        }
        if now_ms >= self.next_hello_ms && self.calls.is_empty() && self.scopes.values().all(Scope::is_idle) {
            self.say_hello(now_ms);
            return;
        }
        let scopes: Vec<ScopeId> = self.scopes.keys().copied().collect();
        for scope in scopes {
            self.exchange(scope, now_ms);
        }
    }

    fn exchange(&mut self, scope: ScopeId, now_ms: u64) {
        let Some(state) = self.scopes.get(&scope) else { return };
        let pull = state.wants_pull().then(|| state.here.as_ref().map(|here| here.vector.clone())).flatten();
        let push = state.wants_push().then(|| state.there.clone()).flatten();
        if let Some(vector) = pull {
            let call = self.call(Purpose::Pull(scope), now_ms);
            self.outputs.push(Output::Send { call, request: Request::Pull { scope, vector } });
            if let Some(state) = self.scopes.get_mut(&scope) {
                state.pull = Lane::Asked(call);
                state.hinted = false;
            }
        }
        let Some(state) = self.scopes.get_mut(&scope) else { return };
        if let Some(have) = push {
            state.push = Lane::Local;
            state.built_for = have.clone();
            self.outputs.push(Output::Build { scope, have });
        }
        if state.takes_step() {
            self.outputs.push(Output::InStep { scope });
        }
    }

    fn say_hello(&mut self, now_ms: u64) {
        let mut spoken = BTreeMap::new();
        let mut scopes = Vec::new();
        for (scope, state) in &self.scopes {
            let Some(here) = &state.here else { return };
            let (scope, digest, own) = (*scope, here.vector.digest(), here.own);
            scopes.push(HelloScope { scope, digest, own, floors: Vec::new() });
            spoken.insert(scope, here.vector.clone());
        }
        let request = Request::Hello(Box::new(Hello {
            protocol: self.protocol,
            capabilities: self.capabilities.clone(),
            certificate: self.certificate.clone(),
            scopes,
        }));
        let call = self.call(Purpose::Hello(spoken), now_ms);
        self.outputs.push(Output::Send { call, request });
    }
}
