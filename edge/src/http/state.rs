//! What this node holds, to compare it with another one.

use std::collections::BTreeMap;

use axum::extract::State;
use lanyard_domain::Role;
use lanyard_node::http::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::failure::Failure;
use crate::http::signed::Signed;
use crate::node::Node;

/// Vector, digest and state hash.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateCard {
    /// Last entry held of each log, by node and epoch.
    vector: BTreeMap<String, u64>,
    /// Digest of the vector: equal digests, equal entries.
    digest: String,
    /// Hash of every folded state: equal entries, equal states.
    state_hash: String,
    /// Entries held.
    entries: u64,
}

/// Shows what this node holds.
#[utoipa::path(get, path = "/state", tag = "node", responses((status = 200, body = StateCard)))]
pub async fn show(State(node): State<Node>, signed: Signed) -> Result<axum::Json<StateCard>, Failure> {
    if !matches!(signed.role, Role::EventPlanner | Role::Supervisor | Role::Administrator) {
        return Err(Problem::not_permitted("This needs a supervisor or an event planner.").into());
    }
    let card = node.reader.read(|db| {
        let vector = db.vector()?;
        Ok(StateCard {
            vector: vector.iter().map(|(log, head)| (log.to_string(), head.seq)).collect(),
            digest: vector.digest().to_string(),
            state_hash: db.state_hash()?.to_string(),
            entries: db.entries()?,
        })
    });
    Ok(axum::Json(card.await?))
}
