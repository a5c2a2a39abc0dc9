//! A node's disk: its database as a crash leaves it.
//!
//! Until a commit is synced, any part of what it wrote to the write-ahead log may be on the disk: a first
//! part of it, or any of its sectors. What was synced before is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::dice::Dice;

const SECTOR_BYTES: usize = 512;

/// Where a node keeps its database.
#[derive(Debug)]
pub(crate) struct Disk {
    database: PathBuf,
}

/// The files of a database at one moment.
#[derive(Debug)]
pub(crate) struct Image {
    database: Vec<u8>,
    log: Vec<u8>,
    incarnation: Vec<u8>,
}

impl Disk {
    /// A disk in a directory of its own.
    pub(crate) fn in_directory(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        Ok(Self { database: directory.join("lanyard.db") })
    }

    /// The database file.
    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    /// Reads all files; of a file that is not there, nothing.
    pub(crate) fn image(&self) -> io::Result<Image> {
        Ok(Image {
            database: read(&self.database)?,
            log: read(&self.beside("-wal"))?,
            incarnation: read(&self.incarnation())?,
        })
    }

    /// Puts the files back as they were; nobody may have them open.
    pub(crate) fn restore(&self, image: &Image) -> io::Result<()> {
        fs::write(&self.database, &image.database)?;
        fs::write(self.beside("-wal"), &image.log)?;
        fs::write(self.incarnation(), &image.incarnation)?;
        match fs::remove_file(self.beside("-shm")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.database.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    fn incarnation(&self) -> PathBuf {
        self.database.with_extension("incarnation")
    }
}

impl Image {
    /// What a crash leaves between two moments, of which the second one may not have been reached.
    pub(crate) fn torn(before: &Self, after: Self, dice: &mut Dice) -> Self {
        Self { log: torn(&before.log, after.log, dice), ..after }
    }

    /// What a crash while opening leaves: the next incarnation is written beside the database, and perhaps
    /// into it.
    pub(crate) fn half_opened(before: &Self, after: Self, dice: &mut Dice) -> Self {
        let incarnation = [&before.incarnation[..], b"\n", &after.incarnation].concat();
        let database = before.database.clone();
        Self { database, incarnation, log: torn(&before.log, after.log, dice) }
    }
}

/// Mixes two states of a file: where they differ, a first part or any sectors of the new one.
fn torn(before: &[u8], after: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    let same = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let changed = after.len() - same;
    if changed == 0 {
        return after;
    }
    let mut mixed = before.to_vec();
    if dice.chance(500) {
        let end = same + dice.index(changed + 1);
        mixed.truncate(same);
        mixed.extend_from_slice(&after[same..end]);
        mixed.extend_from_slice(before.get(end..).unwrap_or_default());
        return mixed;
    }
    mixed.resize(before.len().max(after.len()), 0);
    let first = same / SECTOR_BYTES * SECTOR_BYTES;
    for start in (first..after.len()).step_by(SECTOR_BYTES) {
        let end = (start + SECTOR_BYTES).min(after.len());
        if dice.chance(700) {
            mixed[start..end].copy_from_slice(&after[start..end]);
        }
    }
    mixed
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}
