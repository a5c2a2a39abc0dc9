//! Folding the entries of a stream anew: one after the other in canonical order, at once or a few at a time.

use std::cell::RefCell;
use std::collections::BTreeSet;

use lanyard_domain::{Event, Folded, Stream};
use lanyard_sync::{CanonicalKey, CommandId, Dot, ERASURE_KIND, Header, Reissued};
use rusqlite::Connection;

use super::fold::{Logs, Meaning, meaning, placed};
use super::reissued::ReissuedRows;
use crate::fault::{Fault, is_planted};
use crate::release;
use crate::store::entries::EntryRow;
use crate::store::states::Last;
use crate::store::{StoreError, contexts};

/// A stream folded from its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refolded {
    /// None for streams that are not folded.
    pub(crate) folded: Option<Folded>,
    pub(crate) readable: bool,
    pub(crate) unknown: u32,
    /// Where its last arrival stands, and the greatest canonical key.
    pub(crate) last: Option<Last>,
    /// Entries of a tally that were applied.
    pub(crate) applied: BTreeSet<(CommandId, u16)>,
}

/// What has to be known of every entry of a stream before the first one is folded, and no more.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    pub(crate) pos: i64,
    pub(crate) key: CanonicalKey,
    pub(crate) command: CommandId,
    pub(crate) index: u16,
    /// What it stands for, where it was written again.
    pub(crate) reissued: Option<Box<Reissued>>,
    erases: bool,
}

impl Outline {
    pub(crate) fn of(pos: i64, dot: Dot, header: &Header) -> Self {
        Self {
            pos,
            key: CanonicalKey::new(header.lamport, dot),
            command: header.command,
            index: header.index,
            reissued: Reissued::from_ext(&header.ext).map(Box::new),
            erases: header.kind == ERASURE_KIND,
        }
    }
}

/// A stream on its way to its state.
#[derive(Debug)]
pub(crate) struct Folding {
    refolded: Refolded,
    reissued: ReissuedRows,
    is_tally: bool,
    is_erased: bool,
}

impl Folding {
    /// Begins with what is known of the entries. An erasure among them, or one that came ahead of its entry, counts for
    /// all of them, so that it makes no difference which personal parts are still here.
    pub(crate) fn new<'a>(
        logs: Logs<'_>,
        stream: Option<&Stream>,
        mut entries: impl Iterator<Item = &'a Outline> + Clone,
        is_erased_ahead: bool,
    ) -> Self {
        let folded = stream.and_then(Folded::empty);
        let pos = entries.clone().map(|entry| entry.pos).max();
        let last = pos.zip(entries.clone().map(|entry| entry.key).max());
        Self {
            is_tally: folded.as_ref().is_some_and(Folded::is_tally),
            refolded: Refolded {
                folded,
                readable: true,
                unknown: 0,
                last: last.map(|(pos, key)| Last { pos, key }),
                applied: BTreeSet::new(),
            },
            reissued: ReissuedRows::of(logs, entries.clone()),
            is_erased: is_erased_ahead || entries.any(|entry| entry.erases),
        }
    }

    /// Folds the next entry in canonical order.
    pub(crate) fn take(&mut self, db: &Connection, logs: Logs<'_>, row: &EntryRow) -> Result<(), StoreError> {
        if !self.refolded.readable || !logs.counts(row.dot, &row.header) {
            return Ok(());
        }
        if row.header.min_reader > release::reader() {
            self.refolded.readable = false;
            return Ok(());
        }
        if logs.is_powerless(row.dot, &row.header, &row.payload) {
            return Ok(());
        }
        if self.is_tally && !self.refolded.applied.insert((row.header.command, row.header.index)) {
            return Ok(());
        }
        if self.reissued.is_there_already(row) {
            return Ok(());
        }
        match meaning(&row.header, &row.payload, self.is_erased) {
            Meaning::Event(event) => {
                if let Some(folded) = &mut self.refolded.folded {
                    let event =
                        Event { facts: event.facts.renamed(|dot| self.reissued.present(dot)), ..*event };
                    apply(db, logs, folded, &event, row, &self.reissued)?;
                }
            }
            Meaning::Opening => {}
            Meaning::Unknown => self.refolded.unknown += 1,
        }
        Ok(())
    }

    /// What came of what was folded so far.
    pub(crate) fn so_far(&self) -> Refolded {
        self.refolded.clone()
    }
}

/// Folds all entries of a stream, given in any order.
pub(crate) fn fold_stream(
    db: &Connection,
    logs: Logs<'_>,
    stream: Option<&Stream>,
    mut rows: Vec<EntryRow>,
    is_erased_ahead: bool,
) -> Result<Refolded, StoreError> {
    rows.sort_by_key(EntryRow::canonical_key);
    if is_planted(Fault::WallClock) {
        rows.sort_by_key(|row| row.header.at_ms);
    }
    let entries: Vec<_> = rows.iter().map(|row| Outline::of(row.pos, row.dot, &row.header)).collect();
    let mut folding = Folding::new(logs, stream, entries.iter(), is_erased_ahead);
    for row in &rows {
        folding.take(db, logs, row)?;
    }
    Ok(folding.refolded)
}

fn apply(
    db: &Connection,
    logs: Logs<'_>,
    folded: &mut Folded,
    event: &Event,
    row: &EntryRow,
    reissued: &ReissuedRows,
) -> Result<(), StoreError> {
    let log = logs
        .rows
        .get(&row.dot.log)
        .ok_or_else(|| StoreError::damaged(format!("log {} is not known", row.dot.log)))?;
    let failure = RefCell::new(None);
    let sees = |dot: Dot| {
        if let Some(is_seen) = reissued.sees(row.dot, dot, |writer, dot| logs.hides(writer, dot)) {
            return is_seen;
        }
        if logs.hides(row.dot.log, dot) {
            return false;
        }
        if dot.log == row.dot.log {
            return dot.seq < row.dot.seq;
        }
        let Some(peer) = logs.rows.get(&dot.log) else { return false };
        match contexts::seen(db, log.id, row.dot.seq, peer.id) {
            Ok(seen) => seen.is_some_and(|head| dot.seq <= head.seq),
            Err(error) => {
                failure.borrow_mut().get_or_insert(error);
                false
            }
        }
    };
    folded.apply(event, &placed(logs, row.dot, &row.header, &sees));
    failure.into_inner().map_or(Ok(()), Err)
}
