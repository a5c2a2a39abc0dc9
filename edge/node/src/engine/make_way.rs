//! Making way: a batch has another branch of a log than this node, and the one that was begun earlier stands.
//!
//! What is here of the other one is set aside in the transaction that stores the batch: there is no moment without a
//! branch, and what stands is signed by its writer.

use std::collections::BTreeMap;

use lanyard_sync::{Batch, BatchLog, LogId, Problem, genesis_hash};

use super::Engine;
use super::append::WriteError;
use crate::branch::Start;
use crate::clock::Draws;
use crate::store::{StoreError, entries, logs};

impl Engine {
    /// Sets aside what is here and does not stand beside a batch that can be stored then; or tells why it cannot be.
    pub(super) fn make_way(
        &mut self,
        batch: &Batch,
        draws: &mut Draws,
    ) -> Result<Result<(), Problem>, WriteError> {
        self.know_own_head();
        let mut partings = self.partings(batch)?;
        if partings.is_empty() {
            return Ok(Ok(()));
        }
        if self.held_until_seq.is_some() && !partings.contains_key(&self.own_log()) {
            // What is written again would stand where others have this node's entries; the peer comes again.
            return Ok(Ok(()));
        }
        let mut known = self.known.clone();
        for (log, from) in &partings {
            let row = &self.logs[log];
            let head = logs::head_below(&self.db, self.identity.scope, row, &self.logs, *from)?;
            known.logs.entry(*log).and_modify(|known| known.head = head);
            known.forks.entry(*log).and_modify(|known| *known = *from.min(known)).or_insert(*from);
        }
        if let Err(problem) = self.admit(&known, batch.clone())? {
            return Ok(Err(problem));
        }
        // The own log first: what is written again goes to the one that comes after it.
        let own = self.own_log();
        let first = partings.remove_entry(&own);
        for (log, from) in first.into_iter().chain(partings) {
            self.set_aside(log, from, draws)?;
        }
        Ok(Ok(()))
    }

    /// Where the batch has other entries than this node, if what is in the batch stands everywhere.
    fn partings(&self, batch: &Batch) -> Result<BTreeMap<LogId, u64>, StoreError> {
        let mut partings = BTreeMap::new();
        if self.base.is_some() {
            // The branch may not be here as a whole; the peer comes again.
            return Ok(partings);
        }
        for part in &batch.logs {
            let Some((from, theirs)) = self.parting(part, batch)? else { continue };
            let ours = entries::branch_start(&self.db, part.log().dot(from))?;
            // The first entry of a log says whose it is: two of them are two logs, and no branches of one.
            if from == 1 || ours.is_none_or(|ours| ours <= theirs) {
                return Ok(BTreeMap::new());
            }
            partings.insert(part.log(), from);
        }
        Ok(partings)
    }

    /// The first entry of a log that is another one here than in the batch.
    fn parting(&self, part: &BatchLog, batch: &Batch) -> Result<Option<(u64, Start)>, StoreError> {
        let (log, scope) = (part.log(), self.identity.scope);
        let here = self.known.logs.get(&log).map_or(0, |known| known.head.seq);
        if part.first_seq == 0 || part.first_seq > here {
            return Ok(None);
        }
        let before = entries::stored_head(&self.db, log.dot(part.first_seq - 1))?.map(|head| head.hash);
        let mut chain = before.unwrap_or_else(|| genesis_hash(scope, log));
        if chain.prefix() != part.after {
            return Ok(None);
        }
        for frame in batch.frames.iter().filter(|frame| frame.dot.log == log && frame.dot.seq <= here) {
            let entry = frame.clone().link(scope, &chain);
            if entries::stored_head(&self.db, entry.dot)?.is_some_and(|head| head.hash != entry.hash) {
                return Ok(Some((entry.dot.seq, Start::new(entry.header.at_ms, entry.hash.prefix()))));
            }
            chain = entry.hash;
        }
        Ok(None)
    }
}
