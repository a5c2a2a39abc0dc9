//! The files of the repository.
//!
//! Responsible for finding them, for leaving out what is built or installed, and for failing with all breaches of a
//! rule at once.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what was built or installed, and the state of a demo.
const NOT_OURS: [&str; 5] = ["target", "node_modules", "dist", "demo-state", ".git"];

/// A text file of the repository.
pub(super) struct Source {
    /// Relative to the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// A file that exists in a test only.
    pub(super) fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub(super) fn extension(&self) -> &str {
        Path::new(&self.path).extension().and_then(|extension| extension.to_str()).unwrap_or("")
    }

    pub(super) fn is_in(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(&format!("{folder}/")))
    }
}

pub(super) fn root() -> PathBuf {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the root of the repository");
    root.to_owned()
}

/// Every text file with one of these extensions, in order of path.
pub(super) fn sources(extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root(), "", extensions, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty(), "no file with extension {extensions:?} was found");
    found
}

fn collect(folder: &Path, prefix: &str, extensions: &[&str], found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository can be read") {
        let entry = entry.expect("a folder of the repository can be read");
        let name = entry.file_name().into_string().expect("names in the repository are UTF-8");
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), extensions, found);
            }
        } else if extensions.iter().any(|extension| name.ends_with(&format!(".{extension}"))) {
            let text = fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
            found.push(Source { path, text });
        }
    }
}

/// Fails with every breach, and with what to do about them.
#[track_caller]
pub(super) fn assert_none(breaches: &[String], advice: &str) {
    assert!(breaches.is_empty(), "\n{}\n\n{advice}\n", breaches.join("\n"));
}
