//! `GET /sync/v1/hints`: server-sent events that say "there is something new", and that the line lives.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};

use super::exchange::peer_of;
use super::{HINT_HEARTBEAT_MS, Host, ServedScope};

/// Streams a hint after each commit; several commits at once make one.
pub(super) async fn hints(State(host): State<Host>, headers: HeaderMap) -> Response {
    let served = peer_of(&host, &headers).and_then(|peer| (host.directory)(peer.scope));
    let Some(served) = served else {
        return (StatusCode::UNAUTHORIZED, "open a session first").into_response();
    };
    let alive = KeepAlive::new().interval(Duration::from_millis(HINT_HEARTBEAT_MS)).text("alive");
    Sse::new(news(&served)).keep_alive(alive).into_response()
}

/// One hint for every new position; what changes local tables only is no news to a peer.
fn news(served: &ServedScope) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let published = served.writer.published();
    let position = published.borrow().position;
    stream::unfold((published, position), |(mut published, told)| async move {
        let position = published.wait_for(|published| published.position != told).await.ok()?.position;
        Some((Ok(Event::default().data(position.to_string())), (published, position)))
    })
}
