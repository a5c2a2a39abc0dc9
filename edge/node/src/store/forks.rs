//! Logs with two branches, and what was set aside of them.

use std::collections::BTreeMap;

use lanyard_sync::{Header, LogId, StreamName};
use rusqlite::Connection;

use super::entries::EntryRow;
use super::{StoreError, sql, streams};

/// Reads every log that is known to have two branches, with the first sequence number that differs.
pub(crate) fn all(db: &Connection) -> Result<BTreeMap<LogId, u64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT node, epoch, from_seq FROM forks")?;
    let mut rows = statement.query([])?;
    let mut forks = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let from: i64 = row.get(2)?;
        forks.insert(sql::log_id(row, 0, 1)?, sql::counter(from));
    }
    Ok(forks)
}

/// Notes that a log has two branches.
pub(crate) fn put(db: &Connection, log: LogId, from: u64) -> Result<(), StoreError> {
    let mut statement =
        db.prepare_cached("INSERT OR REPLACE INTO forks (node, epoch, from_seq) VALUES (?1, ?2, ?3)")?;
    statement.execute((log.node.as_bytes().as_slice(), sql::column(log.epoch.0), sql::column(from)))?;
    Ok(())
}

/// The streams that have entries of a log from a sequence number on.
pub(crate) fn streams_from(db: &Connection, log: i64, from: u64) -> Result<Vec<StreamName>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT DISTINCT s.category, s.key FROM entries e JOIN streams s ON s.id = e.stream \
         WHERE e.log = ?1 AND e.seq >= ?2",
    )?;
    let mut rows = statement.query((log, sql::column(from)))?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        names.push(streams::name(row, 0, 1)?);
    }
    Ok(names)
}

/// Takes an entry out of the log; that it was there stays known.
pub(crate) fn set_aside(db: &Connection, log: i64, row: &EntryRow) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO set_aside (pos, log, seq, hash) VALUES (?1, ?2, ?3, ?4)")?.execute((
        row.pos,
        log,
        sql::column(row.dot.seq),
        row.hash.as_bytes().as_slice(),
    ))?;
    db.prepare_cached("DELETE FROM entries WHERE pos = ?1")?.execute([row.pos])?;
    forget_tallied(db, &row.header)
}

/// Forgets that an entry of a tally was applied.
pub(crate) fn forget_tallied(db: &Connection, header: &Header) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM tallied WHERE command = ?1 AND idx = ?2")?
        .execute((header.command.as_bytes().as_slice(), header.index))?;
    Ok(())
}

/// Whether the entry at a position was set aside.
pub(crate) fn is_set_aside(db: &Connection, pos: i64) -> Result<bool, StoreError> {
    let mut statement = db.prepare_cached("SELECT 1 FROM set_aside WHERE pos = ?1")?;
    Ok(statement.exists([pos])?)
}

/// Forgets what a log's entries from a sequence number on had seen.
pub(crate) fn cut_contexts(db: &Connection, log: i64, from: u64) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM contexts WHERE log = ?1 AND from_seq >= ?2")?
        .execute((log, sql::column(from)))?;
    Ok(())
}
