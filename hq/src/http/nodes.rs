//! `GET /conferences/{slug}/nodes`: who is enrolled, and how far behind each is.

use std::sync::Arc;

use axum::extract::{Path, State};
use lanyard_node::clock::system_now_ms;
use lanyard_node::http::Problem;
use lanyard_node::store::closed::ClosedLogs;
use lanyard_sync::{NodeId, VersionVector};
use serde_json::{Value, json};

use super::{broken, running};
use crate::hq::Hq;

/// Answers with a row a node: entries it lacks as of its last question, and when that was.
pub(super) async fn list(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
) -> Result<axum::Json<Vec<Value>>, Problem> {
    let running = running(&hq, &slug)?;
    let read = running.reader.read(|db| Ok((db.enrolled()?, db.vector()?, db.closed_logs()?, db.readers()?)));
    let (enrolled, here, closed, readers) = read.await.map_err(|error| broken(&error))?;
    let published = running.writer.published().borrow().clone();
    let peers = published.peers;
    let now_ms = system_now_ms();
    let rows = enrolled.into_iter().filter(|(node, _)| *node != running.identity.node).map(|(node, name)| {
        let peer = peers.get(&node);
        let entries = here.iter().filter(|(log, _)| log.node == node).map(|(_, head)| head.seq).sum::<u64>();
        json!({
            "node": name,
            "entries": entries,
            "lacks_entries": peer.map(|peer| lacks(&here, &peer.vector)),
            "last_heard_ms": peer.map(|peer| peer.heard_at_ms),
            "reader": readers.get(&node),
            "retired": closed.is_retired(&node),
            "entries_that_do_not_count": beyond(&here, &closed, node),
            "is_waited_for": published.waits_for.contains(&node),
            "silent_for_ms": peer.map(|peer| now_ms.saturating_sub(peer.heard_at_ms)),
        })
    });
    Ok(axum::Json(rows.collect()))
}

/// Entries of a node that came after the ends of its logs.
fn beyond(here: &VersionVector, closed: &ClosedLogs, node: NodeId) -> u64 {
    let of_node = here.iter().filter(|(log, _)| log.node == node);
    of_node.filter_map(|(log, head)| Some(head.seq.saturating_sub(closed.end(&log)?))).sum()
}

fn lacks(here: &VersionVector, there: &VersionVector) -> u64 {
    here.iter().map(|(log, head)| head.seq.saturating_sub(there.seq(&log))).sum()
}
