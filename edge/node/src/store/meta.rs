//! Single values about the database itself.

use rusqlite::{Connection, OptionalExtension, types::FromSql, types::ToSql};

use super::StoreError;

pub(crate) const INCARNATION: &str = "incarnation";
pub(crate) const MACHINE: &str = "machine";
pub(crate) const SCOPE: &str = "scope";
pub(crate) const OWN_EPOCH: &str = "own_epoch";
pub(crate) const ERASING: &str = "erasing";
pub(crate) const HELD_UNTIL_SEQ: &str = "held_until_seq";
/// What the build that worked on the database last could read.
pub(crate) const READABLE: &str = "readable";
pub(crate) const WAITS_FOR: &str = "waits_for";

/// Up to which outcome they are in the index over commands.
pub(crate) const OUTCOMES_INDEXED: &str = "outcomes_indexed";
/// Number of the last stream that came in a snapshot, while its entries are still to come.
pub(crate) const BASE_STREAMS: &str = "base_streams";
/// Whether any stream may wait for those entries.
pub(crate) const ALL_PENDING: &str = "all_pending";

/// What was found to be damaged when it was to be sent.
pub(crate) const DAMAGED: &str = "damaged";

/// Reads a value.
pub(crate) fn get<T: FromSql>(db: &Connection, name: &str) -> Result<Option<T>, StoreError> {
    let mut statement = db.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

/// Writes a value.
pub(crate) fn set(db: &Connection, name: &str, value: impl ToSql) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
    statement.execute((name, value))?;
    Ok(())
}

/// Forgets a value.
pub(crate) fn forget(db: &Connection, name: &str) -> Result<(), StoreError> {
    db.execute("DELETE FROM meta WHERE name = ?1", [name])?;
    Ok(())
}
