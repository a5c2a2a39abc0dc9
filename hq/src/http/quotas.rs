//! `PUT /conferences/{slug}/quotas/{seat_type}`: how many seats there are.

use std::sync::Arc;

use axum::extract::{Path, State};
use lanyard_domain::{Command, Role, SeatTypeId};
use lanyard_node::http::{Json, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{command_problem, running};
use crate::commands;
use crate::hq::Hq;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quota {
    quota: u32,
}

/// Sets the quota; rights that are with nodes cannot be taken back by lowering it.
pub(super) async fn set(
    State(hq): State<Arc<Hq>>,
    Path((slug, seat_type)): Path<(String, SeatTypeId)>,
    Json { value: Quota { quota }, .. }: Json<Quota>,
) -> Result<axum::Json<Value>, Problem> {
    let running = running(&hq, &slug)?;
    let command = Command::SetQuota { seat_type: seat_type.clone(), quota };
    commands::give(&running, "hq", Role::Administrator, command).await.map_err(command_problem)?;
    Ok(axum::Json(json!({ "seat_type": seat_type, "quota": quota })))
}
