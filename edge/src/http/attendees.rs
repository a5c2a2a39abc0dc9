//! Attendees: search and card.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use lanyard_domain::{Folded, Role, Stream};
use lanyard_node::http::{Problem, entity_tag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::cards::Names;
use crate::http::cards::attendee::{AttendeeCard, AttendeeRow};
use crate::http::command::history;
use crate::http::failure::Failure;
use crate::http::parts::{Parameters, Path};
use crate::http::path_ids::attendee_of;
use crate::http::signed::Signed;
use crate::node::Node;

const ROWS_USUAL: usize = 20;
const ROWS_MAX: usize = 100;

/// What is looked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Beginnings of names, e-mail, company, order or access code; empty for those that changed last.
    #[serde(default)]
    q: String,
    /// Most rows; at most 100.
    #[serde(default)]
    limit: Option<usize>,
}

/// Who was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    /// Best first.
    rows: Vec<AttendeeRow>,
    /// Whether there are more.
    more: bool,
}

/// Finds attendees by what a desk knows of them.
#[utoipa::path(get, path = "/attendees", tag = "door", params(Search), responses((status = 200, body = Found)))]
pub async fn search(
    State(node): State<Node>,
    signed: Signed,
    Parameters(search): Parameters<Search>,
) -> Result<axum::Json<Found>, Failure> {
    signed.needs(Role::Volunteer)?;
    let limit = search.limit.unwrap_or(ROWS_USUAL).clamp(1, ROWS_MAX);
    let mut found = node.reader.read(move |db| db.search(&search.q, limit + 1)).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let published = node.published();
    let names = Names(&published);
    let rows = found.iter().map(|(id, attendee)| AttendeeRow::of(*id, attendee, names)).collect();
    Ok(axum::Json(Found { rows, more }))
}

/// Shows everything known of an attendee.
#[utoipa::path(get, path = "/attendees/{attendee_id}", tag = "door", params(("attendee_id" = String, Path)),
    responses((status = 200, body = AttendeeCard), (status = 404, description = "No such attendee here")))]
pub async fn show(
    State(node): State<Node>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    signed.needs(Role::Volunteer)?;
    let id = attendee_of(&id)?;
    let state = node.reader.read(move |db| db.state(&Stream::Attendee(id))).await?;
    let Some((Folded::Attendee(attendee), readable)) = state.map(|state| (state.folded, state.readable))
    else {
        return Err(Problem::not_found("No such attendee is on this node.").into());
    };
    let published = node.published();
    let names = Names(&published);
    let mut card = AttendeeCard::of(id, &attendee, names, signed.role);
    card.read_only = !readable;
    card.history = history(&node, id, names).await?;
    Ok(([(header::ETAG, entity_tag(card.version))], axum::Json(card)).into_response())
}
