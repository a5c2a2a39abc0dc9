//! Local settings: the printer of a desk, who has to wait before the next sign-in, and the last import.

use rusqlite::OptionalExtension;

use super::{Read, ReadError};
use crate::store::last_import::{self, LastImport};

/// Failed sign-ins of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    /// Failures in a row.
    pub failures: u32,
    /// End of the wait, Unix milliseconds.
    pub until_ms: i64,
}

impl Read<'_> {
    /// Reads the printer a desk chose.
    pub fn desk_printer(&self, desk: &str) -> Result<Option<String>, ReadError> {
        let mut statement = self.db.prepare_cached("SELECT printer FROM desk_settings WHERE desk = ?1")?;
        Ok(statement.query_row([desk], |row| row.get(0)).optional()?)
    }

    /// Reads which list was imported last; none when another node's came after it.
    pub fn last_import(&self) -> Result<Option<LastImport>, ReadError> {
        Ok(last_import::get(self.db)?)
    }

    /// Reads the failed sign-ins of a subject.
    pub fn back_off(&self, subject: &str) -> Result<Option<BackOff>, ReadError> {
        let mut statement =
            self.db.prepare_cached("SELECT failures, until_ms FROM sign_in_back_off WHERE subject = ?1")?;
        let read = |row: &rusqlite::Row<'_>| Ok(BackOff { failures: row.get(0)?, until_ms: row.get(1)? });
        Ok(statement.query_row([subject], read).optional()?)
    }
}
