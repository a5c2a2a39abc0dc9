//! Badges: making, making again, voiding, and how they look.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use lanyard_badge::{Badge, RenderError};
use lanyard_domain::view::CodeMatch;
use lanyard_domain::{AttendeeId, BadgeCode, Command, Role, access_code};
use lanyard_node::http::{Json, Problem};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use crate::http::cards::print_job::PrintJobCard;
use crate::http::check_ins::AttendeeAfter;
use crate::http::command::{Decided, Giving};
use crate::http::failure::Failure;
use crate::http::parts::{Parameters, Path};
use crate::http::path_ids::attendee_of;
use crate::http::reason::{Nothing, Reason};
use crate::http::signed::Signed;
use crate::node::Node;
use crate::print::badge_maker::MakeError;
use crate::print::wording::badge_text;

const PREVIEW_DPI: u32 = 150;
const PREVIEW_DPI_MAX: u32 = 300;

/// A badge that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct BadgeMade {
    /// The code on it.
    badge_code: String,
    /// Its print job; none at a desk without a printer.
    print_job: Option<PrintJobCard>,
}

/// How a preview is drawn.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// Dots per inch, at most 300.
    #[serde(default)]
    dpi: Option<u32>,
}

/// Makes a badge for somebody without one.
#[utoipa::path(post, path = "/attendees/{attendee_id}/badges", tag = "badges", request_body = Nothing,
    params(("attendee_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = BadgeMade), (status = 409, description = "Refused, with the reason")))]
pub async fn issue(
    Path(id): Path<String>,
    giving: Giving,
    request: Json<Nothing>,
) -> Result<Response, Failure> {
    let attendee = attendee_of(&id)?;
    made(giving.give(request.hash, Command::IssueBadge { attendee }).await?).await
}

/// Makes a badge again; the earlier one becomes void.
#[utoipa::path(post, path = "/attendees/{attendee_id}/badges/reprint", tag = "badges", request_body = Reason,
    params(("attendee_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = BadgeMade), (status = 409, description = "Refused, with the reason")))]
pub async fn reprint(
    Path(id): Path<String>,
    giving: Giving,
    request: Json<Reason>,
) -> Result<Response, Failure> {
    let command = Command::ReprintBadge { attendee: attendee_of(&id)?, reason: request.value.reason };
    made(giving.give(request.hash, command).await?).await
}

/// Makes a badge worthless.
#[utoipa::path(post, path = "/badges/{badge_code}/void", tag = "badges", request_body = Reason,
    params(("badge_code" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = AttendeeAfter), (status = 404, description = "No such badge here")))]
pub async fn void(
    State(node): State<Node>,
    Path(code): Path<String>,
    giving: Giving,
    request: Json<Reason>,
) -> Result<Response, Failure> {
    let unknown = || Problem::not_found("No such badge is on this node.");
    let badge_code: BadgeCode = code.parse().map_err(|_| unknown())?;
    let folded = access_code::fold(badge_code.as_str());
    let found = node.reader.read(move |db| db.code(&folded)).await?;
    let CodeMatch::Badge(attendee, badge_code) = found else { return Err(unknown().into()) };
    let reason = request.value.reason;
    let decided = giving.give(request.hash, Command::VoidBadge { attendee, badge_code, reason }).await?;
    let attendee = decided.attendee_card().await?.ok_or_else(Problem::internal)?;
    Ok(decided.respond(Some(attendee.version), AttendeeAfter { attendee }))
}

/// Shows the active badge, or what would be printed, as a picture.
#[utoipa::path(get, path = "/attendees/{attendee_id}/badge.png", tag = "badges",
    params(("attendee_id" = String, Path), Preview),
    responses((status = 200, content_type = "image/png"), (status = 404, description = "No such attendee here")))]
pub async fn png(
    State(node): State<Node>,
    signed: Signed,
    Path(id): Path<String>,
    Parameters(preview): Parameters<Preview>,
) -> Result<Response, Failure> {
    shown(&node, &signed, &id, preview, "image/png", Badge::to_png).await
}

/// Shows the active badge, or what would be printed, as it goes to paper.
#[utoipa::path(get, path = "/attendees/{attendee_id}/badge.pdf", tag = "badges",
    params(("attendee_id" = String, Path), Preview),
    responses((status = 200, content_type = "application/pdf"), (status = 404, description = "No such attendee here")))]
pub async fn pdf(
    State(node): State<Node>,
    signed: Signed,
    Path(id): Path<String>,
    Parameters(preview): Parameters<Preview>,
) -> Result<Response, Failure> {
    shown(&node, &signed, &id, preview, "application/pdf", Badge::to_pdf).await
}

async fn made(decided: Decided) -> Result<Response, Failure> {
    let print_job = PrintJobCard::of_decided(&decided).await?;
    let badge_code = decided.accepted.badge_code.clone().ok_or_else(Problem::internal)?.to_string();
    let version = decided.attendee().map(|(_, attendee)| attendee.entries);
    Ok(decided.respond(version, BadgeMade { badge_code, print_job }))
}

async fn shown(
    node: &Node,
    signed: &Signed,
    id: &str,
    preview: Preview,
    content_type: &'static str,
    draw: fn(&Badge) -> Result<Vec<u8>, RenderError>,
) -> Result<Response, Failure> {
    signed.needs(Role::Volunteer)?;
    let id: AttendeeId = attendee_of(id)?;
    let attendee = node.reader.read(move |db| db.attendee(id)).await?;
    let attendee = attendee.ok_or_else(|| Problem::not_found("No such attendee is on this node."))?;
    let badge = attendee.active_badges().last();
    let text = badge_text(&attendee, badge, &node.published().conference);
    let dpi = preview.dpi.unwrap_or(PREVIEW_DPI).min(PREVIEW_DPI_MAX);
    let badge = node.badges.make(text, dpi).await.map_err(|error| not_drawn(&error))?;
    // Drawing takes milliseconds, which other requests on the same thread would wait for.
    let drawn = spawn_blocking(move || draw(&badge)).await.map_err(|_| Problem::internal())?;
    let bytes = drawn.map_err(|error| not_drawn(&error.into()))?;
    Ok(([(header::CONTENT_TYPE, content_type)], bytes).into_response())
}

fn not_drawn(error: &MakeError) -> Problem {
    let status = match error {
        MakeError::Busy => return Problem::busy(1_000),
        MakeError::Stopped => StatusCode::SERVICE_UNAVAILABLE,
        MakeError::Render(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status, "badge_not_drawn", format!("The badge cannot be drawn: {error}."))
}
