//! Re-issued entries of a stream: each is applied once, whoever wrote it again.

use std::collections::BTreeMap;

use lanyard_sync::{CommandId, Dot, LogId, Reissued};

use super::folding::Outline;
use crate::store::entries::EntryRow;

/// What makes an entry the same, wherever it is written: the log it was first written to, the command and the
/// place in it. A desk that asks again after a set-back may get the same thing on both branches.
type Key = (LogId, CommandId, u16);

/// The entries of a stream that stand for others.
#[derive(Debug, Default)]
pub(crate) struct ReissuedRows {
    by_dot: BTreeMap<Dot, Reissued>,
    /// Entries that are applied, by what makes them the same.
    applied: BTreeMap<Key, Dot>,
    /// Entries that are skipped, with those that stand in for them.
    skipped: BTreeMap<Dot, Dot>,
}

impl ReissuedRows {
    /// Looks which of these entries stand for others.
    pub(crate) fn of<'a>(entries: impl Iterator<Item = &'a Outline> + Clone) -> Self {
        let read = |entry: &Outline| Some((entry.key.dot(), entry.reissued.as_deref()?.clone()));
        let by_dot: BTreeMap<_, _> = entries.clone().filter_map(read).collect();
        let mut applied = BTreeMap::new();
        if !by_dot.is_empty() {
            // The original may be here still, at a node that does not know yet that it does not stand.
            let plain = entries.filter(|entry| entry.reissued.is_none());
            let same = |entry: &Outline| (entry.key.dot().log, entry.command, entry.index);
            applied.extend(plain.map(|entry| (same(entry), entry.key.dot())));
        }
        Self { by_dot, applied, skipped: BTreeMap::new() }
    }

    /// What an entry stands for, if it does.
    pub(crate) fn original(&self, dot: Dot) -> Option<&Reissued> {
        self.by_dot.get(&dot)
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
