//! `GET /sync/v1/introduction`: who a node is, for whoever found it on a network and believes nobody yet.

use axum::Router;
use axum::routing::get;
use lanyard_sync::Introduction;

use super::open::cbor;

/// The route, which answers everybody: nothing is in it but what TLS shows of a server, and whose it is.
pub fn introduction_route(introduction: &Introduction) -> Router {
    let bytes = introduction.encode();
    Router::new().route("/sync/v1/introduction", get(move || async move { cbor(bytes.clone()) }))
}
