//! Commands of an import: at most 200 rows each, named by what they say.

use lanyard_domain::Command;
use lanyard_domain::import::ImportRow;
use lanyard_sync::CommandId;

use super::columns::Source;
use crate::engine::LastImport;

const TAG: &str = "lanyard/import-chunk/2";

/// Rows that go into one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Hash of the import (the file and where the log stood when it began), the chunk's number and its rows. The
    /// rows are in it because the same file reads otherwise once a seat type or an alias was configured, and must
    /// then not count as done.
    pub id: CommandId,
    /// Whose list it is.
    pub source: Source,
    /// The rows.
    pub rows: Vec<ImportRow>,
}

impl Chunk {
    pub(super) fn new(import: &LastImport, number: u64, source: Source, rows: Vec<ImportRow>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(TAG);
        hasher.update(import.file.as_bytes()).update(&import.began_at.to_le_bytes());
        hasher.update(&number.to_le_bytes());
        let rows_json = serde_json::to_vec(&rows).expect("rows are plain words and serialise");
        hasher.update(&rows_json);
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self { id: CommandId(id), source, rows }
    }

    /// The command that takes the rows.
    pub fn into_command(self) -> Command {
        Command::ImportAttendees { source: self.source.as_str().to_owned(), rows: self.rows }
    }
}
