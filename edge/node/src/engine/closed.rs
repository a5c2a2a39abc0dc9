//! Closing logs: HQ ended some of a node, and what comes after their ends is kept, relayed and not counted.

use std::collections::BTreeSet;

use lanyard_domain::Stream;
use lanyard_domain::event::{Facts, LogsClosed};
use lanyard_sync::limits::COUNTER_MAX;
use lanyard_sync::{Dot, Entry, Header, NodeId, Payload, StreamName};

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
            Some((node, closed)) => self.close_logs(node, &closed),
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
        let before = self.closed.clone();
        for node in &nodes {
            self.closed.open(&self.db, *node)?;
            self.close_again(*node)?;
        }
        let streams = self.streams_that_count_again(&nodes, &before)?;
        self.forget_rows(&streams)?;
        Ok(streams)
    }

    /// Closes what other entries of HQ close of a node.
    fn close_again(&mut self, node: NodeId) -> Result<(), StoreError> {
        let last = self.states.borrow_mut().touch(&self.db, &Stream::Node(node).name())?.last;
        let Some(last) = last else { return Ok(()) };
        for row in entries::of_stream(&self.db, last.pos)?.iter().rev() {
            if let Some((_, closed)) = self.closing(row.dot, &row.header, &row.payload) {
                self.note_closed(node, &closed)?;
            }
        }
        Ok(())
    }

    /// The streams with entries that were beyond the end of a log of these nodes and are not any more.
    fn streams_that_count_again(
        &mut self,
        nodes: &BTreeSet<NodeId>,
        before: &ClosedLogs,
    ) -> Result<BTreeSet<StreamName>, StoreError> {
        let mut streams = BTreeSet::new();
        let rows: Vec<_> = self.logs.values().filter(|row| nodes.contains(&row.log.node)).cloned().collect();
        for row in rows {
            let Some(end) = before.end(&row.log).filter(|end| self.closed.end(&row.log) != Some(*end)) else {
                continue;
            };
            let beyond = self.entries_beyond(&row, end)?;
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

    /// Every entry that was written again.
    fn written_again_of_forks(&self) -> Result<Vec<EntryRow>, StoreError> {
        let nodes: BTreeSet<NodeId> = self.known.forks.keys().map(|log| log.node).collect();
        let mut again = Vec::new();
        for node in nodes {
            let last = self.states.borrow_mut().touch(&self.db, &Stream::Node(node).name())?.last;
            for told in last.map_or(Ok(Vec::new()), |last| entries::of_stream(&self.db, last.pos))? {
                again.extend(self.written_again_around(told.dot, &told.header, &told.payload)?);
            }
        }
        Ok(again)
    }

    /// Whatever may have been written again by who tells of a fork: at most as many entries as were set aside, behind the
    /// one that tells. They once came before it.
    fn written_again_around(
        &self,
        told: Dot,
        header: &Header,
        payload: &Payload,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let Meaning::Event(event) = meaning(header, payload, true) else { return Ok(Vec::new()) };
        let (Facts::ForkFound(found), Some(row)) = (event.facts, self.logs.get(&told.log)) else {
            return Ok(Vec::new());
        };
        let (first, last) =
            (told.seq.saturating_sub(found.set_aside), told.seq.saturating_add(found.set_aside));
        entries::of_log_between(&self.db, row.id, first, COUNTER_MAX.min(last.saturating_add(1)))
    }

    /// Somebody tells of a fork whose entries were over before it was heard of: returns the streams in which that was
    /// written again and does not count.
    pub(super) fn recall_written_again(&mut self, told: &Entry) -> Result<BTreeSet<StreamName>, StoreError> {
        let mut streams = BTreeSet::new();
        if self.closed.is_empty() {
            return Ok(streams);
        }
        for again in self.written_again_around(told.dot, &told.header, &told.payload)? {
            if !self.all_logs().counts(again.dot, &again.header) {
                forks::forget_tallied(&self.db, &again.header)?;
                streams.insert(again.header.stream);
            }
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

    /// Ends logs; returns the streams that have entries beyond.
    pub(super) fn close_logs(
        &mut self,
        node: NodeId,
        closed: &LogsClosed,
    ) -> Result<BTreeSet<StreamName>, StoreError> {
        let before = self.closed.clone();
        self.note_closed(node, closed)?;
        let mut streams = BTreeSet::new();
        if is_planted(Fault::ClosedTooLate) {
            return Ok(streams);
        }
        let rows: Vec<_> = self.logs.values().filter(|row| row.log.node == node).cloned().collect();
        for row in rows {
            let Some(end) = self.closed.end(&row.log).filter(|_| before.end(&row.log).is_none()) else {
                continue;
            };
            for beyond in self.entries_beyond(&row, end)? {
                forks::forget_tallied(&self.db, &beyond.header)?;
                streams.insert(beyond.header.stream);
            }
        }
        self.forget_rows(&streams)?;
        Ok(streams)
    }
}
