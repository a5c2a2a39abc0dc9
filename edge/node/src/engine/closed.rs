//! Closing logs: HQ ended some of a node, and what comes after their ends is kept, relayed and not counted.

use std::collections::BTreeSet;

use lanyard_domain::Stream;
use lanyard_domain::event::{Facts, LogsClosed};
use lanyard_sync::{Dot, Entry, FORK_FOUND_KIND, Header, LogId, NodeId, Payload, StreamName};

use super::Engine;
use super::fold::{Meaning, meaning, original};
use crate::fault::{Fault, is_planted};
use crate::store::closed::ClosedLogs;
use crate::store::entries::EntryRow;
use crate::store::logs::LogRow;
use crate::store::{StoreError, entries, forks};

/// Kind of the entry that closes logs.
const LOGS_CLOSED_KIND: &str = "logs-closed";

impl Engine {
    /// Learns from an entry of HQ which logs are over; returns the streams to be folded anew.
    pub(super) fn learn_closed(&mut self, entry: &Entry) -> Result<BTreeSet<StreamName>, StoreError> {
        match self.closing(entry.dot, &entry.header, &entry.payload) {
            Some((node, _)) => self.close_logs(node),
            None => Ok(BTreeSet::new()),
        }
    }

    /// What an entry of HQ closes.
    fn closing(&self, dot: Dot, header: &Header, payload: &Payload) -> Option<(NodeId, LogsClosed)> {
        let is_of_hq = |dot: Dot| self.all_logs().is_authority(dot.log);
        if header.kind != LOGS_CLOSED_KIND || !is_of_hq(dot) || !is_of_hq(original(dot, header)) {
            return None;
        }
        let Stream::Node(node) = Stream::parse(&header.stream)? else { return None };
        let Meaning::Event(event) = meaning(header, payload, true) else { return None };
        match event.facts {
            Facts::LogsClosed(closed) => Some((node, closed)),
            _ => None,
        }
    }

    /// A branch of HQ's log does not stand, and neither does what it closed: whoever writes it again has no authority.
    /// Returns the streams that have entries which count again.
    pub(super) fn open_what_was_closed(
        &mut self,
        log: &LogRow,
        branch: &[EntryRow],
    ) -> Result<BTreeSet<StreamName>, StoreError> {
        if !log.authority {
            return Ok(BTreeSet::new());
        }
        let closings = branch.iter().filter_map(|row| self.closing(row.dot, &row.header, &row.payload));
        let nodes: BTreeSet<NodeId> = closings.map(|(node, _)| node).collect();
        let mut streams = BTreeSet::new();
        for node in nodes {
            streams.extend(self.close_logs(node)?);
        }
        Ok(streams)
    }

    /// Ends the logs of a node where the entries of HQ that are here say so: of several ends of one log that of the first one
    /// in canonical order, whichever came first. Returns the streams with entries that count otherwise now.
    pub(super) fn close_logs(&mut self, node: NodeId) -> Result<BTreeSet<StreamName>, StoreError> {
        let before = self.closed.clone();
        if self.base.is_none() {
            self.closed.open(&self.db, node)?;
        }
        // Beside what a snapshot said, whose entries are still to come.
        for closed in self.closings_of(node)? {
            self.note_closed(node, &closed)?;
        }
        if is_planted(Fault::ClosedTooLate) {
            return Ok(BTreeSet::new());
        }
        let streams = self.streams_that_count_otherwise(node, &before)?;
        self.forget_rows(&streams)?;
        Ok(streams)
    }

    /// The older log is here, and with it every entry that closes logs: what a snapshot said of them has to be so.
    pub(super) fn close_all_logs(&mut self) -> Result<BTreeSet<StreamName>, StoreError> {
        let mut streams = BTreeSet::new();
        for node in self.closed.nodes() {
            streams.extend(self.close_logs(node)?);
        }
        Ok(streams)
    }

    /// What HQ closed of a node, in canonical order.
    fn closings_of(&self, node: NodeId) -> Result<Vec<LogsClosed>, StoreError> {
        let last = self.states.borrow_mut().touch(&self.db, &Stream::Node(node).name())?.last;
        let mut rows = last.map_or(Ok(Vec::new()), |last| entries::of_stream(&self.db, last.pos))?;
        rows.sort_by_key(EntryRow::canonical_key);
        let closing = |row: &EntryRow| self.closing(row.dot, &row.header, &row.payload);
        Ok(rows.iter().filter_map(closing).map(|(_, closed)| closed).collect())
    }

