//! `PUT /conferences/{slug}/staff/{staff}`: somebody who may sign in at the venue.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use lanyard_domain::{Command, Person, Role, StaffId};
use lanyard_node::auth::Pin;
use lanyard_node::http::{Json, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{broken, command_problem, running};
use crate::commands;
use crate::hq::Hq;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    role: Role,
    name: String,
    pin: String,
    #[serde(default = "yes")]
    active: bool,
}

fn yes() -> bool {
    true
}

/// Sets role, name and PIN; only a verifier of the PIN is kept.
pub(super) async fn set(
    State(hq): State<Arc<Hq>>,
    Path((slug, staff)): Path<(String, StaffId)>,
    Json { value: member, .. }: Json<Member>,
) -> Result<axum::Json<Value>, Problem> {
    let running = running(&hq, &slug)?;
    let pin = Pin::parse(&member.pin)
        .map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_pin", why.to_string()))?;
    let verifier =
        tokio::task::spawn_blocking(move || pin.verifier()).await.map_err(|error| broken(&error))?;
    let words = Person { first_name: member.name, pin_verifier: Some(verifier), ..Person::default() };
    let command = Command::SetStaff { staff: staff.clone(), role: member.role, active: member.active, words };
    commands::give(&running, "hq", Role::Administrator, command).await.map_err(command_problem)?;
    Ok(axum::Json(json!({ "staff": staff, "role": member.role, "active": member.active })))
}
