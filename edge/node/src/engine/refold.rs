//! Folding streams anew: a short one at once, within the transaction that made it necessary; a long one in steps
//! beside the work.
//!
//! A long stream waits: that is noted with the entries that made it necessary, so that a node that dies takes it up
//! again. Its state goes on from what it was, for whoever reads; commands that look at it are refused for the moment. A
//! step reads at most so many entries and writes nothing; the last one puts the state in its place. What arrives meanwhile
//! and sorts last is taken in before that; anything else begins the fold of that stream again.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_domain::{Folded, Stream};
use lanyard_sync::{CanonicalKey, StreamName};
use rusqlite::Connection;

use super::Engine;
use super::append::tally;
use super::fold::Logs;
use super::folding::{Folding, Outline, Refolded, fold_stream};
use super::states::Loaded;
use crate::fault::{Fault, is_planted};
use crate::project;
use crate::store::waiting::Waiting;
use crate::store::{StoreError, entries, states, streams};

/// A long stream that is being folded anew.
#[derive(Debug)]
pub(super) struct LongFold {
    row: i64,
    name: StreamName,
    stream: Option<Stream>,
    is_erased_ahead: bool,
    /// Up to which arrival it is known what there is to fold.
    known: i64,
    /// The last arrival as of the present walk back to what is known.
    last: i64,
    /// Where that walk goes on.
    next: Option<i64>,
    /// What is still to be folded, in canonical order; put in order one by one, because no step may take long.
    queue: BTreeMap<CanonicalKey, Outline>,
    folding: Option<Folding>,
}

impl LongFold {
    /// Takes a step of at most so many entries; returns how many it took, and whether nothing is left.
    fn step(&mut self, db: &Connection, logs: Logs<'_>, most: usize) -> Result<(usize, bool), StoreError> {
        for taken in 0..most {
            if self.next.is_none() && self.queue.is_empty() && !self.has_more(db)? {
                return Ok((taken, true));
            }
            if let Some(pos) = self.next {
                self.look_at(db, logs, pos)?;
            } else if let Some(folding) = &mut self.folding
                && let Some((_, Outline { pos, .. })) = self.queue.pop_first()
            {
                let row = entries::at(db, pos)?.ok_or_else(|| entries::missing(pos))?;
                folding.take(db, logs, &row)?;
            }
        }
        Ok((most, false))
    }

    /// Looks whether anything arrived that is not known.
    fn has_more(&mut self, db: &Connection) -> Result<bool, StoreError> {
        let last = states::last_pos(db, self.row)?.unwrap_or(states::UNFETCHED);
        let is_more = last > self.known && (self.known == 0 || !is_planted(Fault::FoldedWithoutLater));
        if is_more {
            (self.last, self.next) = (last, Some(last));
        }
        Ok(is_more)
    }

    /// Walks one entry back; at the end of the walk what it found is to be folded.
    fn look_at(&mut self, db: &Connection, logs: Logs<'_>, pos: i64) -> Result<(), StoreError> {
        let (previous, dot, header) = entries::header_at(db, pos)?.ok_or_else(|| entries::missing(pos))?;
        let entry = Outline::of(pos, dot, &header);
        self.queue.insert(entry.key, entry);
        self.next = previous.filter(|previous| *previous < pos && *previous > self.known);
        if self.next.is_none() {
            if self.folding.is_none() {
                let entries = self.queue.values();
                let folding = Folding::new(logs, self.stream.as_ref(), entries, self.is_erased_ahead);
                self.folding = Some(folding);
            }
            self.known = self.last;
        }
        Ok(())
    }
}

impl Engine {
    /// Folds a stream anew from all its entries: at once, or in steps from here on if it is long, or once they are here.
    pub(super) fn refold(&mut self, name: &StreamName) -> Result<(), StoreError> {
        let mut states = self.states.borrow_mut();
        let loaded = states.touch(&self.db, name)?;
        let Some(last) = loaded.last else { return Ok(()) };
        if self.has_to_wait(loaded)? {
            let row = loaded.row;
            drop(states);
            return self.let_wait(row);
        }
        let rows = entries::of_stream(&self.db, last.pos)?;
        let is_erased_ahead = self.erased_ahead.contains(name);
        let refolded = fold_stream(&self.db, self.all_logs(), loaded.stream.as_ref(), rows, is_erased_ahead)?;
        for (command, index) in &refolded.applied {
            tally(&self.db, command, *index)?;
        }
        loaded.take(refolded);
        Ok(())
    }

