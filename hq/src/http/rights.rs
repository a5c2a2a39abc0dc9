//! `POST /conferences/{slug}/rights`: a node gets seats to sell on its own.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_domain::{Account, Command, Role, SeatTypeId};
use lanyard_node::http::{Json, Problem};
use serde::Deserialize;
use serde_json::json;

use super::{command_problem, running};
use crate::commands;
use crate::hq::Hq;
use crate::nodes;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Give {
    seat_type: SeatTypeId,
    to_node: String,
    count: u32,
}

/// Gives rights from HQ's account to the latest log of a node.
pub(super) async fn give(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
    Json { value: give, .. }: Json<Give>,
) -> Result<Response, Problem> {
    let running = running(&hq, &slug)?;
    let log = nodes::latest_log(&running, &give.to_node).ok_or_else(|| {
        let detail = format!("Node {} has not been heard of yet; start it and try again.", give.to_node);
        Problem::new(StatusCode::NOT_FOUND, "unknown_node", detail)
    })?;
    let command =
        Command::GiveRights { seat_type: give.seat_type.clone(), to: Account::Venue(log), count: give.count };
    commands::give(&running, "hq", Role::Administrator, command).await.map_err(command_problem)?;
    let answer = json!({ "seat_type": give.seat_type, "to_node": give.to_node, "count": give.count });
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}
