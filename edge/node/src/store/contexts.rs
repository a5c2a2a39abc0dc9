//! Contexts: what the entries of each log had seen of the others, answered by one lookup.

use lanyard_sync::{ContextDelta, Head};
use rusqlite::Connection;

use super::{StoreError, sql};

/// Notes what the entries of a log have seen from `from_seq` on; `peer` turns a log into its number.
pub(crate) fn insert(
    db: &Connection,
    log: i64,
    from_seq: u64,
    delta: &ContextDelta,
    peer: impl Fn(&lanyard_sync::LogId) -> Option<i64>,
) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached(
        "INSERT INTO contexts (log, peer, from_seq, peer_seq, peer_prefix) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for seen in delta.heads() {
        let peer =
            peer(&seen.log).ok_or_else(|| StoreError::damaged(format!("log {} is not known", seen.log)))?;
        let (seq, prefix) = (sql::column(seen.head.seq), seen.head.prefix.as_slice());
        statement.execute((log, peer, sql::column(from_seq), seq, prefix))?;
    }
    Ok(())
}

/// Forgets what is noted for exactly the entry `seq` of a log.
pub(crate) fn forget(db: &Connection, log: i64, seq: u64) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM contexts WHERE log = ?1 AND from_seq = ?2")?
        .execute((log, sql::column(seq)))?;
    Ok(())
}

/// What the entry `seq` of a log had seen of another log.
pub(crate) fn seen(db: &Connection, log: i64, seq: u64, peer: i64) -> Result<Option<Head>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT peer_seq, peer_prefix FROM contexts WHERE log = ?1 AND peer = ?2 AND from_seq <= ?3 \
         ORDER BY from_seq DESC LIMIT 1",
    )?;
    let mut rows = statement.query((log, peer, sql::column(seq)))?;
    rows.next()?.map(|row| sql::head(row, 0, 1)).transpose()
}

/// What exactly the entry `seq` of a log noted of another log.
pub(crate) fn noted(db: &Connection, log: i64, seq: u64, peer: i64) -> Result<Option<Head>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT peer_seq, peer_prefix FROM contexts WHERE log = ?1 AND peer = ?2 AND from_seq = ?3",
    )?;
    let mut rows = statement.query((log, peer, sql::column(seq)))?;
    rows.next()?.map(|row| sql::head(row, 0, 1)).transpose()
}
