//! A folder that organisers drop files into.
//!
//! Responsible for: noticing files, waiting until a file has stopped growing, and putting it away into `done` or
//! `failed` with a report beside it. What a file means is for the caller.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// Where files go that were taken.
const DONE: &str = "done";
/// Where files go that were not.
const FAILED: &str = "failed";

/// What a dropped file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An attendee list in CSV.
    AttendeeList,
    /// A badge layout in SVG.
    Layout,
}

/// A file that has stopped growing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Where it lies.
    pub path: PathBuf,
    /// What it is, by its name.
    pub kind: Kind,
}

/// What came of a file, for people and for programs.
#[derive(Debug, Clone)]
pub struct Report {
    /// Whether the file was taken.
    pub taken: bool,
    /// For people.
    pub text: String,
    /// For programs.
    pub json: serde_json::Value,
}

/// Size and time of a file when it was last looked at.
type Look = (u64, SystemTime);

/// The folder being watched.
pub struct DropFolder {
    folder: PathBuf,
    looks: BTreeMap<PathBuf, Look>,
    news: Arc<Notify>,
    /// Keeps the watch; none where the system has no watches left, and then looking at times must do.
    _watcher: Option<RecommendedWatcher>,
}

impl DropFolder {
    /// Makes the folder with its parts and starts watching it.
    pub fn watch(folder: &Path) -> io::Result<Self> {
        for part in [DONE, FAILED] {
            fs::create_dir_all(folder.join(part))?;
        }
        let news = Arc::new(Notify::new());
        let watcher = watcher(folder, Arc::clone(&news))
            .inspect_err(|error| tracing::warn!(error = %error, "the drop folder cannot be watched and is looked at every few seconds"))
            .ok();
        Ok(Self { folder: folder.to_owned(), looks: BTreeMap::new(), news, _watcher: watcher })
    }

    /// Waits until something happens in the folder.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// Whether some file was seen that may still be growing.
    pub fn is_waiting(&self) -> bool {
        !self.looks.is_empty()
    }

    /// Looks at the folder: the files that are as they were at the last look, oldest name first.
    pub fn look(&mut self) -> io::Result<Vec<Dropped>> {
        let mut seen = BTreeMap::new();
        let mut still = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let Some(kind) = kind_of(&path) else { continue };
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if !metadata.is_file() {
                continue;
            }
            let look = (metadata.len(), metadata.modified()?);
            if self.looks.get(&path) == Some(&look) {
                still.push(Dropped { path, kind });
            } else {
                seen.insert(path, look);
            }
        }
        self.looks = seen;
        still.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(still)
    }

    /// Puts a file away and writes the report beside it; an earlier file of the same name is kept under another.
    pub fn put_away(&self, dropped: &Dropped, report: &Report) -> io::Result<PathBuf> {
        let folder = self.folder.join(if report.taken { DONE } else { FAILED });
        let name =
            dropped.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let target = free_name(&folder, &name);
        fs::rename(&dropped.path, &target)?;
        write_synced(&target.with_added_extension("report.txt"), report.text.as_bytes())?;
        let json = serde_json::to_vec_pretty(&report.json).expect("a report is plain data");
        write_synced(&target.with_added_extension("report.json"), &json)?;
        File::open(&folder)?.sync_all()?;
        Ok(target)
    }
}

fn watcher(folder: &Path, news: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |_| news.notify_one())?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

fn kind_of(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?;
    if name.starts_with('.') {
        return None;
    }
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Kind::AttendeeList),
        "svg" => Some(Kind::Layout),
        _ => None,
    }
}

fn free_name(folder: &Path, name: &str) -> PathBuf {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let numbered = (2_u32..).map(|n| folder.join(format!("{stem}-{n}.{extension}")));
    std::iter::once(folder.join(name))
        .chain(numbered)
        .find(|path| !path.exists())
        .expect("some number is free")
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_file_is_taken_once_it_stopped_growing() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut drop = DropFolder::watch(folder.path()).expect("watched");
        let path = folder.path().join("list.csv");
        fs::write(&path, "name\n").expect("written");
        tokio::time::timeout(std::time::Duration::from_secs(10), drop.news())
            .await
            .expect("the file is noticed");
        assert_eq!(drop.look().expect("looked"), []);
        fs::write(&path, "name\nAda\n").expect("written");
        assert_eq!(drop.look().expect("looked"), [], "it grew in between");
        assert_eq!(drop.look().expect("looked"), [Dropped { path, kind: Kind::AttendeeList }]);
    }

    #[tokio::test]
    async fn a_second_file_of_a_name_does_not_replace_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let drop = DropFolder::watch(folder.path()).expect("watched");
        let report = Report { taken: true, text: "taken\n".to_owned(), json: serde_json::json!({"rows": 1}) };
        let dropped = Dropped { path: folder.path().join("list.csv"), kind: Kind::AttendeeList };
        for _ in 0..2 {
            fs::write(&dropped.path, "name\n").expect("written");
            drop.put_away(&dropped, &report).expect("put away");
        }
        let expected = ["list-2.csv", "list-2.csv.report.json", "list-2.csv.report.txt"];
        assert_eq!(names(&folder.path().join(DONE))[..3], expected);
        assert_eq!(names(&folder.path().join(DONE)).len(), 6);
    }

    #[tokio::test]
    async fn other_files_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut drop = DropFolder::watch(folder.path()).expect("watched");
        for name in ["notes.txt", ".hidden.csv", "list.csv.part"] {
            fs::write(folder.path().join(name), "x").expect("written");
        }
        assert!(drop.look().expect("looked").is_empty());
        assert!(!drop.is_waiting());
    }
}
