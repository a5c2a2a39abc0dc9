//! The answering side: what follows from a request, as a pure decision.
//!
//! Hello is answered here. For a pull the caller builds a batch, for a push it stores one, and then
//! replies with its vector. The answering side keeps nothing between requests.

use std::collections::BTreeMap;

use crate::certificate::Certificate;
use crate::id::{Dot, LogId, ScopeId};
use crate::problem::Problem;
use crate::session::protocol::Protocol;
use crate::session::reply::{HelloReply, Reply, ScopeAnswer};
use crate::session::request::{Hello, HelloScope, Request};
use crate::vector::{Head, VersionVector};

/// What the answering node is and knows.
pub struct ServerView<'a> {
    /// Who asks, as the handshake has shown.
    pub peer: &'a Certificate,
    /// Who answers; left out where the transport has shown it.
    pub certificate: Option<&'a Certificate>,
    /// The protocol versions the node speaks.
    pub protocol: Protocol,
    /// What the node can do, as words.
    pub capabilities: &'a [String],
    /// Wall clock in milliseconds since 1970.
    pub now_ms: i64,
    /// Whether an expired certificate is refused: at HQ, never between nodes of a venue.
    pub refuses_expired: bool,
    /// When to come again, in milliseconds, while there is too much to do.
    pub busy_for_ms: Option<u32>,
    /// The scopes the node has.
    pub scopes: BTreeMap<ScopeId, ScopeView<'a>>,
}

/// What the answering node has of a scope.
pub struct ScopeView<'a> {
    /// Its version vector.
    pub vector: VersionVector,
    /// Looks up the first bytes of a stored entry's hash.
    pub prefix_of: &'a dyn Fn(Dot) -> Option<[u8; 8]>,
    /// Logs that are held only from a sequence number on.
    pub floors: BTreeMap<LogId, u64>,
}

/// What the answering node has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Reply.
    Reply(Reply),
    /// Build a batch of what the vector lacks and reply with it.
    Send {
        /// The scope.
        scope: ScopeId,
        /// What the asking node has.
        vector: VersionVector,
    },
    /// Verify and store the batch and reply with the new vector.
    Store {
        /// The scope.
        scope: ScopeId,
        /// The batch as it travelled.
        batch: Vec<u8>,
    },
}

/// Decides what follows from a request.
pub fn answer(request: Request, view: &ServerView<'_>) -> Answer {
    decide(request, view).unwrap_or_else(|problem| Answer::Reply(Reply::problem(problem)))
}

fn decide(request: Request, view: &ServerView<'_>) -> Result<Answer, Problem> {
    if view.refuses_expired && view.peer.is_expired(view.now_ms) {
        return Err(Problem::ExpiredCertificate);
    }
    if let Some(retry_after_ms) = view.busy_for_ms {
        return Err(Problem::Busy { retry_after_ms });
    }
    match request {
        Request::Hello(hello) => Ok(Answer::Reply(hello_reply(&hello, view)?)),
        Request::Pull { scope, vector } => {
            let here = open(view, scope).ok_or(Problem::DeniedScope)?;
            if let Some(dot) = fork(here, &vector) {
                return Err(Problem::Fork(dot));
            }
            if let Some(dot) = below_floor(here, &vector) {
                return Err(Problem::Gap(dot));
            }
            if vector.dominates(&here.vector) {
                return Ok(Answer::Reply(Reply::Pull { vector: here.vector.clone(), batch: None }));
            }
            Ok(Answer::Send { scope, vector })
        }
        Request::Push { scope, batch } => {
            open(view, scope).ok_or(Problem::DeniedScope)?;
            Ok(Answer::Store { scope, batch })
        }
    }
}

fn open<'v, 'a>(view: &'v ServerView<'a>, scope: ScopeId) -> Option<&'v ScopeView<'a>> {
    view.scopes.get(&scope).filter(|_| view.peer.opens(&scope))
}

fn hello_reply(hello: &Hello, view: &ServerView<'_>) -> Result<Reply, Problem> {
    let protocol = view.protocol.common(hello.protocol)?;
    if hello.certificate.claims.node != view.peer.claims.node {
        return Err(Problem::Malformed);
    }
    let scopes = hello.scopes.iter().map(|there| {
        let here = open(view, there.scope).filter(|_| there.own.log.node == view.peer.claims.node);
        (there.scope, here.map_or(ScopeAnswer::Denied, |here| scope_answer(there, here)))
    });
    Ok(Reply::Hello(Box::new(HelloReply {
        protocol,
        capabilities: view.capabilities.to_vec(),
        certificate: view.certificate.cloned(),
        at_ms: view.now_ms,
        scopes: scopes.collect(),
    })))
}

fn scope_answer(there: &HelloScope, here: &ScopeView<'_>) -> ScopeAnswer {
    if there.digest == here.vector.digest() {
        return ScopeAnswer::InStep;
    }
    let own = there.own;
    if let Some(head) = own.head
        && differs(here, own.log.dot(head.seq), head.prefix)
    {
        return ScopeAnswer::ForkedAt { seq: head.seq };
    }
    if let Some(head) = here.vector.head(&own.log)
        && head.seq > own.seq()
    {
        return ScopeAnswer::Rewound { head };
    }
    if !here.floors.is_empty() && there.digest == VersionVector::default().digest() {
        return ScopeAnswer::SnapshotOnly;
    }
    ScopeAnswer::Exchange { vector: here.vector.clone() }
}

/// Tells whether another entry is held under this id.
fn differs(here: &ScopeView<'_>, dot: Dot, prefix: [u8; 8]) -> bool {
    let held = match here.vector.head(&dot.log) {
        Some(Head { seq, prefix }) if seq == dot.seq => Some(prefix),
        Some(head) if head.seq > dot.seq => (here.prefix_of)(dot),
        Some(_) | None => None,
    };
    held.is_some_and(|held| held != prefix)
}

fn fork(here: &ScopeView<'_>, vector: &VersionVector) -> Option<Dot> {
    vector
        .iter()
        .map(|(log, head)| (log.dot(head.seq), head.prefix))
        .find(|(dot, prefix)| differs(here, *dot, *prefix))
        .map(|(dot, _)| dot)
}

fn below_floor(here: &ScopeView<'_>, vector: &VersionVector) -> Option<Dot> {
    here.floors.iter().find(|(log, floor)| vector.seq(log) + 1 < **floor).map(|(log, floor)| log.dot(*floor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::{Replica, SCOPE};

    fn answered(now_ms: i64, refuses_expired: bool) -> Answer {
        let replica = Replica::new(1);
        let peer = &replica.known.logs[&replica.log()].certificate;
        let view = ServerView {
            peer,
            certificate: None,
            protocol: Protocol::CURRENT,
            capabilities: &[],
            now_ms: peer.claims.not_after_ms.saturating_add(now_ms),
            refuses_expired,
            busy_for_ms: None,
            scopes: [(
                SCOPE,
                ScopeView { vector: replica.vector(), prefix_of: &|_| None, floors: BTreeMap::new() },
            )]
            .into(),
        };
        answer(Request::Push { scope: SCOPE, batch: vec![7] }, &view)
    }

    #[test]
    fn whoever_refuses_expired_certificates_takes_nothing_after_their_last_moment() {
        let refused = Answer::Reply(Reply::problem(Problem::ExpiredCertificate));
        let stored = Answer::Store { scope: SCOPE, batch: vec![7] };
        assert_eq!(answered(1, true), refused);
        assert_eq!(answered(0, true), stored, "the last moment is one of the certificate's");
        assert_eq!(answered(1, false), stored, "nodes of a venue go on among each other");
    }
}
