//! Incarnations: how a node finds at boot that its database was copied or restored.
//!
//! A random number is kept in the database and in a file beside it, and both change at every boot.
//! The next number is first written beside, together with the present one, then into the database,
//! and then alone beside; so a kill between two of these steps is no mismatch, and any other
//! combination of database, file and machine is.

use std::fs;
use std::path::{Path, PathBuf};

use lanyard_sync::hex;
use rusqlite::Connection;

use super::{StoreError, meta};
use crate::identity::{IdentityError, write_synced};

/// Whether this boot continues the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Continuity {
    /// Nothing was ever written.
    New,
    /// Database, file and machine belong together.
    Shown,
    /// They do not.
    Broken,
}

type Number = [u8; 16];

/// Where the number beside the database is kept.
pub(crate) fn path_beside(database: &Path) -> PathBuf {
    database.with_extension("incarnation")
}

/// Compares database, file and machine.
pub(crate) fn examine(db: &Connection, database: &Path, machine: &str) -> Result<Continuity, StoreError> {
    let Some(inside) = meta::get::<Number>(db, meta::INCARNATION)? else {
        let has_epoch = meta::get::<i64>(db, meta::OWN_EPOCH)?.is_some();
        return Ok(if has_epoch { Continuity::Broken } else { Continuity::New });
    };
    let same_machine = meta::get::<String>(db, meta::MACHINE)?.as_deref() == Some(machine);
    let beside = read_beside(&path_beside(database));
    Ok(if same_machine && beside.contains(&inside) { Continuity::Shown } else { Continuity::Broken })
}

/// Moves on to the next incarnation.
pub(crate) fn advance(
    db: &Connection,
    database: &Path,
    machine: &str,
    next: Number,
) -> Result<(), AdvanceError> {
    let path = path_beside(database);
    let present = meta::get::<Number>(db, meta::INCARNATION)?;
    let both: Vec<Number> = present.into_iter().chain([next]).collect();
    write_beside(&path, &both)?;
    let transaction = db.unchecked_transaction().map_err(StoreError::from)?;
    meta::set(&transaction, meta::INCARNATION, next)?;
    meta::set(&transaction, meta::MACHINE, machine)?;
    transaction.commit().map_err(StoreError::from)?;
    write_beside(&path, &[next])
}

/// Why the incarnation could not be moved on.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// In the database.
    #[error("the incarnation cannot be written into the database")]
    Store(#[from] StoreError),
    /// Beside it.
    #[error("the incarnation cannot be written beside the database")]
    Beside(#[from] IdentityError),
}

fn read_beside(path: &Path) -> Vec<Number> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(hex::decode_array).collect()
}

fn write_beside(path: &Path, numbers: &[Number]) -> Result<(), AdvanceError> {
    let lines: Vec<String> = numbers.iter().map(|number| hex::encode(number)).collect();
    Ok(write_synced(path, lines.join("\n").as_bytes(), 0o600)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{migrate, open_for_writing};

    fn booted(dir: &Path) -> (Connection, PathBuf) {
        let path = dir.join("lanyard.db");
        let mut db = open_for_writing(&path, 1024).unwrap();
        migrate::migrate(&mut db).unwrap();
        (db, path)
    }

    #[test]
    fn a_database_continues_beside_its_own_file_only() {
        let dir = tempfile::tempdir().unwrap();
        let (db, path) = booted(dir.path());
        assert_eq!(examine(&db, &path, "m1").unwrap(), Continuity::New);
        advance(&db, &path, "m1", [1; 16]).unwrap();
        assert_eq!(examine(&db, &path, "m1").unwrap(), Continuity::Shown);
        assert_eq!(examine(&db, &path, "m2").unwrap(), Continuity::Broken);
        fs::remove_file(path_beside(&path)).unwrap();
        assert_eq!(examine(&db, &path, "m1").unwrap(), Continuity::Broken);
    }

    #[test]
    fn a_kill_between_two_steps_is_no_mismatch() {
        let dir = tempfile::tempdir().unwrap();
        let (db, path) = booted(dir.path());
        advance(&db, &path, "m1", [1; 16]).unwrap();
        write_beside(&path_beside(&path), &[[1; 16], [2; 16]]).unwrap();
        assert_eq!(examine(&db, &path, "m1").unwrap(), Continuity::Shown);
        meta::set(&db, meta::INCARNATION, [2_u8; 16]).unwrap();
        assert_eq!(examine(&db, &path, "m1").unwrap(), Continuity::Shown);
    }

    #[test]
    fn a_database_of_an_earlier_boot_is_a_mismatch() {
        let dir = tempfile::tempdir().unwrap();
        let (db, path) = booted(dir.path());
        advance(&db, &path, "m1", [1; 16]).unwrap();
        advance(&db, &path, "m1", [2; 16]).unwrap();
        meta::set(&db, meta::INCARNATION, [1_u8; 16]).unwrap();
        assert_eq!(examine(&db, &path, "m1").unwrap(), Continuity::Broken);
    }
}
