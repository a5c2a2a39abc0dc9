//! What can go wrong with the database.

use rusqlite::{Error, ErrorCode, ffi};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room is left; nothing of the transaction was written.
    #[error("the disk is full")]
    Full,
    /// Not every entry is here that is folded: the older log follows a snapshot.
    #[error("the older log is still being fetched; this can be done once it is here")]
    HistoryMissing,
    /// The database failed.
    #[error("the database failed")]
    Sqlite(#[source] Error),
    /// A newer build has worked on it.
    #[error(
        "a newer version of Lanyard has worked on this database ({what}); nothing was changed: install that version again"
    )]
    Newer {
        /// What this build lacks.
        what: String,
    },
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
            error if is_full(&error) => Self::Full,
            error => Self::Sqlite(error),
        }
    }
}

/// SQLite says that there is no room for the database and its log, or for the index of the log, which it makes
/// larger by writing. A failed flush is another matter whatever its cause: nobody knows what is on the disk then.
fn is_full(error: &Error) -> bool {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    error.sqlite_error_code() == Some(ErrorCode::DiskFull) || extended == Some(ffi::SQLITE_IOERR_SHMSIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_room_is_told_from_every_other_failure() {
        let of = |code| StoreError::from(Error::SqliteFailure(ffi::Error::new(code), None));
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            assert!(matches!(of(code), StoreError::Full), "{code}");
        }
        for code in
            [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_SHMMAP, ffi::SQLITE_BUSY]
        {
            assert!(matches!(of(code), StoreError::Sqlite(_)), "{code}");
        }
    }
}
