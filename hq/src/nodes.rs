//! Which nodes a conference has, by the logs they wrote.

use std::collections::BTreeMap;

use lanyard_sync::{LogId, NodeId};

use crate::hq::Running;

/// The first log known of each venue node, by name.
pub fn first_logs(running: &Running) -> BTreeMap<String, LogId> {
    let published = running.writer.published();
    let logs = published.borrow().logs.clone();
    let mut venue: Vec<_> = logs.iter().filter(|(_, info)| !info.authority).collect();
    venue.sort_by_key(|(_, info)| std::cmp::Reverse(info.arrival));
    venue.into_iter().map(|(log, info)| (info.name.clone(), *log)).collect()
}

/// The log a node of this name writes to: of several, the one whose entries arrived last.
pub fn latest_log(running: &Running, name: &str) -> Option<LogId> {
    let published = running.writer.published();
    let logs = published.borrow().logs.clone();
    let of_node = logs.iter().filter(|(_, info)| !info.authority && info.name == name);
    of_node.max_by_key(|(_, info)| info.arrival).map(|(log, _)| *log)
}

/// The log a node writes to: of several, the one whose entries arrived last.
pub fn latest_log_of(running: &Running, node: NodeId) -> Option<LogId> {
    let published = running.writer.published();
    let logs = published.borrow().logs.clone();
    let of_node = logs.iter().filter(|(log, _)| log.node == node);
    of_node.max_by_key(|(_, info)| info.arrival).map(|(log, _)| *log)
}
