//! A printer that is a folder: each badge becomes a PDF and a PNG.
//!
//! A badge counts as printed when both files, their names and the folder's entry for them are on the disk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes badges into a folder.
#[derive(Debug, Clone)]
pub struct FilesPrinter {
    folder: PathBuf,
}

impl FilesPrinter {
    /// A printer that writes into `folder`, which is made when the first badge comes.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Writes both files under the job's name; the PDF appears last, so where it is the badge is whole.
    pub fn print(&self, name: &str, png: &[u8], pdf: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        write_whole(&self.path(name, "png"), png)?;
        write_whole(&self.path(name, "pdf"), pdf)?;
        File::open(&self.folder)?.sync_all()
    }

    /// Deletes both files of a badge, and what a stop in the middle left of them.
    pub fn delete(&self, name: &str) -> io::Result<()> {
        for extension in ["pdf", "png"] {
            let path = self.path(name, extension);
            for path in [path.with_added_extension("part"), path] {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    Ok(()) | Err(_) => {}
                }
            }
        }
        if self.folder.exists() { File::open(&self.folder)?.sync_all() } else { Ok(()) }
    }

    /// Whether a badge of that name was written whole.
    pub fn has(&self, name: &str) -> bool {
        self.path(name, "pdf").is_file()
    }

    /// Why the folder takes no files, if so.
    pub fn check(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        if fs::metadata(&self.folder)?.permissions().readonly() {
            return Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "the folder is read-only"));
        }
        Ok(())
    }

    fn path(&self, name: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{name}.{extension}"))
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = path.with_added_extension("part");
    let mut file = File::create(&partial)?;
    if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        // Half a badge is of no use, and on a full disk it holds room that the database needs.
        fs::remove_file(&partial)?;
        return Err(error);
    }
    fs::rename(partial, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_is_two_files_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let printer = FilesPrinter::new(folder.path().join("printed"));
        assert!(!printer.has("job-1"));
        printer.print("job-1", b"png", b"pdf").expect("written");
        assert!(printer.has("job-1"));
        let mut names: Vec<_> = fs::read_dir(folder.path().join("printed"))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["job-1.pdf", "job-1.png"]);
        printer.delete("job-1").expect("deleted");
        printer.delete("job-1").expect("nothing is left to delete");
        assert_eq!(fs::read_dir(folder.path().join("printed")).expect("a folder").count(), 0);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file"), b"").expect("a file");
        let printer = FilesPrinter::new(folder.path().join("file"));
        assert!(printer.check().is_err());
        assert!(printer.print("job-1", b"png", b"pdf").is_err());
    }
}
