//! `POST /conferences/{slug}/rights`: a node gets seats to sell on its own.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_domain::{Account, Command, Role, SeatTypeId};
use lanyard_node::http::{Json, Problem};
use lanyard_sync::LogId;
use serde::Deserialize;
use serde_json::json;

use super::{broken, command_problem, running};
use crate::commands;
use crate::hq::{Hq, Running};
use crate::nodes;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Give {
    seat_type: SeatTypeId,
    to_node: String,
    count: u32,
}

/// Gives rights from HQ's account to the log a node writes to.
pub(super) async fn give(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
    Json { value: give, .. }: Json<Give>,
) -> Result<Response, Problem> {
    let running = running(&hq, &slug)?;
    let log = present_log(&running, &give.to_node).await?;
    let command =
        Command::GiveRights { seat_type: give.seat_type.clone(), to: Account::Venue(log), count: give.count };
    commands::give(&running, "hq", Role::Administrator, command).await.map_err(command_problem)?;
    let answer = json!({ "seat_type": give.seat_type, "to_node": give.to_node, "count": give.count });
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

/// The log a node writes to. A retired one has none: seats that it got could be sold by nobody.
async fn present_log(running: &Running, node: &str) -> Result<LogId, Problem> {
    let present = nodes::present_logs(running).await.map_err(|error| broken(&error))?;
    if let Some(log) = present.get(node) {
        return Ok(*log);
    }
    if nodes::first_logs(running).contains_key(node) {
        let detail = format!("Node {node} is retired, and could not sell them. Give them to another one.");
        return Err(Problem::new(StatusCode::CONFLICT, "retired", detail));
    }
    let detail = format!("Node {node} has not been heard of yet; start it and try again.");
    Err(Problem::new(StatusCode::NOT_FOUND, "unknown_node", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_hq::TestHq;

    #[tokio::test]
    async fn a_retired_node_is_given_nothing() {
        let test = TestHq::with_conference();
        let (running, node) = (test.running(), test.join("north").await);
        assert_eq!(present_log(&running, "north").await.unwrap(), node);
        let retire = Command::CloseLogs { node: node.node, keep: None };
        commands::give(&running, "hq", Role::Administrator, retire).await.unwrap();
        let refused = present_log(&running, "north").await.unwrap_err();
        assert_eq!((refused.status(), refused.code()), (StatusCode::CONFLICT, "retired"));
        let refused = present_log(&running, "south").await.unwrap_err();
        assert_eq!((refused.status(), refused.code()), (StatusCode::NOT_FOUND, "unknown_node"));
    }
}
