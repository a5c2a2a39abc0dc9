//! The ballast: a file beside the database that keeps room on its disk. Once the disk is full it is given up, so that
//! desks can go on, and once there is room again it is made again.
//!
//! Responsible for its size, for really having the room (written and synced, and nothing a file system could fold),
//! and for doing the writing on a thread of its own, because commits must not wait for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// It takes at most this part of the room there is.
const SHARE: u64 = 4;
/// A smaller one would hold too little to be worth it.
const MIN_BYTES: u64 = 1024 * 1024;
/// What is written between two looks at whether to stop.
const CHUNK_BYTES: usize = 1024 * 1024;
/// What it is filled with is drawn from here: zeros take no room on a disk that compresses.
const NOISE: &str = "lanyard/ballast/1";

/// Room kept beside one database.
#[derive(Debug)]
pub(crate) struct Ballast {
    path: PathBuf,
    /// Size it has where there is room; zero for none at all.
    wanted_bytes: u64,
    /// Size of the one that was given up, until it is there again.
    given_up_bytes: Option<u64>,
    filling: Option<Filling>,
}

/// A thread that fills the file.
#[derive(Debug)]
struct Filling {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<u64>>,
}

impl Ballast {
    /// None at all, and nothing ever to give up.
    pub(crate) fn none() -> Self {
        Self { path: PathBuf::new(), wanted_bytes: 0, given_up_bytes: None, filling: None }
    }

    /// Keeps up to `wanted_bytes` beside a database; one that is there already is used.
    pub(crate) fn keep(database: &Path, wanted_bytes: u64) -> Self {
        let path = path_beside(database);
        if wanted_bytes == 0 {
            if let Err(error) = remove(&path) {
                tracing::warn!(error = %error, "a ballast that is not wanted cannot be removed");
            }
            return Self::none();
        }
        let mut ballast = Self { path, wanted_bytes, given_up_bytes: None, filling: None };
        ballast.fill();
        ballast
    }

    /// Gives its room away; tells whether there was any.
    pub(crate) fn give_up(&mut self) -> bool {
        if self.wanted_bytes == 0 {
            return false;
        }
        self.stop_filling();
        let bytes = size(&self.path);
        self.given_up_bytes.get_or_insert(bytes);
        match remove(&self.path) {
            Ok(()) => bytes > 0,
            Err(error) => {
                tracing::warn!(error = %error, "the ballast cannot be given up");
                false
            }
        }
    }

    /// Whether it was given up and is not there again.
    pub(crate) const fn is_given_up(&self) -> bool {
        self.given_up_bytes.is_some()
    }

    /// Whether something is to be looked at from time to time.
    pub(crate) const fn is_pending(&self) -> bool {
        self.given_up_bytes.is_some() || self.filling.is_some()
    }

    /// Looks how far the making is; where it was given up and there is room, it is begun.
    pub(crate) fn look(&mut self) {
        if self.filling.as_ref().is_some_and(|filling| !filling.thread.is_finished()) {
            return;
        }
        if let Some(filling) = self.filling.take() {
            let filled = filling.thread.join();
            self.take_filled(filled.unwrap_or_else(|_| Err(io::Error::other("the thread panicked"))));
        } else if self.given_up_bytes.is_some_and(|bytes| self.has_room_for(bytes)) {
            self.fill();
        }
    }

    fn take_filled(&mut self, filled: io::Result<u64>) {
        match filled {
            Ok(bytes) if bytes > 0 => {
                self.given_up_bytes = None;
                if bytes < self.wanted_bytes {
                    tracing::warn!(bytes, "the ballast is small: there is little room on the disk");
                }
            }
            Ok(_) => tracing::warn!("there is no room for a ballast: once the disk is full, check-in ends"),
            Err(error) => tracing::warn!(error = %error, "the ballast cannot be made"),
        }
    }

    /// Much more than it takes, so that it is not given up again at once.
    fn has_room_for(&self, bytes: u64) -> bool {
        free_bytes(&self.path).is_ok_and(|free| free / SHARE >= bytes.max(MIN_BYTES))
    }

    fn fill(&mut self) {
        let (path, wanted_bytes, stop) = (self.path.clone(), self.wanted_bytes, Arc::default());
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("lanyard-ballast".into())
            .spawn(move || fill(&path, wanted_bytes, &stopped));
        match thread {
            Ok(thread) => self.filling = Some(Filling { stop, thread }),
            Err(error) => tracing::warn!(error = %error, "no thread to make the ballast"),
        }
    }

