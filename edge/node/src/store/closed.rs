//! Logs that are over, and nodes that are retired.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_domain::event::LogEnd;
use lanyard_sync::{Dot, LogId, NodeId};
use rusqlite::Connection;

use super::{StoreError, sql};
use crate::fault::{Fault, is_planted};

/// Reads the logs nobody writes to any more, as far as is known here: HQ ended them, or a later one of their node came.
pub(crate) fn past_logs(db: &Connection) -> Result<BTreeSet<LogId>, StoreError> {
    let closed = ClosedLogs::load(db)?;
    let mut statement = db.prepare_cached(
        "SELECT node, epoch, id < (SELECT max(id) FROM logs later WHERE later.node = logs.node) FROM logs",
    )?;
    let mut rows = statement.query([])?;
    let mut past: BTreeSet<LogId> = closed.ends.keys().copied().collect();
    while let Some(row) = rows.next()? {
        let (log, is_earlier): (_, bool) = (sql::log_id(row, 0, 1)?, row.get(2)?);
        if is_earlier || closed.is_over(&log) {
            past.insert(log);
        }
    }
    Ok(past)
}

/// Where logs end, as HQ said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosedLogs {
    ends: BTreeMap<LogId, u64>,
    retired: BTreeSet<NodeId>,
}

impl ClosedLogs {
    /// Reads all of them.
    pub(crate) fn load(db: &Connection) -> Result<Self, StoreError> {
        let mut closed = Self::default();
        let mut statement = db.prepare_cached("SELECT node, epoch, end_seq FROM closed_logs")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let end: i64 = row.get(2)?;
            closed.ends.insert(sql::log_id(row, 0, 1)?, sql::counter(end));
        }
        let mut statement = db.prepare_cached("SELECT node FROM retired_nodes")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            closed.retired.insert(NodeId(sql::bytes(row, 0)?));
        }
        Ok(closed)
    }

    /// Ends a log; the first end stands. Tells whether that is news.
    pub(crate) fn close(&mut self, db: &Connection, end: LogEnd) -> Result<bool, StoreError> {
        let is_new = !self.ends.contains_key(&end.log);
        if is_new {
            self.ends.insert(end.log, end.seq);
            let (node, epoch) = (end.log.node.as_bytes().as_slice(), sql::column(end.log.epoch.0));
            db.prepare_cached("INSERT INTO closed_logs (node, epoch, end_seq) VALUES (?1, ?2, ?3)")?
                .execute((node, epoch, sql::column(end.seq)))?;
        }
        Ok(is_new)
    }

    /// Retires a node.
    pub(crate) fn retire(&mut self, db: &Connection, node: NodeId) -> Result<(), StoreError> {
        if self.retired.insert(node) {
            db.prepare_cached("INSERT INTO retired_nodes (node) VALUES (?1)")?
                .execute([node.as_bytes().as_slice()])?;
        }
        Ok(())
    }

    /// Forgets what was closed of a node.
    pub(crate) fn open(&mut self, db: &Connection, node: NodeId) -> Result<(), StoreError> {
        self.ends.retain(|log, _| log.node != node);
        self.retired.remove(&node);
        let id = node.as_bytes().as_slice();
        db.prepare_cached("DELETE FROM closed_logs WHERE node = ?1")?.execute([id])?;
        db.prepare_cached("DELETE FROM retired_nodes WHERE node = ?1")?.execute([id])?;
        Ok(())
    }

    /// Where logs end.
    pub(crate) const fn ends(&self) -> &BTreeMap<LogId, u64> {
        &self.ends
    }

    /// Which nodes are retired.
    pub(crate) const fn retired(&self) -> &BTreeSet<NodeId> {
        &self.retired
    }

    /// Whether every log goes on.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.retired.is_empty()
    }

    /// Whether a node is retired.
    pub fn is_retired(&self, node: &NodeId) -> bool {
        self.retired.contains(node)
    }

    /// Whether a log is over.
    pub fn is_over(&self, log: &LogId) -> bool {
        self.ends.contains_key(log) || self.is_retired(&log.node)
    }

    /// The last entry of a log that counts; none while it is not over.
    pub fn end(&self, log: &LogId) -> Option<u64> {
        self.ends.get(log).copied().or_else(|| self.is_retired(&log.node).then_some(0))
    }

    /// Whether an entry comes after the end of its log.
    pub fn is_beyond(&self, dot: Dot) -> bool {
        self.end(&dot.log).is_some_and(|end| end < dot.seq) && !is_planted(Fault::ClosedCounted)
    }
}
