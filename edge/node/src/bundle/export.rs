//! Writing a bundle: everything that is here, or what the writer of another bundle lacked.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use lanyard_sync::{Dot, Head, VersionVector};

use super::form::BUFFER_BYTES;
use super::{BundleHead, BundleWriter};
use crate::new_file::{NewFile, NewFileError};
use crate::read::{Read, ReadError, Reader};
use crate::store::StoreError;

/// What a bundle holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Its entries.
    pub entries: u64,
}

/// Why no bundle was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The bundle to go on from is of another scope.
    #[error("the bundle given with --since is of another conference; name one of this conference")]
    OtherScope,
    /// The bundle to go on from knows another entry under an id.
    #[error(
        "the bundle given with --since knows another entry as {0}: two copies of one node have written. Stop one, keep both data folders, and let it join anew into another one"
    )]
    Fork(Dot),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file cannot be begun or finished.
    #[error(transparent)]
    File(#[from] NewFileError),
    /// The bundle cannot be written.
    #[error("the bundle could not be written")]
    Write(#[from] io::Error),
}

/// Writes what the writer of `since` lacked, or everything, as of one commit.
///
/// # Errors
/// Why it was not written; what was is no bundle.
pub fn export(reader: &Reader, since: Option<&BundleHead>, out: impl Write) -> Result<Exported, ExportError> {
    reader.read_here(|db| Ok(write(*db, since, out)))?
}

/// As [`export`], to a new file that has its name when it is complete and synced.
///
/// # Errors
/// Why it was not written; nothing is left behind.
pub fn export_to_file(
    reader: &Reader,
    since: Option<&BundleHead>,
    to: &Path,
) -> Result<Exported, ExportError> {
    let mut new = NewFile::begin(to)?;
    let exported = export(reader, since, new.file())?;
    new.keep()?;
    Ok(exported)
}

fn write(db: Read<'_>, since: Option<&BundleHead>, out: impl Write) -> Result<Exported, ExportError> {
    let (scope, vector) = (db.scope()?, db.vector()?);
    let mut have = match since {
        None => VersionVector::default(),
        Some(since) if since.scope == scope => shared(db, &vector, &since.vector)?,
        Some(_) => return Err(ExportError::OtherScope),
    };
    if db.floors()?.iter().any(|(log, floor)| have.seq(log) + 1 < *floor) {
        return Err(ReadError::from(StoreError::HistoryMissing).into());
    }
    let head = BundleHead { scope, vector, base: have.clone() };
    let mut writer = BundleWriter::begin(BufWriter::with_capacity(BUFFER_BYTES, out), &head)?;
    let mut exported = Exported { entries: 0 };
    while let Some(batch) = db.batch_after(&have)? {
        for log in &batch.logs {
            have.set(log.log(), Head::new(log.head.dot.seq, &log.head.hash));
        }
        let entries = batch.frames.len() as u64;
        writer.push(&batch.encode(), entries)?;
        exported.entries += entries;
    }
    writer.finish()?;
    Ok(exported)
}

/// What both sides have. Entries that only the other side has are left out: the bundle is of no less use to
/// whoever lacks them.
fn shared(db: Read<'_>, mine: &VersionVector, theirs: &VersionVector) -> Result<VersionVector, ExportError> {
    let mut shared = VersionVector::default();
    for (log, head) in mine.iter() {
        let Some(other) = theirs.head(&log) else { continue };
        if other.seq > head.seq {
            shared.set(log, head);
            continue;
        }
        let dot = log.dot(other.seq);
        if db.entry_prefix(dot)? != Some(other.prefix) {
            return Err(ExportError::Fork(dot));
        }
        shared.set(log, other);
    }
    Ok(shared)
}
