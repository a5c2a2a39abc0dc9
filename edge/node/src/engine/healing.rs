//! Healing: HQ's database was restored from a backup, and its nodes know what it forgot.
//!
//! HQ has one account over all its epochs, so what it gave away and does not remember it would give twice. It
//! decides nothing until it has everything each of its nodes has, or somebody says that it has to go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lanyard_domain::fold::EnrolledNode;
use lanyard_domain::{Folded, Stream};
use lanyard_sync::{Entry, LogId, NodeId, VersionVector};

use super::Engine;
use crate::store::{StoreError, meta, streams};

const ID_BYTES: usize = 16;

/// Kind of the entry that makes a node known.
const NODE_ENROLLED_KIND: &str = "node-enrolled";

impl Engine {
    /// Begins to wait for every node HQ knows of.
    pub(super) fn begin_healing(&mut self) -> Result<(), StoreError> {
        let mut nodes: BTreeSet<NodeId> = self.logs.keys().map(|log| log.node).collect();
        nodes.extend(self.enrolled()?.into_keys());
        nodes.remove(&self.identity.node);
        nodes.retain(|node| !self.closed.is_retired(node));
        self.waits_for = nodes.into();
        self.keep_waiting()
    }

    /// A log of HQ's own has two branches: HQ was set back, whether or not it noticed.
    pub(super) fn heal_from_fork(&mut self, log: LogId) -> Result<(), StoreError> {
        let is_own = self.identity.is_hq() && log.node == self.identity.node;
        if is_own && self.waits_for.is_empty() { self.begin_healing() } else { Ok(()) }
    }

    /// While HQ waits it hears of nodes that it does not remember, and waits for them too.
    pub(super) fn wait_for_too(&mut self, nodes: BTreeSet<NodeId>) -> Result<(), StoreError> {
        if self.waits_for.is_empty() {
            return Ok(());
        }
        let is_news = |node: &NodeId| *node != self.identity.node && !self.waits_for.contains(node);
        let news: Vec<_> = nodes.into_iter().filter(is_news).collect();
        let closed = &self.closed;
        let waits_for = Arc::make_mut(&mut self.waits_for);
        waits_for.extend(news);
        waits_for.retain(|node| !closed.is_retired(node));
        self.keep_waiting()
    }

    /// Every node that HQ enrolled.
    pub(super) fn enrolled(&self) -> Result<BTreeMap<NodeId, Arc<EnrolledNode>>, StoreError> {
        let mut nodes = BTreeMap::new();
        for name in streams::of_category(&self.db, "node")? {
            let Some(stream @ Stream::Node(node)) = Stream::parse(&name) else { continue };
            let state = self.states.borrow_mut().folded(&self.db, &stream)?;
            if let Some(Folded::Node(enrolled)) = state
                && !enrolled.name.is_empty()
            {
                nodes.insert(node, enrolled);
            }
        }
        Ok(nodes)
    }

    /// Takes up what is waited for.
    pub(super) fn load_healing(&mut self) -> Result<(), StoreError> {
        let stored: Vec<u8> = meta::get(&self.db, meta::WAITS_FOR)?.unwrap_or_default();
        let ids = stored.chunks_exact(ID_BYTES).map(|id| NodeId(id.try_into().expect("chunks are ids")));
        self.waits_for = ids.collect::<BTreeSet<_>>().into();
        Ok(())
    }

    /// A node said what it has: when all of it is here there is nothing to wait for from it.
    pub(super) fn heal_from(&mut self, node: NodeId, vector: &VersionVector) -> Result<(), StoreError> {
        if !self.waits_for.contains(&node) || !self.vector().dominates(vector) {
            return Ok(());
        }
        Arc::make_mut(&mut self.waits_for).remove(&node);
        self.keep_waiting()
    }

    /// Waits for nobody any longer. Tells whether it did.
    pub(super) fn stop_healing(&mut self) -> Result<bool, StoreError> {
        let waited = !self.waits_for.is_empty();
        self.waits_for = BTreeSet::new().into();
        self.keep_waiting()?;
        Ok(waited)
    }

    fn keep_waiting(&self) -> Result<(), StoreError> {
        if self.waits_for.is_empty() {
            return meta::forget(&self.db, meta::WAITS_FOR);
        }
        let ids: Vec<u8> = self.waits_for.iter().flat_map(|node| node.0).collect();
        meta::set(&self.db, meta::WAITS_FOR, ids)
    }
}

