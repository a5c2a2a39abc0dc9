//! The lab: in worlds on disks, what a cut at any moment of a node's life would have left is opened aside and looked at.

use anyhow::{Context as _, ensure};
use lanyard_domain::outcome::Outcome;
use lanyard_node::Reader;
use lanyard_node::engine::{GROUP_MAX, Reply, Submission};
use lanyard_node::start::DATABASE_FILE;
use lanyard_sync::{CommandId, VersionVector};
use lanyard_test_vfs::{Cut, Point, PowerCutDisk};

use crate::dice::Dice;
use crate::invariants::ALL;
use crate::kept::Kept;
use crate::world::World;

/// One moment of each life is looked at, and of so many lives in a thousand another one.
const SECOND_CUTS: u32 = 500;

/// A disk for what would have been left, and dice to choose moments.
#[derive(Debug)]
pub(crate) struct Lab {
    disk: PowerCutDisk,
    dice: Dice,
}

/// What a node did in this life, and when.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    /// What was there from then on.
    pub(crate) commits: Vec<(Point, VersionVector)>,
    /// What somebody was told.
    pub(crate) answers: Vec<(Point, CommandId, Outcome)>,
}

impl Lab {
    /// The lab of a seed, if its world is on disks.
    pub(crate) fn of(seed: u64, disk: &PowerCutDisk) -> Option<Self> {
        (Kept::of(seed) == Kept::OnDisks).then(|| Self { disk: disk.clone(), dice: Dice::new(seed, "lab") })
    }
}

impl World {
    /// Looks at moments of the present life of a node, up to this one.
    pub(crate) fn look_back(&mut self, number: usize, until: Point) -> anyhow::Result<()> {
        let Some(mut lab) = self.lab.take() else { return Ok(()) };
        for _ in 0..=u32::from(lab.dice.chance(SECOND_CUTS)) {
            let Some((from, _)) = self.nodes[number].diary.commits.first() else { break };
            let at = from + lab.dice.index(until.saturating_sub(*from) + 1);
            let power = Cut::Power(u64::from_le_bytes(lab.dice.bytes()));
            let cut = if lab.dice.chance(150) { Cut::Process } else { power };
            self.examine(&lab, number, at, cut)
                .with_context(|| format!("{} after {cut:?} at {at} of {until}", self.nodes[number].name))?;
            self.crash_points += 1;
        }
        self.lab = Some(lab);
        Ok(())
    }

    /// Whoever comes back goes on in the same epoch, with all it told and what some commit left.
    fn examine(&self, lab: &Lab, number: usize, at: Point, cut: Cut) -> anyhow::Result<()> {
        let node = &self.nodes[number];
        lab.disk.put(&node.disk.after_cut(at, cut))?;
        let database = lab.disk.path(DATABASE_FILE);
        let mut engine = node.open(&database, at as u64).context("it does not open")?;
        let commits = &node.diary.commits;
        let last =
            commits.iter().rposition(|(committed, _)| *committed <= at).context("nothing was there")?;
        let vector = engine.vector();
        let is_there = commits[last..].iter().take(2).any(|(_, committed)| *committed == vector);
        // A node that waited for its own entries goes on in a new epoch, which is an entry more.
        ensure!(is_there || node.was_set_back, "what is there is of no commit: {}", vector.digest());
        while engine.folding() > 0 {
            engine.fold_step(ALL)?;
        }
        let (stored, folded) =
            Reader::open(&database)?.read_here(|db| Ok((db.state_hash()?, db.state_hash_of_log()?)))?;
        ensure!(stored == folded, "I6: the states are not the fold of the log");
        let known = self.states.get(&(node.is_next, vector.digest()));
        ensure!(known.is_none_or(|known| *known == stored), "I8: it had other states with this vector");
        if node.was_set_back {
            return Ok(());
        }
        ensure!(engine.own_log() == node.log(), "it opened another epoch");
        let told = node.diary.answers.iter().filter(|(told, ..)| *told <= at);
        let told: Vec<_> = told.rev().take(GROUP_MAX).collect();
        let request = |id: &CommandId| self.given.iter().find(|(at, given)| *at == number && given.id == *id);
        let asked: Vec<_> =
            told.iter().filter_map(|(_, id, outcome)| Some((&request(id)?.1, outcome))).collect();
        let again = asked.iter().map(|(submitted, _)| Submission::Command((*submitted).clone())).collect();
        let committed = engine.commit(again);
        ensure!(committed.broken.is_none(), "it broke: {:?}", committed.broken);
        for ((submitted, outcome), reply) in asked.into_iter().zip(committed.replies) {
            let Reply::Command(Ok(answer)) = reply else { anyhow::bail!("a command is refused: {reply:?}") };
            ensure!(answer.replayed, "command {} was acknowledged and is lost", submitted.id);
            ensure!(answer.outcome == *outcome, "the outcome of command {} is another one", submitted.id);
        }
        Ok(())
    }
}
