//! Backups: a copy of the database as of one commit, made while the node works.
//!
//! The copy forgets the incarnation, so whoever starts on it opens a new epoch and cannot be taken for the
//! node that goes on.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::store::{StoreError, meta, open_for_reading};

const CACHE_KIB: u32 = 4 * 1024;

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file exists.
    #[error("{path} exists already; name another file")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The database failed.
    #[error("the backup could not be written")]
    Store(#[from] StoreError),
    /// The file could not be moved into its place.
    #[error("{path} could not be written")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Copies the database at `database` to a new file; complete and synced when it has its name.
pub fn backup(database: &Path, to: &Path) -> Result<(), BackupError> {
    if to.exists() {
        return Err(BackupError::Exists { path: to.to_owned() });
    }
    let failed = |source| BackupError::File { path: to.to_owned(), source };
    let mut beside = to.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    if beside.exists() {
        std::fs::remove_file(&beside).map_err(failed)?;
    }
    copy(database, &beside)?;
    std::fs::File::open(&beside).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(&beside, to).map_err(failed)?;
    let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)
}

fn copy(database: &Path, beside: &Path) -> Result<(), StoreError> {
    let db = open_for_reading(database, CACHE_KIB)?;
    db.pragma_update(None, "query_only", false)?;
    let name = beside.to_str().ok_or_else(|| StoreError::damaged("the name of the backup is not Unicode"))?;
    db.execute("VACUUM INTO ?1", [name])?;
    let copy = Connection::open(beside).map_err(StoreError::from)?;
    meta::forget(&copy, meta::INCARNATION)
}
