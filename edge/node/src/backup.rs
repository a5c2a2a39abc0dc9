//! Backups: a copy of the database as of one commit, made while the node works.
//!
//! The copy forgets the incarnation, so whoever starts on it opens a new epoch and cannot be taken for the
//! node that goes on.

use std::path::Path;

use rusqlite::Connection;

use crate::new_file::{NewFile, NewFileError};
use crate::store::{StoreError, meta, open_for_reading};

const CACHE_KIB: u32 = 4 * 1024;

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database failed.
    #[error("the backup could not be written")]
    Store(#[from] StoreError),
    /// The file exists, or could not be moved into its place.
    #[error(transparent)]
    File(#[from] NewFileError),
}

/// Copies the database at `database` to a new file; complete and synced when it has its name.
pub fn backup(database: &Path, to: &Path) -> Result<(), BackupError> {
    let new = NewFile::begin(to)?;
    copy(database, new.draft())?;
    Ok(new.keep()?)
}

fn copy(database: &Path, beside: &Path) -> Result<(), StoreError> {
    let db = open_for_reading(database, CACHE_KIB)?;
    db.pragma_update(None, "query_only", false)?;
    let name = beside.to_str().ok_or_else(|| StoreError::damaged("the name of the backup is not Unicode"))?;
    db.execute("VACUUM INTO ?1", [name])?;
    let copy = Connection::open(beside).map_err(StoreError::from)?;
    meta::forget(&copy, meta::INCARNATION)
}
