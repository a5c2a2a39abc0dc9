//! `POST /joins`: a node joins with its code. The code is all the authority it needs.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_node::clock::system_now_ms;
use lanyard_node::http::{Json, Problem};

use crate::enrol::{self, JoinError, JoinRequest};
use crate::hq::Hq;

/// Certifies a node.
pub(super) async fn join(
    State(hq): State<Arc<Hq>>,
    Json { value: request, .. }: Json<JoinRequest>,
) -> Result<Response, Problem> {
    let joined = enrol::join(&hq, &request, system_now_ms()).await.map_err(problem)?;
    Ok((StatusCode::CREATED, axum::Json(joined)).into_response())
}

fn problem(error: JoinError) -> Problem {
    let detail = error.to_string();
    let (status, code) = match error {
        JoinError::UnknownCode => (StatusCode::NOT_FOUND, "unknown_join_code"),
        JoinError::UsedCode => (StatusCode::CONFLICT, "used_join_code"),
        JoinError::ExpiredCode => (StatusCode::GONE, "expired_join_code"),
        JoinError::Record(error) => return super::command_problem(error),
        JoinError::Certificate(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad_node_name"),
        JoinError::Registry(error) => return super::broken(&error),
    };
    Problem::new(status, code, detail)
}
