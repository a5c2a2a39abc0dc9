//! Indexing the words that a snapshot brought: some at a time, each time in a commit of its own, between all others.

use super::Engine;
use crate::search::unindexed;
use crate::store::StoreError;

impl Engine {
    /// How many rows of a snapshot are still to be indexed. A search looks through them one by one until then.
    pub const fn unindexed(&self) -> u64 {
        self.unindexed
    }

    /// Indexes at most so many of them.
    ///
    /// # Errors
    /// When the store fails. When the disk is full, nothing was done and it can be tried again.
    pub fn index_step(&mut self, most: usize) -> Result<(), StoreError> {
        if self.unindexed == 0 {
            return Ok(());
        }
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let indexed = unindexed::index(&self.db, most).map_err(StoreError::from);
        let indexed = indexed.and_then(|indexed| self.finish().map(|()| indexed));
        match indexed {
            Ok(indexed) if indexed < most => self.unindexed = 0,
            Ok(indexed) => self.unindexed = self.unindexed.saturating_sub(indexed as u64),
            Err(error) => {
                self.undo()?;
                return Err(error);
            }
        }
        Ok(())
    }
}
