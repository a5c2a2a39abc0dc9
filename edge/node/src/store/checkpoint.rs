//! Checkpoints: moving commits from the write-ahead log into the database, off the commit path.
//!
//! A thread with its own connection copies most of it while commits go on; what was written
//! meanwhile is little, and the writer copies that itself between two groups, so that the
//! write-ahead log starts over and stays small.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::{StoreError, open_for_writing};

/// Size of the write-ahead log at which it is emptied, in pages of 4 KiB.
pub(crate) const WAL_PAGES: u64 = 4096;
/// The same while the disk is full: what is copied makes room in the write-ahead log for what comes.
pub(crate) const WAL_PAGES_ON_RESERVE: u64 = 256;

const CACHE_KIB: u32 = 512;

/// Copies what it can without waiting for anybody; returns whether all of it was copied.
pub(crate) fn copy(db: &Connection) -> Result<bool, StoreError> {
    let (pages, copied): (i64, i64) =
        db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(1)?, row.get(2)?)))?;
    Ok(pages == copied)
}

/// A copy that failed costs room and no data. That the disk is full is told once, by the writer.
pub(crate) fn tell_failed(error: &StoreError) {
    match error {
        StoreError::Full => tracing::debug!("the disk is too full for a checkpoint"),
        error => tracing::warn!(error = %error, "store.checkpoint.failed"),
    }
}

/// The thread that copies.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    wanted: Option<SyncSender<()>>,
    copied: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread.
    pub(crate) fn start(path: &Path) -> Result<Self, StoreError> {
        let db = open_for_writing(path, CACHE_KIB)?;
        let (wanted, requests) = sync_channel::<()>(1);
        let copied = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&copied);
        let run = move || {
            while requests.recv().is_ok() {
                match copy(&db) {
                    Ok(_) => done.store(true, Ordering::Release),
                    Err(error) => tell_failed(&error),
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("lanyard-checkpoint".into())
            .spawn(run)
            .map_err(|error| StoreError::damaged(format!("no thread for checkpoints: {error}")))?;
        Ok(Self { wanted: Some(wanted), copied, thread: Some(thread) })
    }

    /// Asks for a copy; one that is under way will do.
    pub(crate) fn request(&self) {
        // A full queue means that a copy is waiting to be made already.
        if let Some(Err(TrySendError::Disconnected(()))) =
            self.wanted.as_ref().map(|wanted| wanted.try_send(()))
        {
            tracing::warn!("store.checkpoint.stopped");
        }
    }

    /// Tells once after each copy.
    pub(crate) fn take_copied(&self) -> bool {
        self.copied.swap(false, Ordering::Acquire)
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wanted = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
