//! What can go wrong with the database.

use rusqlite::{Error, ErrorCode};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room is left; nothing of the transaction was written.
    #[error("the disk is full")]
    Full,
    /// The database failed.
    #[error("the database failed")]
    Sqlite(#[source] Error),
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

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => Self::damaged(error.to_string()),
            error if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Self::Full,
            error => Self::Sqlite(error),
        }
    }
}
