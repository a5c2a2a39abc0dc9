//! Whatever comes in whatever order, a node that began from a snapshot ends like those that got the log.

use lanyard_domain::Command;
use lanyard_sync::{Batch, Head, VersionVector};
use proptest::prelude::*;

use super::snapshot_tests::{adopt, assert_whole, complete, take_history, wanted};
use super::test_node::{TestNode, check_in, person, sale, venue};
use super::{ImportError, LocalAnswer, SubmitError};

const NODES: u8 = 4;
/// The node that begins from a snapshot.
const LATE: usize = 3;

/// Something that happens at one node, or between two.
#[derive(Clone, Copy, Debug)]
enum Step {
    CheckIn(usize, u16),
    Sale(usize, u16),
    Erase(usize, u16),
    Pull(usize, usize),
    /// The late node asks another one for a part of the older log.
    History(usize, u8),
    /// It indexes some of what the snapshot brought.
    Index(usize),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let node = || (0..NODES).prop_map(usize::from);
    prop_oneof![
        4 => (node(), 0_u16..10).prop_map(|(node, who)| Step::CheckIn(node, who)),
        2 => (node(), 0_u16..10).prop_map(|(node, who)| Step::Sale(node, who)),
        1 => (node(), 0_u16..10).prop_map(|(node, who)| Step::Erase(node, who)),
        5 => (node(), node()).prop_map(|(one, other)| Step::Pull(one, other)),
        3 => (0_usize..LATE, any::<u8>()).prop_map(|(node, share)| Step::History(node, share)),
        2 => (1_usize..10).prop_map(Step::Index),
        1 => Just(Step::Restart),
    ]
}

struct World {
    nodes: Vec<TestNode>,
    boots: u8,
}

impl World {
    /// HQ, north and south with seats to sell, and a node that has nothing.
    fn new() -> Self {
        let (mut hq, mut north, mut south) = venue();
        hq.pull(&north).unwrap();
        hq.pull(&south).unwrap();
        for node in [&mut north, &mut south] {
            hq.give_rights(node, "ws", 6);
            node.pull(&hq).unwrap();
        }
        Self { nodes: vec![hq, north, south, TestNode::new(3)], boots: 0 }
    }

    fn give(&mut self, node: usize, command: Command) {
        let submitted = self.nodes[node].submitted(command);
        match self.nodes[node].submit(submitted) {
            Ok(_) | Err(SubmitError::HistoryPending) => {}
            Err(other) => panic!("not decided: {other}"),
        }
    }

    /// Asks for as much of the older log as a share of it is; what the batch lacks is refused, and no more.
    fn fetch_history(&mut self, from: usize, share: u8) {
        if self.nodes[LATE].engine.history().is_none() {
            return;
        }
        let (have, whole) = wanted(&self.nodes[LATE]);
        let part = |head: Head| Head { seq: (head.seq * u64::from(share)).div_ceil(255).max(1), ..head };
        let until: VersionVector = whole.iter().map(|(log, head)| (log, part(head))).collect();
        let batch = self.nodes[from].reader().read_here(|db| db.history_after(&have, &until)).unwrap();
        if let Some(batch) = batch {
            let taken = take_history(&mut self.nodes[LATE], Batch::decode(&batch.encode()).unwrap());
            assert!(matches!(taken, Ok(_) | Err(ImportError::Problem(_))), "{taken:?}");
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::CheckIn(node, who) => self.give(node, check_in(who)),
            Step::Sale(node, who) => self.give(node, sale(who)),
            Step::Erase(node, who) => self.give(node, Command::EraseAttendee { attendee: person(who) }),
            Step::Pull(one, other) if one != other => {
                let mut puller = self.nodes.remove(one);
                let other = if other > one { other - 1 } else { other };
                puller.pull(&self.nodes[other]).unwrap();
                self.nodes.insert(one, puller);
            }
            Step::Pull(..) => {}
            Step::History(node, share) => self.fetch_history(node, share),
            Step::Index(most) => self.nodes[LATE].engine.index_step(most).unwrap(),
            Step::Restart => {
                self.boots += 1;
                let late = self.nodes.remove(LATE);
                self.nodes.push(late.reboot(self.boots));
            }
        }
    }

    /// Everybody hears everything.
    fn heal(&mut self) {
        for _ in 0..2 {
            for one in 0..self.nodes.len() {
                for other in 0..self.nodes.len() {
                    self.take(Step::Pull(one, other));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_node_that_began_from_a_snapshot_ends_like_the_others(
        before in prop::collection::vec(step(), 0..25),
        maker in 0..LATE,
        after in prop::collection::vec(step(), 0..40),
    ) {
        let mut world = World::new();
        let is_early = |step: &&Step| !matches!(step, Step::CheckIn(LATE, _) | Step::Sale(LATE, _)
            | Step::Erase(LATE, _) | Step::Pull(LATE, _) | Step::Index(_) | Step::Restart);
        for step in before.iter().filter(is_early) {
            world.take(*step);
        }
        let mut late = world.nodes.remove(LATE);
        prop_assert_eq!(adopt(&mut late, &world.nodes[maker]), LocalAnswer::Changed);
        world.nodes.push(late);
        for step in after {
            world.take(step);
        }
        world.heal();
        let mut late = world.nodes.remove(LATE);
        if late.engine.history().is_some() {
            complete(&mut late, &world.nodes[maker]);
        }
        world.nodes.push(late);
        world.heal();
        let nodes: Vec<_> = world.nodes.iter().collect();
        assert_whole(&nodes);
    }
}
