//! The lab: what a cut would have left of a node is opened aside, and everything that must be true of it is asked.

use anyhow::{Context as _, ensure};
use lanyard_node::Reader;
use lanyard_node::engine::{Reply, Submission};
use lanyard_node::start::DATABASE_FILE;
use lanyard_node::verify::verify;
use lanyard_test_vfs::{Cut, Point, PowerCutDisk};

use crate::node::{Acknowledged, Node, open_at};

/// One of so many moments is verified down to the last row; that takes longer than all the rest.
const VERIFIED_EVERY: usize = 4;

/// A disk of its own, for one question after the other.
pub(crate) struct Lab {
    disk: PowerCutDisk,
}

impl Lab {
    pub(crate) fn in_folder(below: &std::path::Path) -> anyhow::Result<Self> {
        Ok(Self { disk: PowerCutDisk::in_folder(&below.join("lab"), &["lanyard.incarnation"])? })
    }

    /// Cuts a life of a node at a moment and looks at what is left.
    pub(crate) fn examine(&self, node: &Node, at: Point, cut: Cut) -> anyhow::Result<()> {
        let told = format!("{} after {cut:?} at {at} of {}", node.name(), node.disk.now());
        self.look(node, at, cut).context(told)
    }

    fn look(&self, node: &Node, at: Point, cut: Cut) -> anyhow::Result<()> {
        self.disk.put(&node.disk.after_cut(at, cut))?;
        let mut engine = open_at(&self.disk, &node.identity, at as u64).context("it does not open")?;
        ensure!(node.log() == engine.own_log(), "it opened another epoch");
        is_a_commit(node, at, &engine.vector())?;
        let known: Vec<&Acknowledged> = node.acknowledged.iter().filter(|known| known.at <= at).collect();
        for group in known.chunks(lanyard_node::engine::GROUP_MAX) {
            let again = group.iter().map(|known| Submission::Command(known.submitted.clone())).collect();
            let committed = engine.commit(again);
            ensure!(committed.broken.is_none(), "it broke: {:?}", committed.broken);
            for (known, reply) in group.iter().zip(committed.replies) {
                let Reply::Command(Ok(answer)) = reply else {
                    anyhow::bail!("a command is refused: {reply:?}")
                };
                let id = known.submitted.id;
                ensure!(answer.replayed, "command {id} was acknowledged at {} and is lost", known.at);
                ensure!(answer.outcome == known.outcome, "the outcome of command {id} is another one");
            }
        }
        let (stored, folded) = Reader::open(&self.disk.path(DATABASE_FILE))?
            .read_here(|db| Ok((db.state_hash()?, db.state_hash_of_log()?)))?;
        ensure!(stored == folded, "I6: the states are not the fold of the log");
        if at.is_multiple_of(VERIFIED_EVERY) {
            let findings = verify(&self.disk.path(DATABASE_FILE)).context("it cannot be verified")?.findings;
            ensure!(findings.is_empty(), "it does not hold together: {findings:?}");
        }
        Ok(())
    }
}

/// What is there is what some commit left: the last one that returned, or the one after it.
fn is_a_commit(node: &Node, at: Point, found: &lanyard_sync::VersionVector) -> anyhow::Result<()> {
    let last = node.commits.iter().rposition(|commit| commit.at <= at).context("a life begins at 0")?;
    let after = &node.commits[last..(last + 2).min(node.commits.len())];
    let is_one = after.iter().any(|commit| commit.vector == *found);
    // A commit that broke told nobody, and may be there all the same.
    let may_be_more = node.is_broken && after.len() == 1;
    let is_more = may_be_more && after[0].vector.iter().all(|(log, head)| head.seq <= found.seq(&log));
    ensure!(is_one || is_more, "what is there is of no commit: {}", found.digest());
    Ok(())
}
