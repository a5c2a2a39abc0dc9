//! Documents: badge text and notes of an attendee, and the texts of the conference, edited by several desks at once.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use lanyard_domain::document::{Field, Version};
use lanyard_domain::{Command, DocumentId, Folded, Role, SharedDocument, Stream};
use lanyard_node::http::{Json, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::cards::Names;
use crate::http::cards::document::DocumentCard;
use crate::http::check_ins::AttendeeAfter;
use crate::http::command::Giving;
use crate::http::failure::Failure;
use crate::http::parts::Path;
use crate::http::path_ids::{attendee_of, document_of};
use crate::http::signed::Signed;
use crate::node::Node;

/// An edit of a document.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentEdit {
    /// The `version` that was shown: whatever somebody wrote since is kept beside the edit.
    #[schema(value_type = String)]
    seen: Version,
    /// Fields that are set; an empty text takes one away. Where a field has several values, the text is chosen over
    /// all that were seen.
    #[schema(value_type = BTreeMap<String, String>)]
    fields: BTreeMap<Field, String>,
}

/// Edits badge text and notes of an attendee.
#[utoipa::path(post, path = "/attendees/{attendee_id}/document", tag = "documents", request_body = DocumentEdit,
    params(("attendee_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = AttendeeAfter), (status = 409, description = "What was seen is not known here"),
        (status = 422, description = "A text is too long")))]
pub async fn edit_of_attendee(
    Path(id): Path<String>,
    giving: Giving,
    request: Json<DocumentEdit>,
) -> Result<Response, Failure> {
    let document = DocumentId::Attendee(attendee_of(&id)?);
    let DocumentEdit { seen, fields } = request.value;
    let decided = giving.give(request.hash, Command::EditDocument { document, seen, edits: fields }).await?;
    let attendee = decided.attendee_card().await?.ok_or_else(Problem::internal)?;
    Ok(decided.respond(Some(attendee.version), AttendeeAfter { attendee }))
}

/// Shows a text of the conference: `handover` or `run_book`.
#[utoipa::path(get, path = "/documents/{name}", tag = "documents", params(("name" = String, Path)),
    responses((status = 200, body = DocumentCard), (status = 404, description = "No such document")))]
pub async fn show(
    State(node): State<Node>,
    signed: Signed,
    Path(name): Path<String>,
) -> Result<axum::Json<DocumentCard>, Failure> {
    signed.needs(Role::Volunteer)?;
    let document = document_of(&name)?;
    Ok(axum::Json(card(&node, document).await?))
}

/// Edits a text of the conference.
#[utoipa::path(post, path = "/documents/{name}", tag = "documents", request_body = DocumentEdit,
    params(("name" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = DocumentCard), (status = 404, description = "No such document")))]
pub async fn edit_of_conference(
    Path(name): Path<String>,
    giving: Giving,
    request: Json<DocumentEdit>,
) -> Result<Response, Failure> {
    let shared = document_of(&name)?;
    let DocumentEdit { seen, fields } = request.value;
    let document = DocumentId::Shared(shared);
    let decided = giving.give(request.hash, Command::EditDocument { document, seen, edits: fields }).await?;
    let after = card(decided.node(), shared).await?;
    Ok(decided.respond(None, after))
}

async fn card(node: &Node, document: SharedDocument) -> Result<DocumentCard, Failure> {
    let state = node.reader.read(move |db| db.state(&Stream::Document(document))).await?;
    let published = node.published();
    Ok(match state.map(|state| state.folded) {
        Some(Folded::Document(shared)) => DocumentCard::of(Some(&shared.document), Names(&published)),
        _ => DocumentCard::default(),
    })
}
