//! Local settings: the printer of a desk, and who has to wait before the next sign-in.

use rusqlite::OptionalExtension;

use super::Db;
use crate::store::StoreError;

/// Failed sign-ins of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    /// Failures in a row.
    pub failures: u32,
    /// End of the wait, Unix milliseconds.
    pub until_ms: i64,
}

/// Reads the printer a desk chose.
pub fn desk_printer(db: &Db, desk: &str) -> Result<Option<String>, StoreError> {
    let mut statement = db.connection.prepare_cached("SELECT printer FROM desk_settings WHERE desk = ?1")?;
    Ok(statement.query_row([desk], |row| row.get(0)).optional()?)
}

/// Reads the failures of a subject.
pub fn back_off(db: &Db, subject: &str) -> Result<Option<BackOff>, StoreError> {
    let mut statement =
        db.connection.prepare_cached("SELECT failures, until_ms FROM sign_in_back_off WHERE subject = ?1")?;
    let read = |row: &rusqlite::Row<'_>| Ok(BackOff { failures: row.get(0)?, until_ms: row.get(1)? });
    Ok(statement.query_row([subject], read).optional()?)
}
