//! A snapshot that is fetched: its manifest, and a folder with those of its chunks that have come.
//!
//! Chunks are named by their hashes, so what came from one peer serves for the manifest of another, and a fetch that
//! was cut goes on with what is missing.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lanyard_sync::Hash;
use lanyard_sync::snapshot::{Chunk, ChunkError, ChunkName, Manifest, chunk_hash};

const FOLDER: &str = "snapshot";
/// A chunk that is being written.
const UNFINISHED: &str = "unfinished";

/// A snapshot on its way, or all there.
#[derive(Clone, Debug)]
pub struct Taken {
    manifest: Manifest,
    folder: PathBuf,
}

/// Why a chunk cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TakenError {
    /// Its file cannot be written or read.
    #[error("a chunk of the snapshot cannot be kept")]
    File(#[from] io::Error),
    /// Its bytes are not those of its name.
    #[error("a chunk of the snapshot is not what its name says")]
    Damaged,
    /// Its bytes are no chunk.
    #[error("a chunk of the snapshot cannot be read")]
    Unreadable(#[from] ChunkError),
    /// What it says contradicts the manifest.
    #[error("the snapshot contradicts itself: {0}")]
    Inconsistent(&'static str),
}

impl Taken {
    /// Begins beside a database, or goes on: chunks that are of no use for this manifest are removed.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn begin(directory: &Path, manifest: Manifest) -> Result<Self, TakenError> {
        let folder = directory.join(FOLDER);
        fs::create_dir_all(&folder)?;
        let wanted: BTreeSet<String> = manifest.chunks.iter().map(|chunk| chunk.hash.to_string()).collect();
        for file in fs::read_dir(&folder)? {
            let file = file?;
            if !file.file_name().to_str().is_some_and(|name| wanted.contains(name)) {
                fs::remove_file(file.path())?;
            }
        }
        Ok(Self { manifest, folder })
    }

    /// Removes whatever was fetched beside a database.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn forget(directory: &Path) -> io::Result<()> {
        match fs::remove_dir_all(directory.join(FOLDER)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// What it is of.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The chunks that have not come.
    pub fn missing(&self) -> Vec<ChunkName> {
        let is_missing = |chunk: &&ChunkName| {
            fs::metadata(self.path(&chunk.hash)).map_or(true, |file| file.len() != chunk.bytes)
        };
        self.manifest.chunks.iter().filter(is_missing).copied().collect()
    }

    /// Keeps a chunk that came, if it is what its name says.
    ///
    /// # Errors
    /// When it is not, or cannot be written.
    pub fn keep(&self, name: &ChunkName, bytes: &[u8]) -> Result<(), TakenError> {
        if bytes.len() as u64 != name.bytes || chunk_hash(bytes) != name.hash {
            return Err(TakenError::Damaged);
        }
        let unfinished = self.folder.join(UNFINISHED);
        fs::write(&unfinished, bytes)?;
        Ok(fs::rename(unfinished, self.path(&name.hash))?)
    }

    /// Reads a chunk; one that is damaged on the disk is removed, to be fetched again.
    pub(crate) fn chunk(&self, name: &ChunkName) -> Result<Chunk, TakenError> {
        let path = self.path(&name.hash);
        let bytes = fs::read(&path)?;
        if chunk_hash(&bytes) != name.hash {
            fs::remove_file(path)?;
            return Err(TakenError::Damaged);
        }
        Ok(Chunk::decode(&bytes)?)
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        self.folder.join(hash.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_node::TestNode;

    fn manifest(chunks: &[&[u8]]) -> Manifest {
        let name = |bytes: &&[u8]| ChunkName { hash: chunk_hash(bytes), bytes: bytes.len() as u64 };
        let identity = TestNode::new(0).engine.identity().clone();
        Manifest {
            scope: identity.scope,
            maker: identity.certificate,
            build: String::new(),
            logs: Vec::new(),
            forks: [].into(),
            closed: [].into(),
            retired: Vec::new(),
            chunks: chunks.iter().map(name).collect(),
        }
    }

    #[test]
    fn what_came_is_not_fetched_again_and_what_is_of_no_use_goes() {
        let directory = tempfile::tempdir().unwrap();
        let taken = Taken::begin(directory.path(), manifest(&[b"one", b"two"])).unwrap();
        let names = taken.missing();
        assert_eq!(names.len(), 2);
        assert!(matches!(taken.keep(&names[0], b"two"), Err(TakenError::Damaged)));
        taken.keep(&names[0], b"one").unwrap();
        let again = Taken::begin(directory.path(), manifest(&[b"three", b"one"])).unwrap();
        assert_eq!(again.missing(), [again.manifest().chunks[0]]);
        taken.keep(&names[1], b"two").unwrap();
        Taken::begin(directory.path(), manifest(&[b"one"])).unwrap();
        assert_eq!(taken.missing(), [names[1]]);
        Taken::forget(directory.path()).unwrap();
        Taken::forget(directory.path()).unwrap();
        assert_eq!(taken.missing().len(), 2);
    }

    #[test]
    fn a_chunk_that_the_disk_damaged_is_fetched_again() {
        let directory = tempfile::tempdir().unwrap();
        let taken = Taken::begin(directory.path(), manifest(&[b"one"])).unwrap();
        let [name] = taken.missing()[..] else { panic!("one chunk") };
        taken.keep(&name, b"one").unwrap();
        fs::write(taken.path(&name.hash), b"0ne").unwrap();
        assert!(matches!(taken.chunk(&name), Err(TakenError::Damaged)));
        assert_eq!(taken.missing(), [name]);
    }
}
