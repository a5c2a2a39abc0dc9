//! `/sync/v1/hints`: server-sent events that say "there is something new", tell of fresh check-ins, and show that the
//! line lives; and the same check-ins from a peer that has no such stream open here.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use lanyard_domain::FreshCheckIn;
use lanyard_sync::{NodeId, Problem};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

use super::exchange::{BUSY_FOR_MS, peer_of};
use super::open::problem;
use super::{FRESH_EVENT, FRESH_MAX, HINT_HEARTBEAT_MS, Host, ServedScope};
use crate::engine::{LocalChange, Published, SubmitError};

/// What a stream of hints follows, and what it was told last.
struct News {
    published: watch::Receiver<Published>,
    /// As it was when the last hint was given.
    of_others: u64,
    fresh: broadcast::Receiver<FreshCheckIn>,
    /// Who listens: it knows of its own check-ins.
    peer: NodeId,
    _place: OwnedSemaphorePermit,
}

/// Streams a hint after each commit that brought entries of others; several commits at once make one.
pub(super) async fn hints(State(host): State<Host>, headers: HeaderMap) -> Response {
    let served = peer_of(&host, &headers).and_then(|peer| Some(((host.directory)(peer.scope)?, peer)));
    let Some((served, peer)) = served else {
        return (StatusCode::UNAUTHORIZED, "open a session first").into_response();
    };
    let Some(place) = host.room.stream() else {
        return problem(Problem::Busy { retry_after_ms: BUSY_FOR_MS });
    };
    let alive = KeepAlive::new().interval(Duration::from_millis(HINT_HEARTBEAT_MS)).text("alive");
    let news = news(&served, peer.certificate.claims.node, place);
    Sse::new(news).keep_alive(alive).into_response()
}

/// Takes in what a peer tells of. It is a hint: one that cannot be taken in is lost.
pub(super) async fn tell(
    State(host): State<Host>,
    headers: HeaderMap,
    Json(told): Json<Vec<FreshCheckIn>>,
) -> Response {
    let served = peer_of(&host, &headers).and_then(|peer| (host.directory)(peer.scope));
    let Some(served) = served else {
        return (StatusCode::UNAUTHORIZED, "open a session first").into_response();
    };
    if told.len() > FRESH_MAX {
        return problem(Problem::TooLarge);
    }
    match served.writer.change(LocalChange::FreshCheckIns(told)).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(SubmitError::Busy { .. } | SubmitError::StoreFull | SubmitError::Stopped) => {
            problem(Problem::Busy { retry_after_ms: BUSY_FOR_MS })
        }
        Err(other) => {
            tracing::warn!(error = &other as &dyn std::error::Error, "a peer's hint was not noted");
            problem(Problem::Busy { retry_after_ms: BUSY_FOR_MS })
        }
    }
}

/// One hint for entries the peer did not write; what changes local tables only is no news to it either.
fn news(
    served: &ServedScope,
    peer: NodeId,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let published = served.writer.published();
    let of_others = of_others(&published.borrow(), peer);
    let news = News { published, of_others, fresh: served.writer.fresh(), peer, _place: place };
    stream::unfold(news, async |mut news| {
        let event = news.next().await?;
        Some((Ok(event), news))
    })
}

/// Grows with every entry that the peer did not write.
fn of_others(published: &Published, peer: NodeId) -> u64 {
    let own = published.vector.iter().filter(|(log, _)| log.node == peer);
    published.position.wrapping_sub(own.map(|(_, head)| head.seq).sum())
}

