//! The world of one seed: HQ and three venue nodes, each on a disk of its own. They decide, send each other batches,
//! check-point, die and come back; every life is cut at moments of its own, and what each cut leaves is looked at.

use anyhow::{Context as _, ensure};
use lanyard_domain::Command;
use lanyard_node::start::DATABASE_FILE;
use lanyard_node::verify::verify;
use lanyard_test_vfs::{Chance, Cut, Point};

use crate::conference::{draw, id};
use crate::lab::Lab;
use crate::node::{NAMES, Node, beginning, memory_folder};

/// Moments of each life that are looked at.
const CUTS_PER_LIFE: u64 = 1;

/// What a world did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) commands: u64,
    pub(crate) batches: u64,
    /// Deaths that a node came back from.
    pub(crate) deaths: u64,
    /// Moments that were cut and looked at, deaths among them.
    pub(crate) crash_points: u64,
    /// Writes, syncs and the like: the moments there were.
    pub(crate) changes: u64,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.commands += other.commands;
        self.batches += other.batches;
        self.deaths += other.deaths;
        self.crash_points += other.crash_points;
        self.changes += other.changes;
    }
}

/// The nodes, for one seed after the other.
pub(crate) struct World {
    nodes: Vec<Node>,
    lab: Lab,
    totals: Totals,
    _folder: std::sync::Arc<tempfile::TempDir>,
}