    /// The streams with entries of a node that are beyond the end of their log and were not, or the other way round.
    fn streams_that_count_otherwise(
        &mut self,
        node: NodeId,
        before: &ClosedLogs,
    ) -> Result<BTreeSet<StreamName>, StoreError> {
        let mut streams = BTreeSet::new();
        let rows: Vec<_> = self.logs.values().filter(|row| row.log.node == node).cloned().collect();
        for row in rows {
            let (was, is) = (before.end(&row.log), self.closed.end(&row.log));
            let Some(first) = was.into_iter().chain(is).min().filter(|_| was != is) else { continue };
            let beyond = self.entries_beyond(&row, first)?;
            self.forget_what_does_not_count(&beyond)?;
            streams.extend(beyond.into_iter().map(|row| row.header.stream));
        }
        Ok(streams)
    }

    /// The entries of a log after an end of it, and those that stand for such entries.
    fn entries_beyond(&mut self, row: &LogRow, end: u64) -> Result<Vec<EntryRow>, StoreError> {
        self.wait_for_entries_from(row.log, end + 1)?;
        let mut beyond = entries::of_log(&self.db, row.id, end + 1)?;
        if self.known.forks.contains_key(&row.log) {
            self.wait_for_entries_from(row.log, 1)?;
            let stands_for_one = |again: &EntryRow| {
                let original = original(again.dot, &again.header);
                original.log == row.log && original.seq > end
            };
            beyond.extend(self.written_again_of_forks()?.into_iter().filter(stands_for_one));
        }
        Ok(beyond)
    }

    /// Every entry that was written again, as far as it is here.
    fn written_again_of_forks(&self) -> Result<Vec<EntryRow>, StoreError> {
        let nodes: BTreeSet<NodeId> = self.known.forks.keys().map(|log| log.node).collect();
        let mut again = Vec::new();
        for node in nodes {
            let last = self.states.borrow_mut().touch(&self.db, &Stream::Node(node).name())?.last;
            for told in last.map_or(Ok(Vec::new()), |last| entries::of_stream(&self.db, last.pos))? {
                if told.header.kind == FORK_FOUND_KIND {
                    again.extend(self.written_again_around(told.dot)?);
                }
            }
        }
        Ok(again)
    }

    /// What was written again by whoever tells of a fork: one entry after the other behind the one that tells, or, by earlier
    /// builds, before it.
    fn written_again_around(&self, told: Dot) -> Result<Vec<EntryRow>, StoreError> {
        let mut again = self.written_again_at(told.log, told.seq + 1..)?;
        again.extend(self.written_again_at(told.log, (1..told.seq).rev())?);
        Ok(again)
    }

    /// The entries at places of a log, up to one that does not stand for another.
    fn written_again_at(
        &self,
        log: LogId,
        places: impl Iterator<Item = u64>,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let mut again = Vec::new();
        for seq in places {
            let Some(pos) = entries::position_of(&self.db, log.dot(seq))? else { break };
            let row = entries::at(&self.db, pos)?.ok_or_else(|| entries::missing(pos))?;
            // What surrounds another entry that tells is found from there.
            if row.header.ext.is_empty() || row.header.kind == FORK_FOUND_KIND {
                break;
            }
            again.push(row);
        }
        Ok(again)
    }

    /// Somebody tells of a fork whose entries were over before it was heard of: returns the streams in which that was
    /// written again, before it was told as earlier builds did, and does not count.
    pub(super) fn recall_written_again(&mut self, told: Dot) -> Result<BTreeSet<StreamName>, StoreError> {
        if self.closed.is_empty() {
            return Ok(BTreeSet::new());
        }
        let again = self.written_again_around(told)?;
        let streams = self.forget_what_does_not_count(&again)?;
        self.forget_rows(&streams)?;
        Ok(streams)
    }

    /// The older log is here, and with it who told of forks: returns the streams in which something was written again. Logs
    /// that ended before that, or that go on again, may have had it count otherwise.
    pub(super) fn streams_written_again(&mut self) -> Result<BTreeSet<StreamName>, StoreError> {
        let again = self.written_again_of_forks()?;
        self.forget_what_does_not_count(&again)?;
        Ok(again.into_iter().map(|row| row.header.stream).collect())
    }

    /// Forgets that entries were applied which do not count; returns their streams.
    fn forget_what_does_not_count(&self, again: &[EntryRow]) -> Result<BTreeSet<StreamName>, StoreError> {
        let mut streams = BTreeSet::new();
        for row in again.iter().filter(|row| !self.all_logs().counts(row.dot, &row.header)) {
            forks::forget_tallied(&self.db, &row.header)?;
            streams.insert(row.header.stream.clone());
        }
        Ok(streams)
    }

    fn note_closed(&mut self, node: NodeId, closed: &LogsClosed) -> Result<(), StoreError> {
        for end in closed.ends.iter().filter(|end| end.log.node == node) {
            self.closed.close(&self.db, *end)?;
        }
        if closed.retired {
            self.closed.retire(&self.db, node)?;
        }
        Ok(())
    }
}
