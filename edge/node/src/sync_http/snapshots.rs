//! `/sync/v1/snapshot`: what is folded here, for a node that has nothing; and `/sync/v1/history`: the log it was folded
//! from, for a node that has taken one up.
//!
//! A snapshot is made when somebody asks for it, of one commit, beside everything else, and kept in memory for a while:
//! who comes again finds the same one, and its chunks by their names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{self, FromRequest as _, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use lanyard_sync::{Hash, Problem, ScopeId, VersionVector};
use tokio::sync::Mutex;

use super::exchange::{BUSY_FOR_MS, peer_of};
use super::message::{Message, let_pass};
use super::open::{cbor, problem};
use super::{Host, ServedScope};
use crate::damage;
use crate::read::ReadError;
use crate::snapshot::{Made, make};

/// With fewer entries it is as quick to send them.
const ENTRIES_MIN: u64 = 4_096;
/// How long the same snapshot is given to whoever asks.
const GIVEN_FOR: Duration = Duration::from_mins(1);
/// How long its chunks are kept.
const KEPT_FOR: Duration = Duration::from_mins(10);
/// Bytes of the length before the first of two vectors.
const LENGTH_BYTES: usize = 4;

/// The snapshots that are kept. Whoever makes one has the shelf: the others wait, and find it.
#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<BTreeMap<ScopeId, Shelved>>);

#[derive(Clone, Debug)]
struct Shelved {
    made: Arc<Made>,
    at: Instant,
}

/// `GET /sync/v1/snapshot`: the manifest; 204 where the log is as quick.
pub(super) async fn manifest(State(host): State<Host>, headers: HeaderMap) -> Response {
    let Some(served) = served(&host, &headers) else { return no_session() };
    let Some(_place) = host.room.snapshot() else { return busy() };
    let now = served.writer.now();
    if now.history.is_some() || now.folding > 0 {
        return busy();
    }
    if now.vector.iter().map(|(_, head)| head.seq).sum::<u64>() < ENTRIES_MIN {
        return StatusCode::NO_CONTENT.into_response();
    }
    match shelved(&host, &served).await {
        Ok(Some(made)) => cbor(made.manifest.clone()),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            damage::tell(&served.reader, &served.writer, &error).await;
            busy()
        }
    }
}

/// `GET /sync/v1/snapshot/{hash}`: a chunk; 404 once it is not kept any more.
pub(super) async fn chunk(
    State(host): State<Host>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    let Some(served) = served(&host, &headers) else { return no_session() };
    let Some(_place) = host.room.snapshot() else { return busy() };
    let shelf = host.shelf.0.lock().await;
    let made = shelf.get(&served.identity.scope).map(|shelved| Arc::clone(&shelved.made));
    drop(shelf);
    let bytes = name.parse::<Hash>().ok().and_then(|hash| made?.chunks.get(&hash).cloned());
    bytes.map_or_else(|| StatusCode::NOT_FOUND.into_response(), cbor)
}

/// `POST /sync/v1/history`: the next batch of what the first vector lacks of what the second one has; 204 when this node
/// has nothing of it.
pub(super) async fn history(State(host): State<Host>, request: extract::Request) -> Response {
    let Some(served) = served(&host, request.headers()) else {
        let_pass(request.into_body()).await;
        return no_session();
    };
    let Some(_place) = host.room.exchange().await else {
        let_pass(request.into_body()).await;
        return busy();
    };
    let body = match Message::from_request(request, &host).await {
        Ok(Message(body)) => body,
        Err(refused) => return refused,
    };
    let Some((have, until)) = two_vectors(&body) else { return problem(Problem::Malformed) };
    match served.reader.read(move |db| db.history_after(&have, &until)).await {
        Ok(Some(batch)) => cbor(batch.encode()),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            damage::tell(&served.reader, &served.writer, &error).await;
            busy()
        }
    }
}

/// What is asked for with two vectors, as it travels: the length of the first in 4 bytes, most significant first, and
/// both.
pub(crate) fn between(have: &VersionVector, until: &VersionVector) -> Vec<u8> {
    let (have, until) = (have.encode(), until.encode());
    let length = u32::try_from(have.len()).expect("a vector is bounded").to_be_bytes();
    [&length[..], &have, &until].concat()
}

fn two_vectors(body: &[u8]) -> Option<(VersionVector, VersionVector)> {
    let (length, rest) = body.split_first_chunk::<LENGTH_BYTES>()?;
    let (have, until) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((VersionVector::decode(have).ok()?, VersionVector::decode(until).ok()?))
}

fn served(host: &Host, headers: &HeaderMap) -> Option<ServedScope> {
    peer_of(host, headers).and_then(|peer| (host.directory)(peer.scope))
}

/// The snapshot that is given at present; a new one when it is old.
async fn shelved(host: &Host, served: &ServedScope) -> Result<Option<Arc<Made>>, ReadError> {
    let scope = served.identity.scope;
    let mut shelf = host.shelf.0.lock().await;
    if let Some(shelved) = shelf.get(&scope).filter(|shelved| shelved.at.elapsed() < GIVEN_FOR) {
        return Ok(Some(Arc::clone(&shelved.made)));
    }
    let identity = served.identity.clone();
    let Some(made) = served.reader.read(move |db| make(db, &identity)).await? else { return Ok(None) };
    let made = Arc::new(made);
    shelf.insert(scope, Shelved { made: Arc::clone(&made), at: Instant::now() });
    let (shelf, kept) = (Arc::clone(&host.shelf), Arc::downgrade(&made));
    tokio::spawn(async move {
        tokio::time::sleep(KEPT_FOR).await;
        shelf.0.lock().await.retain(|_, shelved| !std::ptr::eq(Arc::as_ptr(&shelved.made), kept.as_ptr()));
    });
    Ok(Some(made))
}

fn no_session() -> Response {
    (StatusCode::UNAUTHORIZED, "open a session first").into_response()
}

fn busy() -> Response {
    problem(Problem::Busy { retry_after_ms: BUSY_FOR_MS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_vectors_read_back_and_nothing_else_does() {
        let node = crate::engine::test_node::TestNode::new(1);
        let vector = node.engine.vector();
        let asked = between(&VersionVector::default(), &vector);
        assert_eq!(two_vectors(&asked), Some((VersionVector::default(), vector)));
        for wrong in [&[][..], &[0, 0, 0], &[0, 0, 0, 9, 1], &[255; 40]] {
            assert_eq!(two_vectors(wrong), None);
        }
    }
}
