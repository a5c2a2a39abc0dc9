//! Folded states as they are stored: one row a stream.

use lanyard_sync::{CanonicalKey, StreamName};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{StoreError, sql, streams};

/// What a check-in, a badge and its print add to the state of an attendee, about.
const ROOM_BYTES: u32 = 384;

/// Where a stream leads whose entries are still to come.
pub(crate) const UNFETCHED: i64 = 0;

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

/// Reads the row of a stream; none when nothing was ever written to it.
pub(crate) fn get(db: &Connection, name: &StreamName) -> Result<Option<StateRow>, StoreError> {
    streams::find(db, name)?.map(|stream| at(db, stream)).transpose()
}

/// Reads the row of a stream by its number.
pub(crate) fn at(db: &Connection, stream: i64) -> Result<StateRow, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT t.last_pos, t.last_lamport, l.node, l.epoch, t.last_seq, t.readable, t.unknown, t.standing, t.state \
         FROM states t JOIN logs l ON l.id = t.last_log WHERE t.stream = ?1",
    )?;
    let mut rows = statement.query([stream])?;
    let unwritten = StateRow { stream, last: None, readable: true, unknown: 0, standing: None, state: None };
    rows.next()?.map_or(Ok(unwritten), |row| read(stream, row))
}

fn read(stream: i64, row: &Row<'_>) -> Result<StateRow, StoreError> {
    let (lamport, seq): (i64, i64) = (row.get(1)?, row.get(4)?);
    let dot = sql::log_id(row, 2, 3)?.dot(sql::counter(seq));
    let key = CanonicalKey::new(sql::counter(lamport), dot);
    Ok(StateRow {
        stream,
        last: Some(Last { pos: row.get(0)?, key }),
        readable: row.get(5)?,
        unknown: row.get(6)?,
        standing: row.get(7)?,
        state: row.get(8)?,
    })
}

/// Streams with entries that were not understood, in order of number after one, at most so many.
pub(crate) fn not_understood(
    db: &Connection,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, StreamName)>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT t.stream, s.category, s.key FROM states t INDEXED BY states_not_understood \
         JOIN streams s ON s.id = t.stream WHERE t.stream > ?1 AND (t.unknown > 0 OR NOT t.readable) \
         ORDER BY t.stream LIMIT ?2",
    )?;
    let mut rows = statement.query((after, i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((row.get(0)?, streams::name(row, 1, 2)?));
    }
    Ok(found)
}

/// Where the last arrival of a stream stands.
pub(crate) fn last_pos(db: &Connection, stream: i64) -> Result<Option<i64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT last_pos FROM states WHERE stream = ?1")?;
    Ok(statement.query_row([stream], |row| row.get(0)).optional()?)
}

/// Links a stream to the entry that is its last arrival.
pub(crate) fn follow(db: &Connection, stream: i64, pos: i64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE states SET last_pos = ?2 WHERE stream = ?1")?.execute((stream, pos))?;
    Ok(())
}

/// Writes the row of a stream; `log` is the number of the log of its last entry.
pub(crate) fn put(db: &Connection, row: &StateRow, last: Last, log: i64) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached(
        "INSERT INTO states (stream, last_pos, last_lamport, last_log, last_seq, readable, unknown, standing, state, \
         room) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, zeroblob(?10)) ON CONFLICT (stream) DO UPDATE SET \
         last_pos = ?2, last_lamport = ?3, last_log = ?4, last_seq = ?5, readable = ?6, unknown = ?7, standing = ?8, \
         state = ?9, room = zeroblob(max(0, length(room) + length(state) - length(?9)))",
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
        if row.standing.is_some() { ROOM_BYTES } else { 0 },
    ))?;
    Ok(())
}