    fn stop_filling(&mut self) {
        if let Some(Filling { stop, thread }) = self.filling.take() {
            stop.store(true, Ordering::Relaxed);
            // What came of it is seen in the file.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
impl Ballast {
    /// Looks until nothing is pending.
    pub(crate) fn settle(&mut self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while self.is_pending() {
            assert!(std::time::Instant::now() < deadline, "{self:?} is still pending");
            self.look();
            std::thread::yield_now();
        }
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        self.stop_filling();
    }
}

/// Where the ballast of a database is.
fn path_beside(database: &Path) -> PathBuf {
    database.with_extension("ballast")
}

/// Brings the file to the size that the disk allows; returns that size.
fn fill(path: &Path, wanted_bytes: u64, stop: &AtomicBool) -> io::Result<u64> {
    let present = size(path);
    let bytes = size_allowed(wanted_bytes, present, free_bytes(path)?);
    if bytes == 0 {
        remove(path)?;
        return Ok(0);
    }
    let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(path)?;
    if let Err(error) = grow(&mut file, present, bytes, stop) {
        // The last of the room is for the database.
        file.set_len(present)?;
        return Err(error);
    }
    sync_folder(path)?;
    Ok(bytes)
}

/// A share of the room, but never less than is there.
fn size_allowed(wanted_bytes: u64, present: u64, free: u64) -> u64 {
    let share = present.saturating_add(free) / SHARE;
    let allowed = wanted_bytes.min(share.max(present));
    if allowed < MIN_BYTES.min(wanted_bytes) { 0 } else { allowed }
}

fn grow(file: &mut File, present: u64, bytes: u64, stop: &AtomicBool) -> io::Result<()> {
    let mut at = present.min(bytes);
    file.set_len(at)?;
    file.seek(SeekFrom::Start(at))?;
    let mut noise = blake3::Hasher::new_derive_key(NOISE).finalize_xof();
    noise.set_position(at);
    let mut chunk = vec![0; CHUNK_BYTES];
    while at < bytes {
        if stop.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let next = usize::try_from(bytes - at).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        noise.fill(&mut chunk[..next]);
        file.write_all(&chunk[..next])?;
        at += u64::try_from(next).unwrap_or(0);
    }
    file.sync_all()
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        // Some file systems hand the room out again only once the removal is on the disk.
        Ok(()) => sync_folder(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Room on the disk of a path that this process may use.
fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder_of(path))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn it_has_its_room_gives_it_up_once_and_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut ballast = Ballast::keep(&folder.path().join("lanyard.db"), 2 * MIB);
        ballast.settle();
        let path = folder.path().join("lanyard.ballast");
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(metadata.len(), 2 * MIB);
        assert!(metadata.blocks() * 512 >= 2 * MIB, "no hole is in it");
        assert!(ballast.give_up());
        assert!(ballast.is_given_up() && !path.exists());
        assert!(!ballast.give_up(), "there is nothing left to give");
        ballast.settle();
        assert_eq!((ballast.is_given_up(), size(&path)), (false, 2 * MIB));
    }

    #[test]
    fn one_that_is_there_is_brought_to_the_size_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("lanyard.db");
        let path = path_beside(&database);
        fs::write(&path, vec![7; CHUNK_BYTES / 2]).unwrap();
        Ballast::keep(&database, 3 * MIB).settle();
        assert_eq!((size(&path), fs::read(&path).unwrap()[0]), (3 * MIB, 7), "it is grown, not made anew");
        Ballast::keep(&database, 2 * MIB).settle();
        assert_eq!(size(&path), 2 * MIB);
        assert!(!Ballast::keep(&database, 0).give_up());
        assert!(!path.exists(), "none is wanted");
    }

    #[test]
    fn one_that_is_being_made_is_given_up_too() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("lanyard.db");
        let mut ballast = Ballast::keep(&database, 64 * MIB);
        ballast.give_up();
        assert!(ballast.is_given_up());
        assert!(!path_beside(&database).exists());
    }

    #[test]
    fn a_disk_with_little_room_gets_a_smaller_one_or_none() {
        assert_eq!(size_allowed(32 * MIB, 0, 1024 * MIB), 32 * MIB);
        assert_eq!(size_allowed(32 * MIB, 0, 40 * MIB), 10 * MIB);
        assert_eq!(size_allowed(32 * MIB, 0, 3 * MIB), 0);
        assert_eq!(size_allowed(32 * MIB, 32 * MIB, 0), 32 * MIB, "what is there stays on a full disk");
        assert_eq!(size_allowed(8 * MIB, 32 * MIB, 0), 8 * MIB);
        assert_eq!(size_allowed(MIB / 2, 0, 1024 * MIB), MIB / 2, "a small one was asked for");
    }

    #[test]
    fn a_folder_that_takes_no_file_is_borne() {
        let folder = tempfile::tempdir().unwrap();
        let mut ballast = Ballast::keep(&folder.path().join("gone/lanyard.db"), MIB);
        ballast.settle();
        assert!(!ballast.give_up() && ballast.is_given_up());
    }
}
