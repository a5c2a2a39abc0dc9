//! Opening the database: one connection that writes, others that read.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use crate::fault::{Fault, is_planted};

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const PAGE_BYTES: u32 = 4096;
const STATEMENTS_MAX: usize = 128;

/// Opens the only connection that writes. Commits are durable when they return; checkpoints are
/// left to [`super::checkpoint`].
pub(crate) fn open_for_writing(path: &Path, cache_kib: u32) -> Result<Connection, StoreError> {
    let db = Connection::open(path)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.pragma_update(None, "page_size", PAGE_BYTES)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    let synchronous = if is_planted(Fault::CommitUnsynced) { "OFF" } else { "FULL" };
    db.pragma_update(None, "synchronous", synchronous)?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.pragma_update(None, "foreign_keys", false)?;
    db.pragma_update(None, "temp_store", "FILE")?;
    with_cache(db, cache_kib)
}

/// Opens a connection that can only read; each read sees one commit.
pub(crate) fn open_for_reading(path: &Path, cache_kib: u32) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.pragma_update(None, "query_only", true)?;
    with_cache(db, cache_kib)
}

/// Sets how much of the database is kept in memory at most.
pub(crate) fn set_cache(db: &Connection, cache_kib: u32) -> Result<(), StoreError> {
    Ok(db.pragma_update(None, "cache_size", -i64::from(cache_kib))?)
}

fn with_cache(db: Connection, cache_kib: u32) -> Result<Connection, StoreError> {
    set_cache(&db, cache_kib)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Without this promise SQLite plans some prepared statements anew whenever other values are bound.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(db)
}
