//! Conflicts: the list with its evidence, and what staff decide.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use lanyard_domain::conflict::Conflict;
use lanyard_domain::event::Decision;
use lanyard_domain::{Attendee, Command, ConflictId, Person, Role};
use lanyard_node::engine::Published;
use lanyard_node::http::{ConflictCard, Json, Problem};
use lanyard_sync::Dot;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::command::Giving;
use crate::http::failure::Failure;
use crate::http::parts::{Parameters, Path};
use crate::http::path_ids::conflict_of;
use crate::http::signed::Signed;
use crate::node::Node;

/// Which conflicts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// `open`, `resolved` or `all`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: WhichState,
}

/// Which conflicts, by their state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhichState {
    /// Not decided.
    #[default]
    Open,
    /// Decided.
    Resolved,
    /// Both.
    All,
}

/// What staff decide.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolutionRequest {
    /// `annul` one check-in, or `accept` all.
    decision: DecisionWord,
    /// The check-in to annul.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    dot: Option<Dot>,
    /// Why, in their words.
    reason: String,
}

/// What to do with the facts.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DecisionWord {
    /// One is taken back.
    Annul,
    /// All of it stands.
    Accept,
}

/// Lists conflicts, the newest first.
#[utoipa::path(get, path = "/conflicts", tag = "conflicts", params(Which), responses((status = 200, body = Vec<ConflictCard>)))]
pub async fn list(
    State(node): State<Node>,
    signed: Signed,
    Parameters(which): Parameters<Which>,
) -> Result<axum::Json<Vec<ConflictCard>>, Failure> {
    signed.needs(Role::Volunteer)?;
    let only_open = which.state == WhichState::Open;
    let mut found = node.reader.read(move |db| db.conflicts(only_open)).await?;
    if which.state == WhichState::Resolved {
        found.retain(|(conflict, _)| !conflict.is_open());
    }
    let published = node.published();
    let cards = found.iter().map(|(conflict, attendee)| card(conflict, attendee, &published));
    Ok(axum::Json(cards.collect()))
}

/// Decides on a conflict.
#[utoipa::path(post, path = "/conflicts/{conflict_id}/resolution", tag = "conflicts", request_body = ResolutionRequest,
    params(("conflict_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = ConflictCard), (status = 409, description = "Decided before")))]
pub async fn resolve(
    State(node): State<Node>,
    Path(id): Path<String>,
    giving: Giving,
    request: Json<ResolutionRequest>,
) -> Result<Response, Failure> {
    let conflict: ConflictId = conflict_of(&id)?;
    let ResolutionRequest { decision, dot, reason } = request.value;
    let decision = match (decision, dot) {
        (DecisionWord::Annul, Some(check_in)) => Decision::Annul { check_in },
        (DecisionWord::Accept, None) => Decision::Accept,
        (DecisionWord::Annul, None) | (DecisionWord::Accept, Some(_)) => return Err(dot_misplaced().into()),
    };
    let attendee = node.reader.read(move |db| db.attendee_of_conflict(conflict)).await?;
    let attendee = attendee.ok_or_else(|| Problem::not_found("No such conflict is on this node."))?;
    let decided =
        giving.give(request.hash, Command::ResolveConflict { attendee, conflict, decision, reason }).await?;
    let (id, state) = decided.attendee().ok_or_else(Problem::internal)?;
    let after =
        state.conflicts(id).into_iter().find(|known| known.id == conflict).ok_or_else(Problem::internal)?;
    Ok(decided.respond(Some(state.entries), card(&after, state, &decided.published)))
}

fn card(conflict: &Conflict, attendee: &Attendee, published: &Published) -> ConflictCard {
    let name = attendee.person.as_ref().map(Person::full_name).unwrap_or_default();
    ConflictCard::of(conflict, attendee, Some(name), published)
}

fn dot_misplaced() -> Problem {
    let detail = "Give the dot of the check-in with annul, and none with accept.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", detail)
}
