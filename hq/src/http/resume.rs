//! `POST /conferences/{slug}/resume`: a restored HQ decides again, though not every node was heard.

use std::sync::Arc;

use axum::extract::{Path, State};
use lanyard_node::engine::{LocalAnswer, LocalChange};
use lanyard_node::http::Problem;
use serde_json::{Value, json};

use super::running;
use crate::hq::Hq;

/// Goes on; what the nodes that are missing know and HQ forgot may be given or sold again.
pub(super) async fn resume(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
) -> Result<axum::Json<Value>, Problem> {
    let running = running(&hq, &slug)?;
    let changed = running.writer.change(LocalChange::Resume).await?;
    Ok(axum::Json(json!({ "waited": changed == LocalAnswer::Changed })))
}
