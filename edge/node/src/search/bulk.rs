//! Filling the full-text table with many rows at once.
//!
//! Usually each MiB of new words is written as a segment, and segments are merged as they come. For a hundred thousand
//! rows of one transaction most of the work would be that.

use rusqlite::Connection;

/// Memory for words that are not written yet, in bytes, while there are many.
const MANY_BYTES: i64 = 16 * 1024 * 1024;
/// As SQLite has it.
const USUAL_BYTES: i64 = 1024 * 1024;
/// Segments of one level from which on they are merged, as SQLite has it; 0 is never.
const USUAL_SEGMENTS: i64 = 4;

/// Has rows inserted, in a transaction of the caller, which has to be undone if that fails.
pub(crate) fn in_bulk<T, E: From<rusqlite::Error>>(
    db: &Connection,
    insert: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    set(db, "automerge", 0)?;
    set(db, "hashsize", MANY_BYTES)?;
    let inserted = insert()?;
    set(db, "hashsize", USUAL_BYTES)?;
    set(db, "automerge", USUAL_SEGMENTS)?;
    Ok(inserted)
}

fn set(db: &Connection, what: &str, value: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached("INSERT INTO search (search, rank) VALUES (?1, ?2)")?.execute((what, value))?;
    Ok(())
}
