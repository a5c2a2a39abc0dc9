//! Attendee lists over HTTP.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lanyard_domain::Role;
use lanyard_node::http::Problem;
use lanyard_node::import::{Encoding, Importer};

use crate::http::failure::Failure;
use crate::http::signed::Signed;
use crate::node::Node;

/// Takes an attendee list; rows that cannot be taken are named in the answer. A second time is harmless.
#[utoipa::path(post, path = "/imports", tag = "administration",
    request_body(content = String, content_type = "text/csv", description = "Eventbrite, pretix or plain; charset utf-8 or windows-1252"),
    responses((status = 201, description = "The report"), (status = 415, description = "Not a CSV file"),
        (status = 422, description = "A fault of the whole file; nothing was imported")))]
pub async fn import(
    State(node): State<Node>,
    signed: Signed,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    signed.needs(Role::Administrator)?;
    let encoding = declared(&headers)?;
    let importer = Importer {
        writer: &node.writer,
        reader: &node.reader,
        actor: signed.staff.as_str(),
        desk: signed.desk.as_str(),
        role: signed.role,
        aliases: &node.seat_type_aliases,
    };
    let report = importer.import(body.to_vec(), encoding).await.map_err(Problem::from)?;
    tracing::info!(import.rows = report.rows, import.refused = report.refused.len(), "list imported");
    Ok((StatusCode::CREATED, axum::Json(report)).into_response())
}

fn declared(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let refused =
        |detail: &str| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_content_type", detail);
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    if !parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("text/csv")) {
        return Err(refused("Send the list as text/csv."));
    }
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    charset.map_or(Ok(Encoding::default()), |charset| {
        charset.trim_matches('"').parse().map_err(|why: String| refused(&why))
    })
}
