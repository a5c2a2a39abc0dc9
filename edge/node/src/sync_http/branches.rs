//! `POST /sync/v1/branches`: a peer that has a session asks where its copy of a log and the one here part.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Host;
use super::exchange::peer_of;
use crate::branch::{Compare, compare};
use crate::engine::LocalChange;

/// Compares, and notes a fork the peer knows of: what others write of it is accepted from then on.
pub(super) async fn branches(
    State(host): State<Host>,
    headers: HeaderMap,
    Json(question): Json<Compare>,
) -> Response {
    let served = peer_of(&host, &headers).and_then(|peer| (host.directory)(peer.scope));
    let Some(served) = served else {
        return (StatusCode::UNAUTHORIZED, "open a session first").into_response();
    };
    if served.writer.now().history.is_some() {
        // What is still to come here would look like another branch.
        return (StatusCode::SERVICE_UNAVAILABLE, "ask again later").into_response();
    }
    let log = question.log;
    if let Some(from) = question.fork
        && let Err(error) = served.writer.change(LocalChange::ForkFound { log, from }).await
    {
        tracing::debug!(error = &error as &dyn std::error::Error, "a fork was not noted");
        return (StatusCode::SERVICE_UNAVAILABLE, "ask again later").into_response();
    }
    match served.reader.read(move |db| compare(db, &question)).await {
        Ok(compared) => Json(compared).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a log cannot be compared for a peer");
            (StatusCode::SERVICE_UNAVAILABLE, "ask again later").into_response()
        }
    }
}