    /// Whether a stream cannot be folded anew within a commit: not all of it is here, or it is long. A tally is folded at
    /// once however long it is: no late entry makes it be folded anew, and whoever counts rights must not wait.
    fn has_to_wait(&self, loaded: &Loaded) -> Result<bool, StoreError> {
        if self.lacks(loaded.row) || self.waiting.is_named(loaded.row) {
            return Ok(true);
        }
        let is_tally = loaded.folded.as_ref().is_some_and(Folded::is_tally);
        let Some(last) = loaded.last.filter(|_| !is_tally) else { return Ok(false) };
        entries::are_more_than(&self.db, last.pos, self.options.folded_at_once)
    }

    /// Takes away what is read about streams that are to be folded anew with fewer entries. Those that wait keep it until
    /// they are.
    pub(super) fn forget_rows(&mut self, names: &BTreeSet<StreamName>) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        let mut states = self.states.borrow_mut();
        for name in names {
            let Some(loaded) = states.get(&self.db, name)? else { continue };
            if !self.has_to_wait(loaded)? {
                rows.push(loaded.row);
            }
        }
        project::forget(&self.db, &rows)
    }

    /// Lets a stream wait; what was folded of it before counts for nothing.
    pub(super) fn let_wait(&mut self, row: i64) -> Result<(), StoreError> {
        self.long_fold.take_if(|fold| fold.row == row);
        self.waiting.wait(&self.db, row)
    }

    /// Whether entries of a stream may still be to come.
    pub(super) fn lacks(&self, row: i64) -> bool {
        self.base.as_ref().is_some_and(|base| base.lacks(row))
    }

    /// The last stream whose entries may still be to come.
    fn lacking(&self) -> i64 {
        self.base.as_ref().map_or(0, |base| base.streams)
    }

    /// Takes up which streams wait, from the tables.
    pub(super) fn take_up_waiting(&mut self, waiting: Waiting) {
        self.long_fold.take_if(|fold| !waiting.is_named(fold.row));
        self.waiting = waiting;
    }

    /// How many long streams are to be folded anew.
    pub fn folding(&self) -> u64 {
        self.waiting.beyond(self.lacking()).count() as u64
    }

    /// Takes the next step of folding long streams anew, of at most so many entries; returns how many it took.
    ///
    /// # Errors
    /// When the store fails. When the disk is full, it can be tried again.
    pub fn fold_step(&mut self, most: usize) -> Result<usize, StoreError> {
        let Some(mut fold) = self.take_long_fold()? else { return Ok(0) };
        let (taken, is_whole) = fold.step(&self.db, self.all_logs(), most)?;
        if !is_whole {
            self.long_fold = Some(fold);
            return Ok(taken);
        }
        let (row, name) = (fold.row, fold.name.clone());
        let refolded = fold.folding.as_ref().map(Folding::so_far);
        // Where there is no room for it, that is tried again and nothing else.
        self.long_fold = Some(fold);
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        if let Err(error) = self.put_in_place(row, &name, refolded).and_then(|()| self.finish()) {
            self.undo()?;
            return Err(error);
        }
        self.long_fold = None;
        self.long_folded += 1;
        Ok(taken)
    }

    /// The stream that is being folded, or the next one that waits.
    fn take_long_fold(&mut self) -> Result<Option<Box<LongFold>>, StoreError> {
        if self.long_fold.is_some() {
            return Ok(self.long_fold.take());
        }
        // One after the other, so that one that begins again and again keeps no other one waiting.
        let first = |beyond| self.waiting.beyond(beyond).next();
        let lacking = self.lacking();
        let Some(row) = first(self.long_begun.max(lacking)).or_else(|| first(lacking)) else {
            return Ok(None);
        };
        self.long_begun = row;
        let name = streams::name_of(&self.db, row)?;
        Ok(Some(Box::new(LongFold {
            row,
            stream: Stream::parse(&name),
            is_erased_ahead: self.erased_ahead.contains(&name),
            name,
            known: 0,
            last: 0,
            next: None,
            queue: BTreeMap::new(),
            folding: None,
        })))
    }

    /// Puts the state of a stream that waited in its place.
    fn put_in_place(
        &mut self,
        row: i64,
        name: &StreamName,
        refolded: Option<Refolded>,
    ) -> Result<(), StoreError> {
        self.waiting.end(&self.db, row)?;
        let Some(refolded) = refolded else { return Ok(()) };
        project::forget(&self.db, &[row])?;
        let mut states = self.states.borrow_mut();
        states.touch(&self.db, name)?.take(refolded);
        drop(states);
        self.save_touched()
    }
}
