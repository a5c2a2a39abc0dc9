//! Closing logs: HQ ended some of a node, and what comes after their ends is kept, relayed and not counted.

use std::collections::BTreeSet;

use lanyard_domain::Stream;
use lanyard_domain::event::{Facts, LogsClosed};
use lanyard_sync::{Entry, NodeId, StreamName};

use super::Engine;
use super::fold::{Meaning, meaning};
use crate::fault::{Fault, is_planted};
use crate::store::{StoreError, entries, forks};

/// Kind of the entry that closes logs.
const LOGS_CLOSED_KIND: &str = "logs-closed";

impl Engine {
    /// Learns from an entry of HQ which logs are over; returns the streams to be folded anew.
    pub(super) fn learn_closed(&mut self, entry: &Entry) -> Result<BTreeSet<StreamName>, StoreError> {
        let is_of_hq = self.logs.get(&entry.dot.log).is_some_and(|log| log.authority);
        if entry.header.kind != LOGS_CLOSED_KIND || !is_of_hq {
            return Ok(BTreeSet::new());
        }
        match (Stream::parse(&entry.header.stream), meaning(&entry.header, &entry.payload, true)) {
            (Some(Stream::Node(node)), Meaning::Event(event)) => match event.facts {
                Facts::LogsClosed(closed) => self.close_logs(node, &closed),
                _ => Ok(BTreeSet::new()),
            },
            _ => Ok(BTreeSet::new()),
        }
    }

    /// Ends logs; returns the streams that have entries beyond.
    pub(super) fn close_logs(
        &mut self,
        node: NodeId,
        closed: &LogsClosed,
    ) -> Result<BTreeSet<StreamName>, StoreError> {
        let before = self.closed.clone();
        for end in closed.ends.iter().filter(|end| end.log.node == node) {
            self.closed.close(&self.db, *end)?;
        }
        if closed.retired {
            self.closed.retire(&self.db, node)?;
        }
        let mut streams = BTreeSet::new();
        if is_planted(Fault::ClosedTooLate) {
            return Ok(streams);
        }
        let rows: Vec<_> = self.logs.values().filter(|row| row.log.node == node).cloned().collect();
        for row in rows {
            let Some(end) = self.closed.end(&row.log).filter(|_| before.end(&row.log).is_none()) else {
                continue;
            };
            self.wait_for_entries_from(row.log, end + 1)?;
            for beyond in entries::of_log(&self.db, row.id, end + 1)? {
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
    use std::sync::Arc;

    use lanyard_domain::{Account, Command};

    use super::super::SubmitError;
    use super::super::test_node::{TestNode, check_in, sale, seat_type_id, venue};
    use crate::start::DATABASE_FILE;
    use crate::verify::verify;

    fn available(node: &TestNode, account: Account) -> i64 {
        node.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap().available(account)
    }

    fn assert_same(nodes: &[&TestNode]) {
        for node in nodes {
            assert_eq!(node.engine.vector(), nodes[0].engine.vector());
            assert_eq!(node.state_hashes(), nodes[0].state_hashes());
            assert_eq!(node.state_hashes().0, node.state_hashes().1);
            assert_eq!(verify(&node.path()).unwrap().findings, []);
        }
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
    fn the_seats_of_a_log_that_is_over_come_back_and_the_node_goes_on() {
        let (mut hq, north, _) = north_at_work();
        let old = north.engine.account();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        crate::backup::backup(&north.path(), &folder.path().join(DATABASE_FILE)).unwrap();
        drop(north);
        let mut north = TestNode::boot(1, folder, 5);
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
}
