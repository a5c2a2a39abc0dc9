//! What can go wrong with the database.

use rusqlite::ErrorCode;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room is left; nothing of the transaction was written.
    #[error("the disk is full")]
    Full,
    /// The database failed.
    #[error("the database failed")]
    Sqlite(#[source] rusqlite::Error),
    /// A row does not hold what it should.
    #[error("the database is damaged: {what}")]
    Damaged {
        /// Which row and how.
        what: String,
    },
}

impl StoreError {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Sqlite(error),
        }
    }
}
