//! `POST` and `GET /conferences/{slug}/erasures`: erasing attendees, and which nodes have done so.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_node::erasure::{EraseError, Eraser, PEOPLE_MAX};
use lanyard_node::http::{Json, Problem};
use lanyard_node::read::Erasures;
use serde::Deserialize;
use serde_json::json;

use super::{broken, running};
use crate::commands::DESK;
use crate::hq::Hq;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Erase {
    /// Codes or ids of attendees.
    attendees: Vec<String>,
}

/// Erases attendees; the answer says of each what came of it.
pub(super) async fn erase(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
    Json { value: Erase { attendees }, .. }: Json<Erase>,
) -> Result<Response, Problem> {
    let running = running(&hq, &slug)?;
    if attendees.len() > PEOPLE_MAX {
        let detail = format!("At most {PEOPLE_MAX} attendees are erased at once.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_attendees", detail));
    }
    let eraser = Eraser { writer: &running.writer, reader: &running.reader, actor: "hq", desk: DESK };
    let results = eraser.erase(&attendees).await.map_err(failed)?;
    Ok((StatusCode::CREATED, axum::Json(json!({ "attendees": results }))).into_response())
}

/// Answers how many attendees were erased, and of how many each node has yet to remove the words.
pub(super) async fn report(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
) -> Result<axum::Json<Erasures>, Problem> {
    let running = running(&hq, &slug)?;
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "a path is not general enough over the lifetime of a read"
    )]
    let report = running.reader.read(|db| db.erasures());
    Ok(axum::Json(report.await.map_err(|error| broken(&error))?))
}

fn failed(error: EraseError) -> Problem {
    match error {
        EraseError::Read(error) => broken(&error),
        EraseError::Submit(error) => Problem::from(error),
        EraseError::Refused(refusal) => Problem::from(&*refusal),
    }
}
