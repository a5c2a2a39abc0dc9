//! `POST /conferences/{slug}/orders/{order}/cancellation`: HQ calls an order off.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_domain::{Command, OrderId, Role};
use lanyard_node::http::{Json, Problem};
use serde::Deserialize;
use serde_json::json;

use super::{command_problem, running};
use crate::commands;
use crate::hq::Hq;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cancel {
    reason: String,
}

/// Cancels an order; its seats are cancelled with it and a refund becomes due.
pub(super) async fn cancel(
    State(hq): State<Arc<Hq>>,
    Path((slug, order)): Path<(String, OrderId)>,
    Json { value: Cancel { reason }, .. }: Json<Cancel>,
) -> Result<Response, Problem> {
    let running = running(&hq, &slug)?;
    let command = Command::CancelOrder { order, reason };
    commands::give(&running, "hq", Role::Administrator, command).await.map_err(command_problem)?;
    Ok((StatusCode::CREATED, axum::Json(json!({ "order_id": order, "state": "cancelled" }))).into_response())
}
