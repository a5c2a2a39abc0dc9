//! The driver: runs what the session machine asks for and tells it how it went.

mod tasks;
mod version;

use std::time::Duration;

use lanyard_sync::{
    CallId, Certificate, HelloReply, Input, NodeId, Output, OwnHead, Problem, Reply, Role, ScopeAnswer,
    Session, VersionVector,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use self::version::NotedVersion;
use super::status::LinkStatus;
use super::transport::{Transport, TransportError};
use super::{Uplink, hints, older};
use crate::ahead::{Ahead, Made};
use crate::clock::{system_entropy, system_now_ms};
use crate::engine::LocalChange;
use crate::held;
use crate::identity::Identity;
use crate::release;

/// Results that wait for the driver; more than the session ever has under way.
const DONE_MAX: usize = 64;
/// When nothing else is due.
const IDLE: Duration = Duration::from_secs(1);

/// What a task that the driver started came to.
enum Done {
    Replied { call: CallId, result: Result<Reply, TransportError> },
    Built(Option<Made>),
    Stored(Result<usize, Problem>),
    Settled,
}

/// Who is at the other end.
#[derive(Clone, Copy)]
struct Answering {
    node: NodeId,
    /// Whether its clock is the one that others are compared with.
    is_hq: bool,
}

struct Driver {
    uplink: Uplink,
    transport: Transport,
    session: Session,
    status: watch::Sender<LinkStatus>,
    done: mpsc::Sender<Done>,
    begun: Instant,
    /// What the session was last told of this side.
    here: Option<VersionVector>,
    /// Who answers, once it said so.
    peer: Option<Answering>,
    /// What the peer is known to have, as last noted.
    noted: Option<VersionVector>,
    /// Whether the peer speaks the protocol, as last noted.
    noted_version: NotedVersion,
    /// Whether a fork is being settled with the peer.
    settles: bool,
    /// The batch after the one that is being sent.
    ahead: Option<Ahead>,
}

/// Drives one session for ever.
pub(super) async fn drive(uplink: Uplink, transport: Transport, status: watch::Sender<LinkStatus>) {
    older::begin(&uplink, &transport, &status).await;
    let session =
        Session::new(release::protocol(), uplink.identity.certificate.clone(), Vec::new(), [uplink.scope()]);
    let (done, mut finished) = mpsc::channel(DONE_MAX);
    let (hint, mut hinted) = mpsc::channel(1);
    let mut beside = JoinSet::new();
    beside.spawn(hints::listen(transport.clone(), uplink.writer.clone(), hint));
    beside.spawn(hints::tell(transport.clone(), uplink.writer.clone(), status.subscribe()));
    beside.spawn(older::follow(uplink.clone(), transport.clone()));
    let mut published = uplink.writer.published();
    let mut driver = Driver {
        uplink,
        transport,
        session,
        status,
        done,
        begun: Instant::now(),
        here: None,
        peer: None,
        noted: None,
        noted_version: NotedVersion::Nothing,
        settles: false,
        ahead: None,
    };
    driver.look_here().await;
    loop {
        tokio::select! {
            changed = published.changed() => {
                if changed.is_err() {
                    break;
                }
                driver.look_here().await;
            }
            Some(()) = hinted.recv() => {
                let scope = driver.uplink.scope();
                driver.handle(Input::Hint { scope, digest: None }).await;
            }
            Some(done) = finished.recv() => driver.take(done).await,
            () = sleep_until(driver.wakes_at()) => {
                driver.handle(Input::Tick).await;
            }
        }
    }
}

impl Answering {
    fn of(certificate: &Certificate) -> Self {
        Self { node: certificate.claims.node, is_hq: certificate.has_role(Role::Hq) }
    }
}

impl Driver {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn wakes_at(&self) -> Instant {
        let due = self.session.wakes_at_ms().map(|at_ms| self.begun + Duration::from_millis(at_ms));
        due.unwrap_or_else(|| Instant::now() + IDLE)
    }

    /// Tells whether the writer took a change.
    async fn change(&self, change: LocalChange) -> bool {
        let changed = self.uplink.writer.change(change).await;
        if let Err(error) = &changed {
            tracing::debug!(error = error as &dyn std::error::Error, "what the peer said was not noted");
        }
        changed.is_ok()
    }

    /// Tells the session what is here.
    async fn look_here(&mut self) {
        let (log, vector) = {
            let published = self.uplink.writer.published();
            let published = published.borrow();
            (published.own_log, VersionVector::clone(&published.vector))
        };
        if self.here.as_ref() == Some(&vector) {
            return;
        }
        let own = OwnHead { log, head: vector.head(&log) };
        self.here = Some(vector.clone());
        let scope = self.uplink.scope();
        self.handle(Input::Here { scope, vector, own }).await;
    }

    async fn take(&mut self, done: Done) {
        let scope = self.uplink.scope();
        match done {
            Done::Replied { call, result: Ok(reply) } => {
                if let Reply::Hello(hello) = &reply {
                    if !self.is_of_this_scope(hello) {
                        self.status.send_modify(|status| status.refused(&Problem::DeniedScope.into()));
                        self.handle(Input::Failed { call, retry_after_ms: None }).await;
                        return;
                    }
                    self.peer = hello.certificate.as_ref().map(Answering::of);
                    self.status.send_modify(|status| status.peer = self.peer.map(|peer| peer.node));
                    self.note_version(hello.protocol).await;
                }
                self.note_contact(&reply);
                if let Reply::Push { vector } | Reply::Pull { vector, .. } = &reply {
                    self.note_peer(vector.clone()).await;
                }
                self.handle(Input::Reply { call, reply: Box::new(reply) }).await;
            }
            Done::Replied { call, result: Err(error) } => {
                self.status.send_modify(|status| match &error {
                    TransportError::Refused(report) => status.refused(report),
                    other => status.lost(in_words(other)),
                });
                let retry_after_ms = match error {
                    TransportError::Busy { retry_after_ms } => retry_after_ms,
                    _ => None,
                };
                self.handle(Input::Failed { call, retry_after_ms }).await;
            }
            Done::Settled => {
                self.settles = false;
                self.look_here().await;
            }
            Done::Built(made) => {
                let here = self.here.as_ref();
                let rest = made.as_ref().filter(|made| here.is_some_and(|here| made.leaves(here)));
                let rest = rest.map(|made| made.after.clone());
                self.handle(Input::Built { scope, batch: made.map(|made| made.bytes) }).await;
                if let Some(after) = rest {
                    self.build_ahead(after);
                }
            }
            Done::Stored(result) => {
                self.look_here().await;
                self.handle(Input::Stored { scope, result }).await;
            }
        }
    }

    /// Whoever shows a certificate shows one of the organiser for this conference.
    fn is_of_this_scope(&self, hello: &HelloReply) -> bool {
        let Identity { organiser_key, scope, .. } = &self.uplink.identity;
        let holds = |shown: &Certificate| shown.verify(organiser_key).is_ok() && shown.opens(scope);
        hello.certificate.as_ref().is_none_or(holds)
    }

    /// An answer shows that the line works, and a hello in step that nothing was missed up to now.
    fn note_contact(&self, reply: &Reply) {
        let in_step = matches!(reply, Reply::Hello(hello)
            if hello.scopes.iter().all(|(_, answer)| *answer == ScopeAnswer::InStep));
        self.status.send_modify(|status| {
            if in_step { status.in_step(system_now_ms()) } else { status.heard(system_now_ms()) }
        });
    }

    /// What the peer has is kept, so that everybody can see what still waits to be sent.
    async fn note_peer(&mut self, vector: VersionVector) {
        let Some(peer) = self.peer.filter(|_| self.noted.as_ref() != Some(&vector)) else { return };
        self.noted = Some(vector.clone());
        self.change(LocalChange::PeerHeard { peer: peer.node, vector, at_ms: system_now_ms() }).await;
    }

    /// Both sides have the same entries: what is here is there.
    async fn take_step(&mut self) {
        self.status.send_modify(|status| status.in_step(system_now_ms()));
        if let Some(here) = self.here.clone() {
            self.note_peer(here).await;
        }
    }

    async fn handle(&mut self, input: Input) {
        let mut jitter = [0; 4];
        system_entropy(&mut jitter);
        let outputs = self.session.handle(input, self.now_ms(), u32::from_le_bytes(jitter));
        for output in outputs {
            self.act(output).await;
        }
    }

    async fn act(&mut self, output: Output) {
        match output {
            Output::Send { call, request } => self.send(call, request),
            Output::Build { have, .. } => self.build(have),
            Output::Store { batch, .. } => self.store(batch),
            Output::InStep { .. } => self.take_step().await,
            Output::PeerClock { at_ms } => self.note_skew(at_ms).await,
            Output::Refused { report, .. } => {
                tracing::warn!(problem = report.code, "the peer refused");
                self.status.send_modify(|status| status.refused(&report));
                self.note_missing_version(&report).await;
                if let Some(Problem::MissingContext(dot)) = report.problem() {
                    self.settle(dot);
                }
            }
            Output::Rejected { problem, .. } => {
                tracing::warn!(problem = problem.code(), "what the peer sent was not accepted");
                self.status.send_modify(|status| status.refused(&problem.into()));
                if let Problem::MissingContext(dot) = problem {
                    self.settle(dot);
                }
            }
            Output::Forked { dot, .. } => {
                self.status.send_modify(|status| status.refused(&Problem::Fork(dot).into()));
                self.settle(dot);
            }
            Output::Rewound { head, .. } => {
                tracing::warn!(
                    seq = head.seq,
                    "this node was set back; its own entries are fetched from the peer"
                );
                let log = self.uplink.writer.now().own_log;
                held::hold(&self.uplink.writer, log, head.seq).await;
            }
            Output::Recovered { .. } => {
                tracing::info!("this node's own log is whole again");
            }
            Output::NeedsSnapshot { .. } => {
                let why = "The peer is itself still fetching what comes next here.".to_owned();
                self.status.send_modify(|status| status.lost(why));
            }
        }
    }

    async fn note_skew(&self, peer_at_ms: i64) {
        if !self.peer.is_some_and(|peer| peer.is_hq) {
            return;
        }
        let skew_ms = i32::try_from(system_now_ms().saturating_sub(peer_at_ms)).ok();
        self.status.send_modify(|status| status.skew_ms = skew_ms);
        self.change(LocalChange::Skew(skew_ms)).await;
    }
}

/// An error with what lies behind it.
fn in_words(error: &TransportError) -> String {
    match error {
        TransportError::Silent => "The peer does not answer in time.".to_owned(),
        TransportError::Away(source) if source.is_connect() => "The peer cannot be reached.".to_owned(),
        TransportError::Away(source) if source.is_body() || source.is_decode() => {
            "The line broke in the middle of an answer.".to_owned()
        }
        other => format!("{other}."),
    }
}
