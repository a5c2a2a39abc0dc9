//! One process at a time: a lock on the data folder, gone with the process that holds it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const LOCK_FILE: &str = "lanyard.lock";

/// Held while a process may write to the data folder.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// Why a folder cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum DataLockError {
    /// Another process writes to it.
    #[error("{folder} is in use by another process; stop that one first, or give it the work")]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The lock cannot be made.
    #[error("{folder} cannot be locked")]
    Unlockable {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl DataLock {
    /// Takes the lock, or says who is in the way.
    ///
    /// # Errors
    /// When another process has it, or the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Self, DataLockError> {
        let unlockable = |source| DataLockError::Unlockable { folder: folder.to_owned(), source };
        let file = File::create(folder.join(LOCK_FILE)).map_err(unlockable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataLockError::InUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(unlockable(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataLock::take(folder.path()).unwrap();
        assert!(matches!(DataLock::take(folder.path()), Err(DataLockError::InUse { .. })));
        drop(first);
        DataLock::take(folder.path()).unwrap();
    }
}
