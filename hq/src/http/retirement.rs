//! `POST /conferences/{slug}/nodes/{node}/retirement` and `…/reclaim`: logs that are over, and their seats.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use lanyard_domain::{Command, Role};
use lanyard_node::http::Problem;
use lanyard_sync::NodeId;
use serde_json::{Value, json};

use super::{broken, command_problem, running};
use crate::hq::{Hq, Running};
use crate::{commands, nodes};

/// Retires a lost node: what HQ has of it counts, what turns up later is kept and does not, and its seats are
/// HQ's again.
pub(super) async fn retire(
    State(hq): State<Arc<Hq>>,
    Path((slug, name)): Path<(String, String)>,
) -> Result<axum::Json<Value>, Problem> {
    let running = running(&hq, &slug)?;
    let node = named(&running, &name).await?;
    close(&running, Command::CloseLogs { node, keep: None }).await?;
    Ok(axum::Json(json!({ "node": name, "retired": true })))
}

/// Takes back the seats of earlier logs of a node that was copied, restored or set back. Nothing may write
/// there any more: a machine that does is told that its log is over.
pub(super) async fn reclaim(
    State(hq): State<Arc<Hq>>,
    Path((slug, name)): Path<(String, String)>,
) -> Result<axum::Json<Value>, Problem> {
    let running = running(&hq, &slug)?;
    let node = named(&running, &name).await?;
    let keep = nodes::latest_log_of(&running, node);
    if keep.is_none() {
        return Err(unknown(&name));
    }
    close(&running, Command::CloseLogs { node, keep }).await?;
    Ok(axum::Json(json!({ "node": name, "reclaimed": true })))
}

async fn close(running: &Running, command: Command) -> Result<(), Problem> {
    let given = commands::give(running, "hq", Role::Administrator, command).await;
    given.map(|_| ()).map_err(command_problem)
}

/// Finds a node by name or, where several have had it, by id.
async fn named(running: &Running, name: &str) -> Result<NodeId, Problem> {
    let read = running.reader.read(|db| Ok(db.enrolled()?.into_iter().collect::<Vec<_>>()));
    let enrolled = read.await.map_err(|error| broken(&error))?;
    let is_meant = |(node, known): &&(NodeId, String)| known == name || node.to_string() == name;
    let others = enrolled.iter().filter(|(node, _)| *node != running.identity.node);
    let found: Vec<NodeId> = others.filter(is_meant).map(|(node, _)| *node).collect();
    match found.as_slice() {
        [] => Err(unknown(name)),
        [only] => Ok(*only),
        several => {
            let ids: Vec<_> = several.iter().map(ToString::to_string).collect();
            let detail = format!("Several nodes have had this name; name one by its id: {}.", ids.join(", "));
            Err(Problem::new(StatusCode::CONFLICT, "ambiguous_node", detail))
        }
    }
}

fn unknown(name: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_node", format!("No node is called {name}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_hq::TestHq;

    #[tokio::test]
    async fn a_node_is_retired_by_name_and_an_unknown_one_is_not_found() {
        let test = TestHq::with_conference();
        test.join("north").await;
        let path = |name: &str| Path((test.running().file().slug, name.to_owned()));
        let retired = retire(State(test.hq.clone()), path("north")).await.unwrap();
        assert_eq!(retired.0["retired"], true);
        let node = named(&test.running(), "north").await.unwrap();
        let is_retired = test.running().reader.read_here(|db| Ok(db.closed_logs()?.is_retired(&node)));
        assert!(is_retired.unwrap());
        let refused = retire(State(test.hq.clone()), path("nobody")).await.unwrap_err();
        assert_eq!((refused.status(), refused.code()), (StatusCode::NOT_FOUND, "unknown_node"));
    }
}
