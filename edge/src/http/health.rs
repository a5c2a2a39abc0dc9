//! Whether the process lives, and whether it can be worked with.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::node::Node;

/// Lives.
pub async fn live() -> &'static str {
    "ok"
}

/// Takes commands, be it in the last room of the disk. What is wrong with the line to HQ keeps nobody from working.
pub async fn ready(State(node): State<Node>) -> Response {
    let published = node.published();
    let health = *node.writer.health().borrow();
    let has_conference = !published.conference.slug.is_empty();
    let hq_problem = node.hq.as_ref().and_then(|hq| hq.borrow().problem.clone());
    let body = json!({
        "store": health.as_str(), "conference": has_conference, "position": published.position,
        "hq_problem": hq_problem,
    });
    let status = if health.takes_commands() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(body)).into_response()
}
