//! New files that are whole or not there: written beside their place, synced, then renamed into it.
//!
//! Responsible for refusing names that are taken, for leaving nothing behind when the writing fails, and
//! for keeping what holds names readable by its owner alone.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const MODE: u32 = 0o600;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum NewFileError {
    /// The file exists.
    #[error("{path} exists already; name another file")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The system does not let it be written.
    #[error("{path} could not be written")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A file on its way; dropped before it is kept, it is gone.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    draft: PathBuf,
    to: PathBuf,
    kept: bool,
}

impl NewFile {
    /// Begins a file that will be at `to`; what an earlier attempt left behind is replaced.
    ///
    /// # Errors
    /// When `to` exists, or nothing can be written beside it.
    pub fn begin(to: &Path) -> Result<Self, NewFileError> {
        if to.exists() {
            return Err(NewFileError::Exists { path: to.to_owned() });
        }
        let mut draft = to.as_os_str().to_owned();
        draft.push(".part");
        let draft = PathBuf::from(draft);
        let failed = |source| NewFileError::File { path: to.to_owned(), source };
        if draft.exists() {
            fs::remove_file(&draft).map_err(failed)?;
        }
        let mut options = File::options();
        let file = options.read(true).write(true).create_new(true).mode(MODE).open(&draft).map_err(failed)?;
        Ok(Self { file, draft, to: to.to_owned(), kept: false })
    }

    /// Where it is written.
    pub fn draft(&self) -> &Path {
        &self.draft
    }

    /// To be written to.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Gives the file its name, once it is on the disk.
    ///
    /// # Errors
    /// When it cannot be synced or renamed.
    pub fn keep(mut self) -> Result<(), NewFileError> {
        self.settle().map_err(|source| NewFileError::File { path: self.to.clone(), source })
    }

    fn settle(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.draft, &self.to)?;
        self.kept = true;
        let above = self.to.parent().filter(|above| !above.as_os_str().is_empty());
        File::open(above.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept {
            // The failure that led here is what is told; a draft that stays is replaced by the next attempt.
            fs::remove_file(&self.draft).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut new = NewFile::begin(&path).unwrap();
        new.file().write_all(b"whole").unwrap();
        assert!(!path.exists());
        new.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_kept_leaves_nothing_and_what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        drop(NewFile::begin(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(&path, b"kept").unwrap();
        let refused = NewFile::begin(&path).unwrap_err();
        assert!(matches!(refused, NewFileError::Exists { .. }), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"kept");
    }
}
