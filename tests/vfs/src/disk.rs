//! One disk: a folder whose SQLite files are in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::contents::Contents;
use crate::fault::{Fault, Operation};
use crate::image::Image;
use crate::memory::Memory;
use crate::vfs;

/// A moment of a disk's history: after so many changes. A write, a cut to size, a sync, a creation and a removal
/// are one change each.
pub type Point = usize;

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The process dies (`kill -9`): what it wrote is with the system.
    Process,
    /// The power fails; what was not synced depends on the seed.
    Power(u64),
}

/// A disk in memory under a folder of the file system; cheap to clone, gone with its last clone.
///
/// Files in the folder that SQLite opens are in memory. Others are where they always are; those that are watched are
/// part of the disk's images, as they were at the time, because who writes them syncs them.
#[derive(Clone, Debug)]
pub struct PowerCutDisk {
    mounted: Arc<Mounted>,
}

#[derive(Debug)]
struct Mounted {
    folder: PathBuf,
    contents: Arc<Mutex<Contents>>,
}

type Mounts = BTreeMap<PathBuf, Weak<Mutex<Contents>>>;

static MOUNTS: Mutex<Mounts> = Mutex::new(Mounts::new());

impl PowerCutDisk {
    /// Makes an empty disk; the folder is made when there is none, and must be no other disk's.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn in_folder(folder: &Path, watched: &[&str]) -> io::Result<Self> {
        vfs::install();
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let contents = Arc::new(Mutex::new(Contents::new(folder.clone(), watched)));
        let other = mounts().insert(folder.clone(), Arc::downgrade(&contents));
        assert!(
            other.is_none_or(|other| other.strong_count() == 0),
            "{} is a disk already",
            folder.display()
        );
        Ok(Self { mounted: Arc::new(Mounted { folder, contents }) })
    }

    /// The path of a file on it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.mounted.folder.join(name)
    }

    /// Now, as a moment of its history.
    pub fn now(&self) -> Point {
        self.contents().changes()
    }

    /// What is on it when a life ends at a moment.
    pub fn after_cut(&self, at: Point, cut: Cut) -> Image {
        let mut contents = self.contents();
        match cut {
            Cut::Process => contents.after_death(at),
            Cut::Power(seed) => contents.after_power_cut(at, seed),
        }
    }

    /// What is on it.
    pub fn image(&self) -> Image {
        self.contents().present()
    }

    /// Says what it remembers of itself from the next [`put`](Self::put) on.
    pub fn remember(&self, memory: Memory) {
        self.contents().remember(memory);
    }

    /// Remembers what is there: a disk of which not every change is remembered can go back to that.
    pub fn mark(&self) {
        self.contents().mark();
    }

    /// Puts this on it in place of what is there, all of it synced; its history begins anew. Nobody may have a file
    /// of it open.
    ///
    /// # Errors
    /// When a watched file cannot be written.
    pub fn put(&self, image: &Image) -> io::Result<()> {
        self.contents().put(image)
    }

    /// Lets operations fail by plan, in place of an earlier plan.
    pub fn fail(&self, fault: Fault) {
        self.contents().plan(Some(fault));
    }

    /// Lets nothing fail any more.
    pub fn heal(&self) {
        self.contents().plan(None);
    }

    /// How many bytes its files take together.
    pub fn used_bytes(&self) -> u64 {
        self.contents().used_bytes()
    }

    /// Lets its files take so many bytes together and no more.
    pub fn limit_bytes(&self, bytes: Option<u64>) {
        self.contents().limit(bytes);
    }

    /// How often an operation was asked for so far.
    pub fn asked(&self, operation: Operation) -> u64 {
        self.contents().asked(operation)
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        locked(&self.mounted.contents)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        mounts().remove(&self.folder);
    }
}

fn mounts() -> MutexGuard<'static, Mounts> {
    MOUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A test that failed elsewhere leaves the contents as they were.
pub(crate) fn locked(contents: &Mutex<Contents>) -> MutexGuard<'_, Contents> {
    contents.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The disk a path is on, and the name on it; none for paths of the system.
pub(crate) fn find(path: &str) -> Option<(Arc<Mutex<Contents>>, &str)> {
    let (folder, name) = path.rsplit_once('/')?;
    let contents = mounts().get(Path::new(folder))?.upgrade()?;
    Some((contents, name))
}
