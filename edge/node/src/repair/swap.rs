//! The exchange of a damaged database for the new one, in steps of which each is safe to end at.
//!
//! The old files get a second name in a folder of their own first. Then the incarnation beside the database goes, so
//! that whoever starts between two steps finds a database that was restored, and opens a new epoch.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::RepairError;
use crate::start::DATABASE_FILE;

const INCARNATION_FILE: &str = "lanyard.incarnation";
const OF_DATABASE: [&str; 3] = ["-wal", "-shm", "-journal"];
const KEPT: &str = "damaged-";
const KEPT_MAX: u32 = 1_000;

/// The folders in which repairs have kept damaged databases: whoever was erased since is still in them.
///
/// # Errors
/// When the data folder cannot be read.
pub fn kept_damaged(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut kept = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_str().is_some_and(|name| name.starts_with(KEPT)) && file.path().is_dir() {
            kept.push(file.path());
        }
    }
    kept.sort();
    Ok(kept)
}

/// Puts the files of `new` in the place of those of `folder`; returns where those are kept.
pub(super) fn put_in_place(folder: &Path, new: &Path) -> Result<PathBuf, RepairError> {
    let numbered = |n| folder.join(format!("{KEPT}{n}"));
    let kept_in = (1..KEPT_MAX).map(numbered).find(|kept| !kept.exists());
    let kept_in = kept_in.unwrap_or_else(|| numbered(KEPT_MAX));
    exchange(folder, new, &kept_in).map_err(|source| RepairError::File { path: kept_in.clone(), source })?;
    Ok(kept_in)
}

fn exchange(folder: &Path, new: &Path, kept_in: &Path) -> io::Result<()> {
    fs::create_dir(kept_in)?;
    let beside = OF_DATABASE.map(|suffix| format!("{DATABASE_FILE}{suffix}"));
    let names = beside.iter().map(String::as_str).chain([DATABASE_FILE, INCARNATION_FILE]);
    for name in names {
        if folder.join(name).exists() {
            fs::hard_link(folder.join(name), kept_in.join(name))?;
        }
    }
    sync_folder(kept_in)?;
    for name in [INCARNATION_FILE].into_iter().chain(beside.iter().map(String::as_str)) {
        if folder.join(name).exists() {
            fs::remove_file(folder.join(name))?;
            sync_folder(folder)?;
        }
    }
    for name in [DATABASE_FILE, INCARNATION_FILE] {
        fs::rename(new.join(name), folder.join(name))?;
        sync_folder(folder)?;
    }
    fs::remove_dir_all(new)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
