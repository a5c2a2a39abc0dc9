//! The attendee list that was imported last: which file, and where the log stood when its import began.
//!
//! Kept so that the same file again, or after a crash in its middle, makes the same commands, while a file that comes
//! back after another list makes new ones.

use lanyard_sync::Hash;
use rusqlite::Connection;

use super::{StoreError, meta, sql};

const FILE: &str = "import_file";
const BEGAN_AT: &str = "import_began_at";

/// An import of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastImport {
    /// Hash of the file.
    pub file: Hash,
    /// Position of the log before its first entry.
    pub began_at: u64,
}

pub(crate) fn get(db: &Connection) -> Result<Option<LastImport>, StoreError> {
    let (file, began_at) = (meta::get::<Vec<u8>>(db, FILE)?, meta::get::<i64>(db, BEGAN_AT)?);
    let Some((file, began_at)) = file.zip(began_at) else { return Ok(None) };
    let file: [u8; 32] =
        file.try_into().map_err(|_| StoreError::damaged("the hash of the last import has another length"))?;
    Ok(Some(LastImport { file: Hash(file), began_at: sql::counter(began_at) }))
}

pub(crate) fn set(db: &Connection, import: &LastImport) -> Result<(), StoreError> {
    meta::set(db, FILE, import.file.as_bytes().as_slice())?;
    meta::set(db, BEGAN_AT, sql::column(import.began_at))
}

/// Forgets it, because another list came after it.
pub(crate) fn forget(db: &Connection) -> Result<(), StoreError> {
    meta::forget(db, FILE)
}
