//! Erasures: erasing an attendee, and which nodes have removed what was erased.

use axum::extract::State;
use axum::response::Response;
use lanyard_domain::{Command, Role};
use lanyard_node::http::{Json, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::check_ins::AttendeeAfter;
use crate::http::command::Giving;
use crate::http::failure::Failure;
use crate::http::parts::Path;
use crate::http::path_ids::attendee_of;
use crate::http::reason::Nothing;
use crate::http::signed::Signed;
use crate::node::Node;

/// How far erasures are.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureReport {
    /// Attendees that were erased.
    attendees: u64,
    /// Every node known here.
    nodes: Vec<NodeErasures>,
}

/// How far one node is, as far as this one knows.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeErasures {
    /// Name of the node.
    node: String,
    /// Attendees whose words it has not said to have removed.
    remaining: u64,
}

/// Erases the words about an attendee everywhere and for good; for administrators.
#[utoipa::path(post, path = "/attendees/{attendee_id}/erasure", tag = "door", request_body = Nothing,
    params(("attendee_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = AttendeeAfter), (status = 404, description = "No such attendee here"),
        (status = 409, description = "Erased before")))]
pub async fn erase(
    Path(id): Path<String>,
    giving: Giving,
    request: Json<Nothing>,
) -> Result<Response, Failure> {
    let command = Command::EraseAttendee { attendee: attendee_of(&id)? };
    let decided = giving.give(request.hash, command).await?;
    let attendee = decided.attendee_card().await?.ok_or_else(Problem::internal)?;
    Ok(decided.respond(Some(attendee.version), AttendeeAfter { attendee }))
}

/// Tells which nodes have removed what was erased; for supervisors.
#[utoipa::path(get, path = "/erasures", tag = "door", responses((status = 200, body = ErasureReport)))]
pub async fn report(State(node): State<Node>, signed: Signed) -> Result<axum::Json<ErasureReport>, Failure> {
    signed.needs(Role::Supervisor)?;
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "a path is not general enough over the lifetime of a read"
    )]
    let report = node.reader.read(|db| db.erasures()).await?;
    let nodes = report.nodes.into_iter();
    let nodes = nodes.map(|one| NodeErasures { node: one.node, remaining: one.remaining }).collect();
    Ok(axum::Json(ErasureReport { attendees: report.attendees, nodes }))
}
