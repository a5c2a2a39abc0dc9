//! `POST /sync/v1/rights`: a peer that has a session asks for seat rights.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Host;
use super::exchange::peer_of;
use crate::rights::{GiveError, Wanted, give};

/// Gives a peer what can be spared.
pub(super) async fn rights(
    State(host): State<Host>,
    headers: HeaderMap,
    Json(wanted): Json<Wanted>,
) -> Response {
    let served = peer_of(&host, &headers).and_then(|peer| Some(((host.directory)(peer.scope)?, peer)));
    let Some((served, peer)) = served else {
        return (StatusCode::UNAUTHORIZED, "open a session first").into_response();
    };
    match give(&served, peer.certificate.claims.node, &wanted).await {
        Ok(given) => Json(given).into_response(),
        Err(GiveError::NotTheirs) => {
            (StatusCode::FORBIDDEN, "ask for rights for a log of your own").into_response()
        }
        Err(GiveError::Submit(_)) => (StatusCode::SERVICE_UNAVAILABLE, "ask again later").into_response(),
        Err(GiveError::Read(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the ledger cannot be read for a peer");
            (StatusCode::SERVICE_UNAVAILABLE, "ask again later").into_response()
        }
    }
}
