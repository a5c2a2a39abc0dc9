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

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use lanyard_domain::outcome::Outcome;
    use lanyard_domain::{Account, Command, Refusal, Stream};
    use lanyard_sync::limits::SIGN_EVERY_ENTRIES;
    use lanyard_sync::{Hash, Head};

    use super::super::SubmitError;
    use super::super::fork_tests::{assert_same, clone, exchange, fork_of, settle};
    use super::super::test_node::{NOW_MS, TestNode, check_in, copied, person, sale, seat_type_id, venue};

    fn available(node: &TestNode, account: Account) -> i64 {
        node.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap().available(account)
    }

    /// North has five workshop seats, sold one and let one person in; HQ knows that.
    fn north_at_work() -> (TestNode, TestNode, TestNode) {
        let (mut hq, mut north, south) = venue();
        hq.pull(&north).unwrap();
        hq.give_rights(&north, "ws", 5);
        north.pull(&hq).unwrap();
        north.accept(sale(1));
        north.accept(check_in(1));
        hq.pull(&north).unwrap();
        (hq, north, south)
    }

    #[test]
    fn what_turns_up_of_a_retired_node_is_kept_and_does_not_count() {
        let (mut hq, mut north, mut south) = north_at_work();
        let (node, account) = (north.engine.own_log().node, north.engine.account());
        let before = available(&hq, Account::Hq);
        // Nobody but south hears of these before the retirement.
        north.accept(sale(2));
        north.accept(check_in(2));
        south.pull(&north).unwrap();
        south.accept(check_in(3));
        hq.accept(Command::CloseLogs { node, keep: None });
        assert_eq!((available(&hq, Account::Hq), available(&hq, account)), (before + 4, 0));
        north.accept(check_in(4));
        hq.pull(&south).unwrap();
        south.pull(&hq).unwrap();
        south.pull(&north).unwrap();
        hq.pull(&south).unwrap();
        assert_same(&[&hq, &south]);
        assert_eq!(hq.engine.published().arrivals.inside, 2, "1 and 3");
        assert_eq!(hq.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap().held(), 1);
        north.pull(&hq).unwrap();
        assert_same(&[&hq, &north]);
        let submitted = north.submitted(check_in(5));
        assert!(matches!(north.submit(submitted), Err(SubmitError::Retired)));
        assert!(north.engine.published().is_closed);
        let north = north.reboot(7);
        assert!(north.engine.published().is_closed, "it stays so");
    }

    #[test]
    fn what_hq_closed_on_a_branch_that_does_not_stand_goes_on_everywhere() {
        let (hq, mut north, mut south) = north_at_work();
        let TestNode { engine, directory, .. } = hq;
        drop(engine);
        let earlier = copied(&directory);
        let mut hq = TestNode::boot(0, directory, 8);
        // Its clock is ahead, so what it writes is the branch that does not stand.
        hq.now_ms.store(NOW_MS + 60_000, Ordering::Relaxed);
        let (node, account) = (north.engine.own_log().node, north.engine.account());
        south.pull(&hq).unwrap();
        hq.accept(Command::CloseLogs { node, keep: None });
        north.accept(check_in(2));
        north.accept(sale(2));
        south.pull(&hq).unwrap();
        south.pull(&north).unwrap();
        north.pull(&hq).unwrap();
        assert_eq!(south.engine.published().arrivals.inside, 1, "2 came too late");
        drop(hq);
        // HQ as it was before, and nobody there knows.
        let mut hq = TestNode::boot(0, earlier, 9);
        hq.import_person(11);
        hq.import_person(12);
        for node in [&mut south, &mut north] {
            let dot = fork_of(node, &hq);
            settle(node, &mut hq, dot);
            exchange(node, &mut hq);
        }
        south.pull(&hq).unwrap();
        assert_same(&[&hq, &south, &north]);
        assert_eq!(hq.engine.published().arrivals.inside, 2);
        assert_eq!(available(&hq, account), 3, "5 less 2 that are held");
        assert!(!north.engine.published().is_closed);
        let mut north = north.reboot(10);
        north.accept(check_in(3));
        hq.accept(Command::CloseLogs { node, keep: None });
        north.pull(&hq).unwrap();
        assert!(north.engine.published().is_closed, "HQ can close it again");
    }

    #[test]
    fn the_first_part_of_what_was_written_again_stops_counting_where_its_log_is_ended_later() {
        let (mut hq, north, mut south) = north_at_work();
        south.pull(&hq).unwrap();
        let log = north.engine.own_log();
        let (mut first, mut second) = clone(north);
        first.accept(check_in(2));
        hq.pull(&first).unwrap();
        let mut third = first.reboot(7);
        second.accept(check_in(3));
        second.accept(check_in(4));
        for _ in 0..SIGN_EVERY_ENTRIES {
            second.engine.append_foreign(&Stream::Scans("door".parse().unwrap()), "desk-moved", 1);
        }
        south.pull(&second).unwrap();
        let dot = fork_of(&south, &hq);
        settle(&mut south, &mut hq, dot);
        // Both have the same part of it, one before it hears that the log is over and the other after that.
        let branch =
            south.reader().read_here(|db| db.attendee(person(4))).unwrap().unwrap().check_ins[0].at.dot;
        let until = [(branch.log, Head::new(branch.seq, &Hash([0; 32])))].into_iter().collect();
        let part = |to: &TestNode| {
            let have = to.engine.vector();
            south.reader().read_here(|db| db.history_after(&have, &until)).unwrap().unwrap()
        };
        third.import(&part(&third)).unwrap();
        assert_eq!(third.engine.published().arrivals.inside, 4, "1 to 4");
        hq.accept(Command::CloseLogs { node: log.node, keep: None });
        hq.import(&part(&hq)).unwrap();
        third.pull(&hq).unwrap();
        hq.pull(&third).unwrap();
        assert!(!hq.engine.vector().dominates(&south.engine.vector()), "the rest is still to come");
        assert_same(&[&hq, &third]);
        assert_eq!(third.engine.published().arrivals.inside, 3, "4 came after the end");
        hq.pull(&south).unwrap();
        third.pull(&hq).unwrap();
        south.pull(&hq).unwrap();
        assert_same(&[&hq, &third, &south]);
    }

    #[test]
    fn the_seats_of_a_log_that_is_over_come_back_and_the_node_goes_on() {
        let (mut hq, north, _) = north_at_work();
        let old = north.engine.account();
        let mut north = north.restored(5);
        hq.pull(&north).unwrap();
        let log = north.engine.own_log();
        let before = available(&hq, Account::Hq);
        hq.accept(Command::CloseLogs { node: log.node, keep: Some(log) });
        assert_eq!((available(&hq, Account::Hq), available(&hq, old)), (before + 4, 0));
        hq.give_rights(&north, "ws", 2);
        north.pull(&hq).unwrap();
        north.accept(sale(2));
        hq.pull(&north).unwrap();
        assert_same(&[&hq, &north]);
    }

    #[test]
    fn seats_remain_where_a_node_writes_at_present() {
        let (mut hq, north, mut south) = north_at_work();
        let north = north.restored(5);
        hq.pull(&north).unwrap();
        hq.give_rights(&north, "ws", 2);
        south.pull(&hq).unwrap();
        let Outcome::Refused(refused) = south.give(sale(2)).outcome else { panic!("south has none") };
        let Refusal::NoSeatsLeft { elsewhere, .. } = refused.refusal else { panic!("{:?}", refused.refusal) };
        let elsewhere: Vec<_> = elsewhere.iter().map(|other| (other.account, other.remaining)).collect();
        assert_eq!(elsewhere, [(Account::Hq, 13), (north.engine.account(), 2)], "4 more are lost with a log");
    }
}
