//! A small pool of connections that can only read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::checked_heads::CheckedHeads;
use crate::store::downgrade::refuse_newer;
use crate::store::{StoreError, open_for_reading};

const CONNECTIONS: usize = 4;
const CACHE_KIB: u32 = 2 * 1024;

/// One commit, to be asked.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) checked: &'a CheckedHeads,
}

/// Why a read gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store failed.
    #[error("the store could not be read")]
    Store(#[from] StoreError),
    /// The task was cancelled, because the node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Hands out connections; cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader {
    pool: Arc<Pool>,
}

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    checked: CheckedHeads,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Reader {
    /// Opens the first connection; others are opened when they are needed.
    ///
    /// # Errors
    /// When the database cannot be opened, or a newer build has worked on it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_beside(path, CheckedHeads::default())
    }

    /// As [`Self::open`], beside an engine that knows of heads that are signed.
    pub(crate) fn open_beside(path: &Path, checked: CheckedHeads) -> Result<Self, StoreError> {
        let first = open_for_reading(path, CACHE_KIB)?;
        refuse_newer(&first)?;
        let idle = Mutex::new(vec![first]);
        let pool = Pool { path: path.to_owned(), checked, idle, permits: Semaphore::new(CONNECTIONS) };
        Ok(Self { pool: Arc::new(pool) })
    }

    /// The folder the database is in.
    pub fn directory(&self) -> PathBuf {
        self.pool.path.parent().unwrap_or(Path::new("")).to_owned()
    }

    /// Asks one question, on a thread that may block. All of it sees the same commit.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn read<T, F>(&self, question: F) -> Result<T, ReadError>
    where
        T: Send + 'static,
        F: FnOnce(&Read<'_>) -> Result<T, ReadError> + Send + 'static,
    {
        let _permit = self.pool.permits.acquire().await.map_err(|_| ReadError::Stopping)?;
        let pool = Arc::clone(&self.pool);
        tokio::task::spawn_blocking(move || pool.ask(question)).await.map_err(|_| ReadError::Stopping)?
    }

    /// Asks one question on this thread.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read_here<T>(
        &self,
        question: impl FnOnce(&Read<'_>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.pool.ask(question)
    }
}

impl Pool {
    fn ask<T>(&self, question: impl FnOnce(&Read<'_>) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let db = idle.map_or_else(|| open_for_reading(&self.path, CACHE_KIB), Ok)?;
        db.prepare_cached("BEGIN")?.execute([])?;
        let answer = question(&Read { db: &db, checked: &self.checked });
        db.prepare_cached("COMMIT")?.execute([])?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
        answer
    }
}