/// The node that an entry makes known.
pub(super) fn enrolled_by(entry: &Entry) -> Option<NodeId> {
    let name = (entry.header.kind == NODE_ENROLLED_KIND).then_some(&entry.header.stream)?;
    match Stream::parse(name)? {
        Stream::Node(node) => Some(node),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use lanyard_domain::{Account, Command};

    use super::super::fork_tests::{fork_of, settle};
    use super::super::test_node::{TestNode, copied, seat_type_id, venue};
    use super::super::{LocalAnswer, LocalChange, SubmitError};
    use crate::start::DATABASE_FILE;

    fn try_quota(hq: &mut TestNode) -> Result<(), SubmitError> {
        let command = Command::SetQuota { seat_type: seat_type_id("ws"), quota: 30 };
        let submitted = hq.submitted(command);
        hq.submit(submitted).map(|_| ())
    }

    /// HQ from a backup, made before it gave north seats; north and south know that.
    fn restored() -> (TestNode, TestNode, TestNode) {
        let (mut hq, mut north, mut south) = venue();
        hq.pull(&north).unwrap();
        hq.pull(&south).unwrap();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        crate::backup::backup(&hq.path(), &folder.path().join(DATABASE_FILE)).unwrap();
        hq.give_rights(&north, "ws", 15);
        north.pull(&hq).unwrap();
        south.pull(&hq).unwrap();
        (TestNode::boot(0, folder, 5), north, south)
    }

    #[test]
    fn a_restored_hq_decides_nothing_until_its_nodes_gave_back_what_they_know() {
        let (mut hq, north, south) = restored();
        assert!(matches!(try_quota(&mut hq), Err(SubmitError::Healing)));
        hq.hear(&north);
        assert!(matches!(try_quota(&mut hq), Err(SubmitError::Healing)), "north has more than HQ");
        hq.pull(&north).unwrap();
        hq.hear(&north);
        let mut hq = hq.reboot(6);
        assert!(matches!(try_quota(&mut hq), Err(SubmitError::Healing)), "south was not heard");
        hq.hear(&south);
        try_quota(&mut hq).unwrap();
        let ledger = hq.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap();
        assert_eq!(
            ledger.available(Account::Hq),
            15,
            "30 less what was given before the backup was restored"
        );
    }

    #[test]
    fn somebody_may_say_that_it_goes_on() {
        let (mut hq, _, _) = restored();
        assert_eq!(hq.engine.published().waits_for.len(), 2);
        assert_eq!(hq.change(LocalChange::Resume), LocalAnswer::Changed);
        try_quota(&mut hq).unwrap();
        assert_eq!(hq.change(LocalChange::Resume), LocalAnswer::NotApplicable);
    }

    #[test]
    fn an_hq_that_was_set_back_unnoticed_waits_once_a_node_shows_it() {
        let (mut hq, mut north, _) = venue();
        hq.pull(&north).unwrap();
        let TestNode { engine, directory, .. } = hq;
        drop(engine);
        let earlier = copied(&directory);
        hq = TestNode::boot(0, directory, 5);
        hq.give_rights(&north, "ws", 15);
        north.pull(&hq).unwrap();
        drop(hq);
        let mut hq = TestNode::boot(0, earlier, 6);
        let log = hq.engine.own_log();
        let seq = north.engine.vector().seq(&log);
        assert_eq!(hq.change(LocalChange::SetBack { log, seq }), LocalAnswer::Changed);
        assert!(matches!(try_quota(&mut hq), Err(SubmitError::Busy { .. })));
        hq.pull(&north).unwrap();
        assert!(matches!(try_quota(&mut hq), Err(SubmitError::Healing)), "others may know more");
        hq.hear(&north);
        try_quota(&mut hq).unwrap();
        assert_eq!(hq.engine.own_log(), log);
    }

    #[test]
    fn hq_that_wrote_on_after_it_was_set_back_waits_once_that_shows() {
        let (mut hq, mut north, mut south) = venue();
        hq.pull(&north).unwrap();
        hq.pull(&south).unwrap();
        let TestNode { engine, directory, .. } = hq;
        drop(engine);
        let earlier = copied(&directory);
        hq = TestNode::boot(0, directory, 5);
        hq.import_person(11);
        north.pull(&hq).unwrap();
        hq.give_rights(&south, "ws", 15);
        south.pull(&hq).unwrap();
        drop(hq);
        let mut hq = TestNode::boot(0, earlier, 6);
        hq.now_ms.fetch_add(60_000, Ordering::Relaxed);
        for number in 20..30 {
            hq.import_person(number);
        }
        try_quota(&mut hq).unwrap();
        let dot = fork_of(&hq, &north);
        settle(&mut hq, &mut north, dot);
        assert!(matches!(try_quota(&mut hq), Err(SubmitError::Healing)));
        hq.pull(&north).unwrap();
        hq.hear(&north);
        assert!(matches!(try_quota(&mut hq), Err(SubmitError::Healing)), "south has what HQ gave");
        hq.pull(&south).unwrap();
        hq.hear(&south);
        try_quota(&mut hq).unwrap();
        let ledger = hq.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap();
        assert_eq!(ledger.available(Account::Venue(south.engine.own_log())), 15);
    }

    #[test]
    fn hq_waits_for_a_node_that_its_backup_does_not_know() {
        let (mut hq, mut north, mut south) = venue();
        hq.pull(&north).unwrap();
        hq.pull(&south).unwrap();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        crate::backup::backup(&hq.path(), &folder.path().join(DATABASE_FILE)).unwrap();
        let mut west = TestNode::new(3);
        west.pull(&hq).unwrap();
        hq.pull(&west).unwrap();
        north.pull(&hq).unwrap();
        south.pull(&hq).unwrap();
        hq.give_rights(&west, "ws", 15);
        west.pull(&hq).unwrap();
        drop(hq);
        let mut hq = TestNode::boot(0, folder, 5);
        for node in [&north, &south] {
            hq.pull(node).unwrap();
            hq.hear(node);
        }
        assert!(matches!(try_quota(&mut hq), Err(SubmitError::Healing)), "west was not heard");
        hq.pull(&west).unwrap();
        hq.hear(&west);
        try_quota(&mut hq).unwrap();
    }

    #[test]
    fn a_restored_venue_node_waits_for_nobody() {
        let (_, mut north, _) = venue();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        crate::backup::backup(&north.path(), &folder.path().join(DATABASE_FILE)).unwrap();
        north = TestNode::boot(1, folder, 5);
        assert!(north.engine.published().waits_for.is_empty());
    }
}
