//! Re-issued entries of a stream: each is applied once, whoever wrote it again, and was written in the knowledge of
//! what came before it on its branch.

use std::collections::BTreeMap;

use lanyard_sync::{CommandId, Dot, LogId, Reissued};

use super::fold::Logs;
use super::folding::Outline;
use crate::store::entries::EntryRow;

/// What makes an entry the same, wherever it is written: the log it was first written to, the command and the
/// place in it. A desk that asks again after a set-back may get the same thing on both branches.
type Key = (LogId, CommandId, u16);

/// The entries of a stream that stand for others.
#[derive(Debug, Default)]
pub(crate) struct ReissuedRows {
    by_dot: BTreeMap<Dot, Reissued>,
    /// Those that stand for one entry, by the chain hash of that.
    by_prefix: BTreeMap<[u8; 8], Vec<Dot>>,
    /// Entries that are applied, by what makes them the same.
    applied: BTreeMap<Key, Dot>,
    /// Entries that are skipped, with those that stand in for them.
    skipped: BTreeMap<Dot, Dot>,
}

impl ReissuedRows {
    /// Looks which of these entries stand for others.
    pub(crate) fn of<'a>(logs: Logs<'_>, entries: impl Iterator<Item = &'a Outline> + Clone) -> Self {
        let read = |entry: &Outline| Some((entry.key.dot(), entry.reissued.as_deref()?.clone()));
        let by_dot: BTreeMap<_, Reissued> = entries.clone().filter_map(read).collect();
        let mut by_prefix: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (dot, reissued) in &by_dot {
            if let Some(place) = &reissued.on_branch {
                by_prefix.entry(place.prefix).or_default().push(*dot);
            }
        }
        let mut applied = BTreeMap::new();
        if !by_dot.is_empty() {
            // The original may be here still, at a node that does not know yet that it does not stand.
            let counts =
                |entry: &&Outline| entry.reissued.is_none() && !logs.closed.is_beyond(entry.key.dot());
            let plain = entries.filter(counts);
            let same = |entry: &Outline| (entry.key.dot().log, entry.command, entry.index);
            applied.extend(plain.map(|entry| (same(entry), entry.key.dot())));
        }
        Self { by_dot, by_prefix, applied, skipped: BTreeMap::new() }
    }

    /// Whether the first writer of an entry had seen another one, if that entry stands for one; `is_hidden` tells what
    /// nobody but its own writer can be said to have seen.
    pub(crate) fn sees(&self, by: Dot, dot: Dot, is_hidden: impl Fn(LogId, Dot) -> bool) -> Option<bool> {
        let reissued = self.by_dot.get(&by)?;
        let is_seen = || reissued.sees(dot) && !is_hidden(reissued.original.log, dot);
        Some(self.is_before_on_branch(reissued, dot) || is_seen())
    }

    /// Whether an entry is what stands in the state for one that came before another one on its branch.
    fn is_before_on_branch(&self, reissued: &Reissued, dot: Dot) -> bool {
        if reissued.on_branch.is_none() {
            // Whoever wrote it again did not say where on its branch it was: the number has to do.
            let Some(other) = self.by_dot.get(&dot) else { return false };
            return other.original.log == reissued.original.log && other.original.seq < reissued.original.seq;
        }
        let before = |of: &Reissued| self.by_prefix.get(&of.on_branch?.before?).map(Vec::as_slice);
        let first = |dots: &[Dot]| self.by_dot.get(dots.first()?);
        let mut dots = before(reissued);
        // Hashes of entries that are here make no circle; what a header claims might.
        for _ in 0..self.by_prefix.len() {
            let Some(here) = dots else { return false };
            if here.iter().any(|again| self.present(*again) == dot) {
                return true;
            }
            dots = first(here).and_then(before);
        }
        false
    }

    /// Whether what an entry says is there already: the original, or written again by somebody else.
    pub(crate) fn is_there_already(&mut self, row: &EntryRow) -> bool {
        let Some(reissued) = self.by_dot.get(&row.dot) else { return false };
        let key = (reissued.original.log, row.header.command, row.header.index);
        let first = *self.applied.entry(key).or_insert(row.dot);
        if first != row.dot {
            self.skipped.insert(row.dot, first);
        }
        first != row.dot
    }

    /// The entry that stands for this one in the state.
    pub(crate) fn present(&self, dot: Dot) -> Dot {
        self.skipped.get(&dot).copied().unwrap_or(dot)
    }
}
