//! `POST /sync/v1/exchange`: one request of a session, one reply.

use axum::extract::{self, FromRequest as _, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lanyard_sync::{
    Answer, Batch, NodeId, Problem, Reply, Request, ScopeAnswer, ScopeView, ServerView, VersionVector, answer,
};

use super::message::{Message, let_pass};
use super::open::{cbor, problem};
use super::sessions::Peer;
use super::{Host, ServedScope};
use crate::ahead::{Ahead, AheadOfPeers, Made};
use crate::clock::system_now_ms;
use crate::damage;
use crate::engine::{ImportError, LocalChange, SubmitError};
use crate::held;
use crate::read::{Read, ReadError};
use crate::release;

/// When to come again while the writer's queue is full, in milliseconds.
pub(super) const BUSY_FOR_MS: u32 = 500;

/// Answers a request of a peer that has a session. Nothing of it is read before there is room for it.
pub(super) async fn exchange(State(host): State<Host>, request: extract::Request) -> Response {
    let Some(peer) = peer_of(&host, request.headers()) else {
        let_pass(request.into_body()).await;
        return (StatusCode::UNAUTHORIZED, "open a session first").into_response();
    };
    let Some(_place) = host.room.exchange().await else {
        let_pass(request.into_body()).await;
        return problem(Problem::Busy { retry_after_ms: BUSY_FOR_MS });
    };
    let body = match Message::from_request(request, &host).await {
        Ok(Message(body)) => body,
        Err(refused) => return refused,
    };
    let Some(served) = (host.directory)(peer.scope) else { return problem(Problem::DeniedScope) };
    let Ok(request) = Request::decode(&body) else { return problem(Problem::Malformed) };
    match reply(&served, &host.ahead, peer, request).await {
        Ok(reply) => cbor(reply.encode()),
        Err(Failed::Problem(refused)) => problem(refused),
        Err(Failed::Broken(error)) => {
            damage::tell(&served.reader, &served.writer, &error).await;
            problem(Problem::Busy { retry_after_ms: BUSY_FOR_MS })
        }
    }
}

/// The peer behind the token of a request.
pub(super) fn peer_of(host: &Host, headers: &HeaderMap) -> Option<Peer> {
    let presented = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    host.sessions.peer(presented, system_now_ms())
}

enum Failed {
    Problem(Problem),
    Broken(ReadError),
}

impl From<ReadError> for Failed {
    fn from(error: ReadError) -> Self {
        Self::Broken(error)
    }
}

async fn reply(
    served: &ServedScope,
    ahead: &AheadOfPeers,
    peer: Peer,
    request: Request,
) -> Result<Reply, Failed> {
    let node = peer.certificate.claims.node;
    let mut made = None;
    if let Request::Pull { vector, .. } = &request {
        let heard = LocalChange::PeerHeard { peer: node, vector: vector.clone(), at_ms: system_now_ms() };
        note(served, heard).await;
        hold_if_set_back(served, vector).await;
        made = ahead.take(peer.scope, node, vector).await;
    }
    let (scope, identity, refuses_expired) = (peer.scope, served.identity.clone(), served.refuses_expired);
    let (decided, rest) = served
        .reader
        .read(move |db| {
            let prefix_of = |dot| db.entry_prefix(dot).ok().flatten();
            let view = ScopeView { vector: db.vector()?, prefix_of: &prefix_of, floors: db.floors()? };
            let view = ServerView {
                peer: &peer.certificate,
                certificate: Some(&identity.certificate),
                protocol: release::protocol(),
                capabilities: &[],
                now_ms: system_now_ms(),
                refuses_expired,
                busy_for_ms: None,
                scopes: [(scope, view)].into(),
            };
            Ok(match answer(request, &view) {
                Answer::Send { vector, .. } => {
                    let (reply, rest) = pulled(*db, vector, made)?;
                    (Answer::Reply(reply), rest)
                }
                decided => (decided, None),
            })
        })
        .await?;
    if let Some(rest) = rest {
        ahead.keep(scope, node, Ahead::begin(served.reader.clone(), rest));
    }
    if let Answer::Reply(Reply::Hello(hello)) = &decided
        && hello.scopes.iter().any(|(_, answer)| *answer == ScopeAnswer::InStep)
    {
        note_in_step(served, node).await;
    }
    match decided {
        Answer::Reply(reply) => Ok(reply),
        Answer::Store { batch, .. } => store(served, &batch).await,
        Answer::Send { .. } => Err(Failed::Problem(Problem::Malformed)),
    }
}

/// The reply to a pull, and what the peer has after it if that is not everything.
fn pulled(
    db: Read<'_>,
    have: VersionVector,
    made: Option<Made>,
) -> Result<(Reply, Option<VersionVector>), ReadError> {
    let made = match made.filter(|made| made.suits(&have)) {
        Some(made) => Some(made),
        None => Made::next(db, have)?,
    };
    let vector = db.vector()?;
    let rest = made.as_ref().filter(|made| made.leaves(&vector)).map(|made| made.after.clone());
    Ok((Reply::Pull { vector, batch: made.map(|made| made.bytes) }, rest))
}

async fn store(served: &ServedScope, travelled: &[u8]) -> Result<Reply, Failed> {
    let batch = Batch::decode(travelled).map_err(|_| Failed::Problem(Problem::Malformed))?;
    match served.writer.import_soon(batch).await {
        Ok(vector) => Ok(Reply::Push { vector }),
        Err(ImportError::Problem(problem)) => Err(Failed::Problem(problem)),
        Err(ImportError::StoreFull | ImportError::Stopped) => {
            Err(Failed::Problem(Problem::Busy { retry_after_ms: BUSY_FOR_MS * 10 }))
        }
    }
}

/// A peer that has more of this node's log than this node shows that it was set back.
async fn hold_if_set_back(served: &ServedScope, theirs: &VersionVector) {
    let now = served.writer.now();
    let (log, seq) = (now.own_log, theirs.seq(&now.own_log));
    if seq <= now.vector.seq(&log) {
        return;
    }
    tracing::warn!(seq, "this node was set back; a peer gives its own entries back");
    held::hold(&served.writer, log, seq).await;
}

/// A peer in step has what is here.
async fn note_in_step(served: &ServedScope, peer: NodeId) {
    let heard = {
        let published = served.writer.published();
        let published = published.borrow();
        let known = published.peers.get(&peer).is_some_and(|known| known.vector == *published.vector);
        let is_news = !known || published.waits_for.contains(&peer);
        let vector = VersionVector::clone(&published.vector);
        is_news.then_some(LocalChange::PeerHeard { peer, vector, at_ms: system_now_ms() })
    };
    if let Some(heard) = heard {
        note(served, heard).await;
    }
}

/// Remembers what a peer has. It is a convenience for whoever watches: a full queue goes first.
async fn note(served: &ServedScope, heard: LocalChange) {
    match served.writer.change(heard).await {
        Ok(_) | Err(SubmitError::Busy { .. } | SubmitError::StoreFull | SubmitError::Stopped) => {}
        Err(other) => {
            tracing::warn!(error = &other as &dyn std::error::Error, "a peer's vector was not noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use lanyard_sync::{Role, ScopeId, SigningKey};

    use super::super::room::Room;
    use super::super::sessions::Sessions;
    use super::*;
    use crate::identity::Identity;

    #[tokio::test]
    async fn a_node_that_finds_no_place_is_told_when_to_come_again() {
        let (organiser, scope) = (SigningKey::from_seed(&[200; 32]), ScopeId([5; 16]));
        let north =
            Identity::generate(&organiser, "north", [Role::Venue].into(), scope, 4_000_000_000_000, [1; 32])
                .unwrap();
        let sessions = Sessions::default();
        let token = sessions.begin(Peer { certificate: north.certificate, scope }, system_now_ms());
        let host = Host {
            directory: Arc::new(|_| None),
            sessions: Arc::new(sessions),
            room: Arc::new(Room::none()),
            shelf: Arc::default(),
            ahead: Arc::default(),
        };
        let request = extract::Request::post("/sync/v1/exchange")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(vec![0; 1_000_000]))
            .unwrap();
        let response = exchange(State(host), request).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let Ok(Reply::Problem(report)) = Reply::decode(&body) else { panic!("no problem") };
        assert_eq!(report.problem(), Some(Problem::Busy { retry_after_ms: BUSY_FOR_MS }));
    }
}