impl News {
    async fn next(&mut self) -> Option<Event> {
        loop {
            let (told, peer) = (self.of_others, self.peer);
            tokio::select! {
                // What helps at once goes before what says where to look for it.
                biased;
                fresh = self.fresh.recv() => match fresh {
                    Ok(fresh) if fresh.dot.log.node == self.peer => {}
                    Ok(fresh) => return Event::default().event(FRESH_EVENT).json_data(fresh).ok(),
                    // The line is slow: the log will say what it missed.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
                published = self.published.wait_for(|published| of_others(published, peer) != told) => {
                    let published = published.ok()?;
                    self.of_others = of_others(&published, peer);
                    return Some(Event::default().data(published.position.to_string()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;

    use axum::http::HeaderValue;
    use axum::http::header::AUTHORIZATION;
    use futures_util::{FutureExt as _, StreamExt as _};
    use lanyard_domain::outcome::Outcome;

    use super::super::room::Room;
    use super::super::sessions::{Peer, Sessions};
    use super::*;
    use crate::clock::system_now_ms;
    use crate::engine::test_node::{TestNode, check_in, venue};
    use crate::writer::{Writer, WriterThread};

    fn serve(node: TestNode) -> (ServedScope, WriterThread) {
        let (identity, reader) = (node.engine.identity().clone(), node.reader());
        let (writer, thread) = Writer::spawn(node.engine).unwrap();
        let promised = watch::channel(std::collections::BTreeMap::new()).1;
        (ServedScope { identity, writer, reader, refuses_expired: false, promised }, thread)
    }

    /// A host of one conference, and a token of a peer.
    fn host(served: &ServedScope, peer: &TestNode) -> (Host, HeaderMap) {
        let sessions = Sessions::default();
        let certificate = peer.engine.identity().certificate.clone();
        let token = sessions.begin(Peer { certificate, scope: peer.engine.scope() }, system_now_ms());
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
        let served = served.clone();
        let directory = Arc::new(move |_| Some(served.clone()));
        (
            Host {
                directory,
                sessions: Arc::new(sessions),
                room: Arc::new(Room::default()),
                shelf: Arc::default(),
                ahead: Arc::default(),
            },
            headers,
        )
    }

    #[tokio::test]
    async fn what_a_peer_tells_of_keeps_somebody_out_and_a_stranger_is_not_heard() {
        let (_, mut north, mut south) = venue();
        north.give(check_in(1));
        let (again, another) = (south.submitted(check_in(1)), south.submitted(check_in(2)));
        let fresh = north.engine.take_fresh();
        let (served, thread) = serve(south);
        let (host, headers) = host(&served, &north);
        let stranger = tell(State(host.clone()), HeaderMap::new(), Json(fresh.clone())).await;
        assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
        let told = tell(State(host.clone()), headers.clone(), Json(fresh.clone())).await;
        assert_eq!(told.status(), StatusCode::NO_CONTENT);
        let outcome = served.writer.submit(again).await.unwrap().outcome;
        assert!(
            matches!(&outcome, Outcome::Refused(refused) if refused.refusal.code() == "already_checked_in")
        );
        assert!(matches!(served.writer.submit(another).await.unwrap().outcome, Outcome::Accepted(_)));
        let many = tell(State(host), headers, Json(vec![fresh[0].clone(); FRESH_MAX + 1])).await;
        assert_eq!(many.status(), StatusCode::OK, "a problem of the protocol, not an answer");
        drop(served);
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn whoever_listens_is_told_of_everybodys_check_ins_but_their_own() {
        let (_, mut north, mut south) = venue();
        north.give(check_in(1));
        let scan = south.submitted(check_in(2));
        let (peer, from_peer) = (north.engine.own_log().node, north.engine.take_fresh());
        let (served, _thread) = serve(south);
        let mut news = pin!(news(&served, peer, Room::default().stream().unwrap()));
        served.writer.change(LocalChange::FreshCheckIns(from_peer)).await.unwrap();
        served.writer.submit(scan).await.unwrap();
        let told = format!("{:?}", news.next().await.unwrap().unwrap());
        assert!(told.contains("event: check-in") && told.contains("door"), "{told}");
        assert!(!told.contains(&peer.to_string()), "the peer's own check-in is not told to it: {told}");
        let hint = format!("{:?}", news.next().await.unwrap().unwrap());
        assert!(hint.contains("data: ") && !hint.contains("event: "), "{hint}");
    }

    #[tokio::test]
    async fn whoever_listens_is_not_told_that_its_own_entries_came() {
        let (mut hq, mut north, _) = venue();
        let peer = north.engine.own_log().node;
        north.give(check_in(1));
        let had = hq.engine.vector();
        let batch = north.reader().read_here(|db| db.batch_after(&had)).unwrap().unwrap();
        let scan = hq.submitted(check_in(2));
        let (served, _thread) = serve(hq);
        let mut news = pin!(news(&served, peer, Room::default().stream().unwrap()));
        let mut published = served.writer.published();
        let before = published.borrow().position;
        served.writer.import(batch).await.unwrap();
        published.wait_for(|published| published.position > before).await.unwrap();
        assert!(news.next().now_or_never().is_none(), "there is nothing new for it");
        served.writer.submit(scan).await.unwrap();
        assert!(news.next().await.is_some(), "now there is");
    }
}
