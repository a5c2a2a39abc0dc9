//! Which nodes a conference has, by the logs they wrote.

use std::collections::BTreeMap;

use lanyard_node::read::ReadError;
use lanyard_sync::{LogId, NodeId};

use crate::hq::Running;

/// The first log known of each venue node, by name.
pub fn first_logs(running: &Running) -> BTreeMap<String, LogId> {
    let mut logs = venue_logs(running);
    logs.reverse();
    logs.into_iter().collect()
}

/// The log each venue node writes to, by name: of those that are not over, the one whose entries arrived last. A name
/// whose nodes are all retired is not among them.
///
/// # Errors
/// When the store cannot be read.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
pub async fn present_logs(running: &Running) -> Result<BTreeMap<String, LogId>, ReadError> {
    let past = running.reader.read(|db| db.past_logs()).await?;
    Ok(venue_logs(running).into_iter().filter(|(_, log)| !past.contains(log)).collect())
}

/// The logs of venue nodes with the nodes' names, in order of arrival.
fn venue_logs(running: &Running) -> Vec<(String, LogId)> {
    let logs = running.writer.now().logs;
    let mut venue: Vec<_> = logs.iter().filter(|(_, info)| !info.authority).collect();
    venue.sort_by_key(|(_, info)| info.arrival);
    venue.into_iter().map(|(log, info)| (info.name.clone(), *log)).collect()
}

/// The log a node writes to: of several, the one whose entries arrived last.
pub fn latest_log_of(running: &Running, node: NodeId) -> Option<LogId> {
    let published = running.writer.published();
    let logs = published.borrow().logs.clone();
    let of_node = logs.iter().filter(|(log, _)| log.node == node);
    of_node.max_by_key(|(_, info)| info.arrival).map(|(log, _)| *log)
}
