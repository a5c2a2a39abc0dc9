//! The logs of the scope: their numbers, certificates and heads.

use std::collections::BTreeMap;

use lanyard_domain::event::LogEnd;
use lanyard_sync::{
    Certificate, Head, KnownLog, LogContext, LogHead, LogId, NodeId, Role, ScopeId, StoredHead, VersionVector,
};
use rusqlite::Connection;

use super::base::{self, Base};
use super::{StoreError, contexts, sql};
use crate::fault::{Fault, is_planted};

/// A log as the table names it.
#[derive(Clone, Debug)]
pub(crate) struct LogRow {
    pub(crate) id: i64,
    pub(crate) log: LogId,
    /// What people call its writer.
    pub(crate) name: String,
    /// Whether its writer is HQ.
    pub(crate) authority: bool,
    pub(crate) certificate: Certificate,
}

/// Gives a new log a number.
pub(crate) fn insert(db: &Connection, log: LogId, certificate: &Certificate) -> Result<LogRow, StoreError> {
    let mut statement = db.prepare_cached(
        "INSERT INTO logs (node, epoch, name, authority, certificate) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let (name, authority) = (&certificate.claims.name, certificate.has_role(Role::Hq));
    let (node, epoch) = (log.node.as_bytes().as_slice(), sql::column(log.epoch.0));
    let id = statement.insert((node, epoch, name, authority, certificate.encode()))?;
    Ok(LogRow { id, log, name: name.clone(), authority, certificate: certificate.clone() })
}

/// Reads every log. There are as many as nodes and epochs: few.
pub(crate) fn all(db: &Connection) -> Result<BTreeMap<LogId, LogRow>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT id, node, epoch, name, authority, certificate FROM logs")?;
    let mut rows = statement.query([])?;
    let mut logs = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let log = sql::log_id(row, 1, 2)?;
        let bytes: Vec<u8> = row.get(5)?;
        let certificate = Certificate::decode(&bytes)
            .map_err(|_| StoreError::damaged(format!("the certificate of log {log} cannot be read")))?;
        let row = LogRow { id: row.get(0)?, log, name: row.get(3)?, authority: row.get(4)?, certificate };
        logs.insert(log, row);
    }
    Ok(logs)
}

/// Reads the head of a log with its context: a handful of lookups, whatever the length of the log.
pub(crate) fn head(
    db: &Connection,
    scope: ScopeId,
    row: &LogRow,
    all: &BTreeMap<LogId, LogRow>,
) -> Result<LogHead, StoreError> {
    head_below(db, scope, row, all, u64::MAX)
}

/// Reads what the head of a log was before an entry.
pub(crate) fn head_below(
    db: &Connection,
    scope: ScopeId,
    row: &LogRow,
    all: &BTreeMap<LogId, LogRow>,
    below: u64,
) -> Result<LogHead, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT seq, hash, lamport FROM entries WHERE log = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT 1",
    )?;
    let below = i64::try_from(below).unwrap_or(i64::MAX);
    let mut rows = statement.query((row.id, below))?;
    let mut last = base::head(db, row.id)?;
    if let Some(found) = rows.next()? {
        let (seq, lamport): (i64, i64) = (found.get(0)?, found.get(2)?);
        let head = StoredHead { hash: sql::hash(found, 1)?, lamport: sql::counter(lamport) };
        last = last.filter(|(base, _)| *base >= sql::counter(seq)).or(Some((sql::counter(seq), head)));
    }
    let Some((seq, StoredHead { hash, lamport })) = last else { return Ok(LogHead::empty(scope, row.log)) };
    let mut seen = VersionVector::default();
    for peer in all.values() {
        if let Some(head) = contexts::seen(db, row.id, seq, peer.id)? {
            seen.set(peer.log, head);
        }
    }
    Ok(LogHead { log: row.log, seq, hash, lamport, context: LogContext::new(seen) })
}

/// Reads what is known of every log that has entries.
pub(crate) fn known(
    db: &Connection,
    scope: ScopeId,
    logs: &BTreeMap<LogId, LogRow>,
) -> Result<BTreeMap<LogId, KnownLog>, StoreError> {
    logs.values()
        .map(|row| {
            let head = head(db, scope, row, logs)?;
            Ok((row.log, KnownLog { head, certificate: row.certificate.clone() }))
        })
        .collect()
}

/// Reads how far the logs of a node are here.
pub(crate) fn ends_of(db: &Connection, node: NodeId) -> Result<Vec<LogEnd>, StoreError> {
    let vector = vector(db)?;
    let of_node = vector.iter().filter(|(log, _)| log.node == node);
    Ok(of_node.map(|(log, head)| LogEnd { log, seq: head.seq }).collect())
}

/// Reads the version vector: the last entry of each log.
pub(crate) fn vector(db: &Connection) -> Result<VersionVector, StoreError> {
    let mut statement = db.prepare_cached(
        // In this order, and not by a walk through all entries.
        "SELECT l.node, l.epoch, e.seq, substr(e.hash, 1, 8) FROM logs l \
         CROSS JOIN entries e ON e.log = l.id \
         AND e.seq = (SELECT seq FROM entries WHERE log = l.id ORDER BY seq DESC LIMIT 1)",
    )?;
    let mut rows = statement.query([])?;
    let mut heads: Vec<(LogId, Head)> = Vec::new();
    while let Some(row) = rows.next()? {
        heads.push((sql::log_id(row, 0, 1)?, sql::head(row, 2, 3)?));
    }
    if is_planted(Fault::VectorPruned) {
        heads.pop();
    }
    let mut vector: VersionVector = heads.into_iter().collect();
    if let Some(base) = Base::load(db)? {
        vector.merge(&base.vector());
    }
    Ok(vector)
}
