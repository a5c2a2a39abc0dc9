//! Conflicts: those that wait for a decision and those that were decided.

use lanyard_domain::{Conflict, ConflictId, Folded, Stream};
use rusqlite::OptionalExtension;

use super::Db;
use super::state::load;
use crate::store::{StoreError, streams};

/// Which conflicts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that wait for a decision.
    Open,
    /// Those that were decided.
    Resolved,
    /// All of them.
    All,
}

/// Most conflicts of one answer.
const CONFLICTS_MAX: u32 = 500;

/// Reads conflicts, those that opened last first.
pub fn conflicts(db: &Db, which: Which) -> Result<Vec<Conflict>, StoreError> {
    let wanted = match which {
        Which::Open => Some(true),
        Which::Resolved => Some(false),
        Which::All => None,
    };
    let mut statement = db.connection.prepare_cached(
        "SELECT id, stream FROM conflicts WHERE ?1 IS NULL OR open = ?1 ORDER BY opened_at_ms DESC, id LIMIT ?2",
    )?;
    let mut rows = statement.query((wanted, CONFLICTS_MAX))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = ConflictId(crate::store::sql::bytes(row, 0)?);
        found.extend(of_stream(db, row.get(1)?, id)?);
    }
    Ok(found)
}

/// Reads one conflict.
pub fn conflict(db: &Db, id: ConflictId) -> Result<Option<Conflict>, StoreError> {
    let mut statement = db.connection.prepare_cached("SELECT stream FROM conflicts WHERE id = ?1")?;
    let stream = statement.query_row([id.0.as_slice()], |row| row.get(0)).optional()?;
    stream.map_or(Ok(None), |stream| of_stream(db, stream, id))
}

/// Counts those that wait for a decision.
pub fn open_count(db: &Db) -> Result<u64, StoreError> {
    let mut statement = db.connection.prepare_cached("SELECT count(*) FROM conflicts WHERE open")?;
    let count: i64 = statement.query_row([], |row| row.get(0))?;
    Ok(crate::store::sql::counter(count))
}

fn of_stream(db: &Db, row: i64, id: ConflictId) -> Result<Option<Conflict>, StoreError> {
    let Some(Stream::Attendee(attendee)) = Stream::parse(&streams::name_of(&db.connection, row)?) else {
        return Ok(None);
    };
    let Some(state) = load(&db.connection, &Stream::Attendee(attendee))? else { return Ok(None) };
    let Folded::Attendee(state) = state.folded else { return Ok(None) };
    Ok(state.conflicts(attendee).into_iter().find(|conflict| conflict.id == id))
}
