//! Folded states as they are stored: one row a stream.

use lanyard_sync::{CanonicalKey, StreamName};
use rusqlite::{Connection, Row};

use super::{StoreError, sql, streams};

/// The last entry that was folded, and where the stream's last arrival stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) pos: i64,
    pub(crate) key: CanonicalKey,
}

/// A stream's row.
#[derive(Clone, Debug)]
pub(crate) struct StateRow {
    pub(crate) stream: i64,
    pub(crate) last: Option<Last>,
    /// False once an entry asks for a newer reader.
    pub(crate) readable: bool,
    /// Entries of kinds this build does not know, or cannot parse.
    pub(crate) unknown: u32,
    pub(crate) standing: Option<i64>,
    pub(crate) state: Option<Vec<u8>>,
}

/// Reads the row of a stream; none when nothing was ever written to it. The name is looked up in a query of its
/// own: SQLite plans a left join anew for every value that its outer table is compared with.
pub(crate) fn get(db: &Connection, name: &StreamName) -> Result<Option<StateRow>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT s.id, t.last_pos, t.last_lamport, l.node, l.epoch, t.last_seq, t.readable, t.unknown, t.standing, t.state \
         FROM streams s LEFT JOIN states t ON t.stream = s.id LEFT JOIN logs l ON l.id = t.last_log \
         WHERE s.id = (SELECT id FROM streams WHERE category = ?1 AND key = ?2)",
    )?;
    let mut rows = statement.query((name.category(), streams::key_column(name.key())))?;
    rows.next()?.map(read).transpose()
}

fn read(row: &Row<'_>) -> Result<StateRow, StoreError> {
    let stream = row.get(0)?;
    let Some(pos) = row.get(1)? else {
        return Ok(StateRow { stream, last: None, readable: true, unknown: 0, standing: None, state: None });
    };
    let (lamport, seq): (i64, i64) = (row.get(2)?, row.get(5)?);
    let dot = sql::log_id(row, 3, 4)?.dot(sql::counter(seq));
    let key = CanonicalKey::new(sql::counter(lamport), dot);
    Ok(StateRow {
        stream,
        last: Some(Last { pos, key }),
        readable: row.get(6)?,
        unknown: row.get(7)?,
        standing: row.get(8)?,
        state: row.get(9)?,
    })
}

/// Writes the row of a stream; `log` is the number of the log of its last entry.
pub(crate) fn put(db: &Connection, row: &StateRow, last: Last, log: i64) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached(
        "INSERT OR REPLACE INTO states (stream, last_pos, last_lamport, last_log, last_seq, readable, unknown, \
         standing, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let (lamport, seq) = (sql::column(last.key.lamport), sql::column(last.key.seq));
    statement.execute((
        row.stream,
        last.pos,
        lamport,
        log,
        seq,
        row.readable,
        row.unknown,
        row.standing,
        row.state.as_deref(),
    ))?;
    Ok(())
}
