//! Whether the process lives, and whether it can be worked with.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_node::Health;
use serde_json::json;

use crate::node::Node;

/// Lives.
pub async fn live() -> &'static str {
    "ok"
}

/// Takes commands.
pub async fn ready(State(node): State<Node>) -> Response {
    let published = node.published();
    let store = match *node.writer.health().borrow() {
        Health::Ok => "ok",
        Health::Full => "full",
        Health::Stopped => "stopped",
    };
    let has_conference = !published.conference.slug.is_empty();
    let body = json!({ "store": store, "conference": has_conference, "position": published.position });
    let status = if store == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(body)).into_response()
}
