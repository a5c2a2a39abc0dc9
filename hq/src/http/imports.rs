//! `POST /conferences/{slug}/imports`: an attendee list as CSV.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_domain::Role;
use lanyard_node::http::Problem;
use lanyard_node::import::{self, Importer};

use super::running;
use crate::commands::DESK;
use crate::hq::Hq;

/// Imports a list; rows that cannot be taken are named in the answer.
pub(super) async fn import(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let running = running(&hq, &slug)?;
    let (writer, reader, aliases) = (&running.writer, &running.reader, &BTreeMap::new());
    let importer = Importer { writer, reader, actor: "hq", desk: DESK, role: Role::Administrator, aliases };
    let report = importer.import(body.to_vec(), import::Encoding::default()).await?;
    Ok((StatusCode::CREATED, axum::Json(report)).into_response())
}
