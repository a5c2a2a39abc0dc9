//! The oracle: what was acknowledged to somebody has to be true for ever.

use std::collections::BTreeMap;

use anyhow::ensure;
use lanyard_domain::outcome::Outcome;
use lanyard_node::Answer;
use lanyard_node::read::EntryLine;
use lanyard_sync::{CommandId, Dot, LogId, VersionVector};

/// Every acknowledged outcome, by the node that gave it and the command id.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    outcomes: BTreeMap<(usize, CommandId), Outcome>,
    /// Acknowledgements of a command that was acknowledged before.
    pub(crate) replays: u64,
}

impl Oracle {
    /// Takes an acknowledgement; the second one of a command equals the first (I7).
    pub(crate) fn acknowledge(&mut self, node: usize, id: CommandId, answer: &Answer) -> anyhow::Result<()> {
        let Some(first) = self.outcomes.get(&(node, id)) else {
            self.outcomes.insert((node, id), answer.outcome.clone());
            return Ok(());
        };
        self.replays += 1;
        ensure!(answer.replayed, "I7: command {id} was decided twice");
        ensure!(
            *first == answer.outcome,
            "I7: command {id} had the outcome {first:?}, then {:?}",
            answer.outcome
        );
        Ok(())
    }

    /// Whether a command was acknowledged.
    pub(crate) fn knows(&self, node: usize, id: CommandId) -> bool {
        self.outcomes.contains_key(&(node, id))
    }

    /// Outcomes that were refusals, by their word.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = &'static str> {
        self.outcomes.values().filter_map(|outcome| match outcome {
            Outcome::Refused(refused) => Some(refused.refusal.code()),
            Outcome::Accepted(_) => None,
        })
    }

    /// Commands that were accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.entries(None).count()
    }

    fn entries(&self, node: Option<usize>) -> impl Iterator<Item = (CommandId, &[Dot])> {
        let of_node = self.outcomes.iter().filter(move |((at, _), _)| node.is_none_or(|node| node == *at));
        of_node.filter_map(|((_, id), outcome)| match outcome {
            Outcome::Accepted(accepted) => Some((*id, &accepted.entries[..])),
            Outcome::Refused(_) => None,
        })
    }

    /// Nothing acknowledged by these nodes is missing from a vector.
    pub(crate) fn nothing_is_lost(&self, node: Option<usize>, vector: &VersionVector) -> anyhow::Result<()> {
        for (id, entries) in self.entries(node) {
            let missing = entries.iter().find(|dot| !vector.covers(dot));
            ensure!(missing.is_none(), "command {id} was acknowledged and {missing:?} is lost");
        }
        Ok(())
    }

    /// The log holds what was acknowledged under the command's id, and each command wrote once: to one place
    /// of a log, and to one log unless it is a list that was imported at several nodes.
    pub(crate) fn log_agrees(&self, lines: &[EntryLine]) -> anyhow::Result<()> {
        let commands: BTreeMap<Dot, CommandId> = lines.iter().map(|line| (line.dot, line.command)).collect();
        for (id, entries) in self.entries(None) {
            let Some(first) = entries.first() else { continue };
            ensure!(commands.get(first) == Some(&id), "I7: {first} is not of command {id}, which names it");
        }
        let mut written: BTreeMap<(CommandId, LogId), (u64, u64)> = BTreeMap::new();
        let mut writers: BTreeMap<CommandId, LogId> = BTreeMap::new();
        for line in lines {
            let (log, seq) = (line.dot.log, line.dot.seq);
            let (first, count) = written.entry((line.command, log)).or_insert((seq, 0));
            ensure!(*first + *count == seq, "I7: command {} wrote twice: at {first} and {seq}", line.command);
            *count += 1;
            let writer = *writers.entry(line.command).or_insert(log);
            let imported = line.kind.ends_with("-imported");
            ensure!(imported || writer == log, "I7: command {} wrote to {writer} and {log}", line.command);
        }
        Ok(())
    }
}