impl World {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let folder = memory_folder()?;
        let nodes = (0..NAMES.len()).map(|number| Node::new(number, folder.path()));
        let nodes = nodes.collect::<anyhow::Result<_>>()?;
        Ok(Self { nodes, lab: Lab::in_folder(folder.path())?, totals: Totals::default(), _folder: folder })
    }

    /// Runs the world of a seed.
    pub(crate) fn run(&mut self, seed: u64) -> anyhow::Result<Totals> {
        self.totals = Totals::default();
        for (node, image) in self.nodes.iter_mut().zip(beginning()) {
            node.begin(seed, image)?;
        }
        let chance = &mut Chance::new(seed);
        for _ in 0..10 + chance.below(8) {
            self.step(chance)?;
        }
        for number in 0..self.nodes.len() {
            self.look_back(number, chance)?;
        }
        self.meet().context("all meet")?;
        Ok(self.totals)
    }

    fn step(&mut self, chance: &mut Chance) -> anyhow::Result<()> {
        let number = chance.index(self.nodes.len());
        match chance.below(100) {
            0..55 => self.decide(number, chance),
            55..85 => {
                let from = (number + 1 + chance.index(self.nodes.len() - 1)) % self.nodes.len();
                self.pull(number, from, chance)
            }
            85..93 => {
                self.nodes[number].engine().checkpoint()?;
                Ok(())
            }
            93..95 => {
                self.nodes[number].engine().rebuild()?;
                Ok(())
            }
            // A stop and a start, without a word to anybody.
            _ => {
                let all = self.nodes[number].disk.now();
                self.die(number, all, Cut::Process, chance)
            }
        }
    }

    /// Desks ask for something; perhaps the power fails while it is committed.
    fn decide(&mut self, number: usize, chance: &mut Chance) -> anyhow::Result<()> {
        let node = &mut self.nodes[number];
        let mut group = Vec::new();
        for _ in 0..=chance.below(3) {
            let command = draw(node, chance);
            group.push(node.submitted(command));
        }
        if chance.percent(10)
            && let Some(earlier) = node.acknowledged.last()
        {
            group.push(earlier.submitted.clone());
        }
        self.totals.commands += group.len() as u64;
        let before = node.disk.now();
        let committed = node.commit(&group);
        if chance.percent(30) {
            node.note_commit();
            let (at, cut) = (within(before, node.disk.now(), chance), cut(chance));
            self.die(number, at, cut, chance)?;
            // Whoever got no answer asks again.
            let committed = self.nodes[number].commit(&group);
            return self.nodes[number].acknowledge(&group, committed);
        }
        node.acknowledge(&group, committed)
    }

    /// A node takes what another one has; perhaps the power fails meanwhile.
    fn pull(&mut self, number: usize, from: usize, chance: &mut Chance) -> anyhow::Result<()> {
        let [node, from] = self.nodes.get_disjoint_mut([number, from])?;
        while let Some(batch) = node.next_batch(from)? {
            self.totals.batches += 1;
            let before = node.disk.now();
            node.import(batch)?;
            if chance.percent(30) {
                let (at, cut) = (within(before, node.disk.now(), chance), cut(chance));
                return self.die(number, at, cut, chance);
            }
        }
        Ok(())
    }

    /// Ends a life at a moment and begins the next one. Others have nothing of it that came later.
    fn die(&mut self, number: usize, at: Point, cut: Cut, chance: &mut Chance) -> anyhow::Result<()> {
        self.look_back(number, chance)?;
        self.totals.deaths += 1;
        self.totals.crash_points += 1;
        self.lab.examine(&self.nodes[number], at, cut)?;
        let left = self.nodes[number].disk.after_cut(at, cut);
        self.nodes[number].die(&left)?;
        self.nodes[number].open()
    }

    /// Looks at moments of the life of a node.
    fn look_back(&mut self, number: usize, chance: &mut Chance) -> anyhow::Result<()> {
        let node = &self.nodes[number];
        let now = node.disk.now();
        self.totals.changes += now as u64;
        for _ in 0..CUTS_PER_LIFE {
            self.totals.crash_points += 1;
            self.lab.examine(node, within(0, now, chance), cut(chance))?;
        }
        Ok(())
    }

    /// Everybody takes what the others have; all end with the same.
    fn meet(&mut self) -> anyhow::Result<()> {
        for _ in 0..2 {
            for number in 1..self.nodes.len() {
                let [hq, venue] = self.nodes.get_disjoint_mut([0, number])?;
                hq.pull(venue)?;
                venue.pull(hq)?;
            }
        }
        let mut ends = Vec::new();
        for node in &self.nodes {
            let ends_with = node
                .reader()?
                .read_here(|db| Ok((db.vector()?.digest(), db.state_hash()?, db.state_hash_of_log()?)))?;
            let findings = verify(&node.disk.path(DATABASE_FILE))?.findings;
            ensure!(findings.is_empty(), "{} does not hold together: {findings:?}", node.name());
            ensure!(
                ends_with.1 == ends_with.2,
                "I6: the states of {} are not the fold of its log",
                node.name()
            );
            ends.push(ends_with);
        }
        ensure!(ends.iter().all(|end| *end == ends[0]), "the nodes end with other things: {ends:?}");
        Ok(())
    }

    /// Plants a fault: an outcome is told when its commit has begun, and then the power fails. Returns what was found.
    pub(crate) fn answer_before_commit(&mut self, seed: u64) -> anyhow::Result<anyhow::Result<()>> {
        let chance = &mut Chance::new(seed);
        let [hq, ..] = &mut self.nodes[..] else { anyhow::bail!("there is HQ") };
        hq.begin(seed, &beginning()[0])?;
        let before = hq.disk.now();
        let group = [hq.submitted(Command::SetQuota { seat_type: id("ws"), quota: 13 })];
        let committed = hq.commit(&group);
        hq.acknowledge(&group, committed)?;
        let told = within(before, hq.disk.now() - 1, chance);
        hq.acknowledged.iter_mut().for_each(|known| known.at = told);
        Ok(self.lab.examine(&self.nodes[0], told, Cut::Power(chance.draw())))
    }

    /// Cuts every moment of the lives of all nodes, so often each.
    pub(crate) fn cut_everywhere(&mut self, seed: u64, times: u64) -> anyhow::Result<Totals> {
        for (node, image) in self.nodes.iter_mut().zip(beginning()) {
            node.begin(seed, image)?;
        }
        let chance = &mut Chance::new(seed);
        self.totals = Totals::default();
        for _ in 0..6 {
            for number in 0..self.nodes.len() {
                let from = (number + 1 + chance.index(self.nodes.len() - 1)) % self.nodes.len();
                let [node, from] = self.nodes.get_disjoint_mut([number, from])?;
                let command = draw(node, chance);
                let group = [node.submitted(command)];
                let committed = node.commit(&group);
                node.acknowledge(&group, committed)?;
                node.pull(from)?;
                if chance.percent(30) {
                    node.engine().checkpoint()?;
                }
            }
        }
        for node in &self.nodes {
            for at in 0..=node.disk.now() {
                self.totals.changes += 1;
                for _ in 0..times {
                    self.totals.crash_points += 1;
                    self.lab.examine(node, at, cut(chance))?;
                }
            }
        }
        Ok(self.totals)
    }
}

/// A moment between two, both among them.
fn within(from: Point, to: Point, chance: &mut Chance) -> Point {
    from + chance.index(to - from + 1)
}

/// Mostly the power; sometimes somebody kills the process.
fn cut(chance: &mut Chance) -> Cut {
    if chance.percent(15) { Cut::Process } else { Cut::Power(chance.draw()) }
}
