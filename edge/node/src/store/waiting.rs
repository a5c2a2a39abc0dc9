//! Streams that wait to be folded anew, and are not decided on meanwhile: until entries that they were folded from are
//! here, or because they are long and are folded in steps beside the work.

use std::collections::BTreeSet;
use std::ops::Bound;

use rusqlite::Connection;

use super::{StoreError, meta};

/// The streams that wait, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    streams: BTreeSet<i64>,
    /// Whether any stream may be one that waits.
    all: bool,
}

impl Waiting {
    /// Reads them.
    pub(crate) fn load(db: &Connection) -> Result<Self, StoreError> {
        let mut statement = db.prepare_cached("SELECT stream FROM pending")?;
        let streams = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Self { streams, all: meta::get(db, meta::ALL_PENDING)?.unwrap_or(false) })
    }

    /// Whether none does.
    pub(crate) fn is_empty(&self) -> bool {
        self.streams.is_empty() && !self.all
    }

    /// Whether any stream may be one that waits.
    pub(crate) const fn is_all(&self) -> bool {
        self.all
    }

    /// Whether a stream cannot be decided on.
    pub(crate) fn has(&self, stream: i64) -> bool {
        self.all || self.streams.contains(&stream)
    }

    /// Whether a stream waits, as far as that is known by number.
    pub(crate) fn is_named(&self, stream: i64) -> bool {
        self.streams.contains(&stream)
    }

    /// Those up to a number.
    pub(crate) fn up_to(&self, stream: i64) -> Vec<i64> {
        self.streams.range(..=stream).copied().collect()
    }

    /// Those beyond a number.
    pub(crate) fn beyond(&self, stream: i64) -> impl Iterator<Item = i64> {
        self.streams.range((Bound::Excluded(stream), Bound::Unbounded)).copied()
    }

    /// Lets a stream wait.
    pub(crate) fn wait(&mut self, db: &Connection, stream: i64) -> Result<(), StoreError> {
        if self.streams.insert(stream) {
            db.prepare_cached("INSERT OR IGNORE INTO pending (stream) VALUES (?1)")?.execute([stream])?;
        }
        Ok(())
    }

    /// Lets every stream wait, because which ones have to is not known yet.
    pub(crate) fn wait_for_all(&mut self, db: &Connection) -> Result<(), StoreError> {
        self.all = true;
        meta::set(db, meta::ALL_PENDING, true)
    }

    /// Which ones have to is known.
    pub(crate) fn end_for_all(&mut self, db: &Connection) -> Result<(), StoreError> {
        self.all = false;
        meta::forget(db, meta::ALL_PENDING)
    }

    /// Ends the wait of a stream.
    pub(crate) fn end(&mut self, db: &Connection, stream: i64) -> Result<(), StoreError> {
        self.streams.remove(&stream);
        db.prepare_cached("DELETE FROM pending WHERE stream = ?1")?.execute([stream])?;
        Ok(())
    }
}

/// How many streams wait, as far as that is known by number.
pub(crate) fn count(db: &Connection) -> Result<u64, StoreError> {
    let count: i64 = db.prepare_cached("SELECT count(*) FROM pending")?.query_row([], |row| row.get(0))?;
    Ok(super::sql::counter(count))
}

/// Forgets them, once every state is made anew.
pub(crate) fn clear(db: &Connection) -> Result<(), StoreError> {
    db.execute_batch("DELETE FROM pending")?;
    Ok(())
}
