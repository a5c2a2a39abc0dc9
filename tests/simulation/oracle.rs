//! The oracle: what was acknowledged to somebody has to be true for ever.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use lanyard_domain::outcome::{Accepted, Outcome};
use lanyard_node::Answer;
use lanyard_node::read::EntryLine;
use lanyard_sync::{CommandId, Dot, LogId, VersionVector};

/// Every acknowledged outcome, by the node that gave it and the command id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    outcomes: BTreeMap<(usize, CommandId), Acknowledged>,
    /// Nodes that were set back: the entries they name may be written again elsewhere.
    set_back: BTreeSet<usize>,
    acknowledged: u64,
    /// Acknowledgements of a command that was acknowledged before.
    pub(crate) replays: u64,
}

#[derive(Clone, Debug)]
struct Acknowledged {
    outcome: Outcome,
    /// How many acknowledgements there were before.
    after: u64,
    /// Whether the node forgot it: until others gave its entries back it decides the command again.
    is_forgotten: bool,
}

impl Oracle {
    /// Takes an acknowledgement; the second one of a command equals the first (I7).
    pub(crate) fn acknowledge(&mut self, node: usize, id: CommandId, answer: &Answer) -> anyhow::Result<()> {
        let known = self.outcomes.get(&(node, id));
        let Some(first) = known.filter(|known| !known.is_forgotten) else {
            let (outcome, after) = (answer.outcome.clone(), self.acknowledged);
            let acknowledged = Acknowledged { outcome, after, is_forgotten: false };
            self.acknowledged += 1;
            self.outcomes.insert((node, id), acknowledged);
            return Ok(());
        };
        self.replays += 1;
        ensure!(answer.replayed, "I7: command {id} was decided twice");
        let same = if self.set_back.contains(&node) {
            is_alike(&first.outcome, &answer.outcome)
        } else {
            first.outcome == answer.outcome
        };
        ensure!(same, "I7: command {id} had the outcome {:?}, then {:?}", first.outcome, answer.outcome);
        Ok(())
    }

    /// How many acknowledgements there were.
    pub(crate) const fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// A node is as it was after so many acknowledgements. What only it knew is lost; others, whose entries
    /// these are, know the rest.
    pub(crate) fn set_back(&mut self, node: usize, acknowledged: u64, others: &BTreeMap<Dot, CommandId>) {
        self.set_back.insert(node);
        let is_held = |id: &CommandId, accepted: &Accepted| {
            let first = accepted.entries.first().and_then(|dot| others.get(dot));
            first == Some(id) && accepted.entries.iter().all(|dot| others.contains_key(dot))
        };
        self.outcomes.retain(|(at, id), known| {
            known.is_forgotten |= *at == node && known.after >= acknowledged;
            // What another node forgot before may have been with this one alone.
            !known.is_forgotten
                || matches!(&known.outcome, Outcome::Accepted(accepted) if is_held(id, accepted))
        });
    }

    /// A machine is there twice: what one of them wrote may be written again elsewhere.
    pub(crate) fn copied(&mut self, numbers: [usize; 2]) {
        self.set_back.extend(numbers);
    }

    /// Whether a command was acknowledged.
    pub(crate) fn knows(&self, node: usize, id: CommandId) -> bool {
        self.outcomes.contains_key(&(node, id))
    }

    /// Outcomes that were refusals, by their word.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = &'static str> {
        self.outcomes.values().filter_map(|known| match &known.outcome {
            Outcome::Refused(refused) => Some(refused.refusal.code()),
            Outcome::Accepted(_) => None,
        })
    }

    /// Commands that were accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.entries().count()
    }

    /// Machines that were set back.
    pub(crate) fn machines_set_back(&self) -> usize {
        self.set_back.len()
    }

    fn entries(&self) -> impl Iterator<Item = (usize, CommandId, &[Dot])> {
        self.outcomes.iter().filter_map(|((node, id), known)| match &known.outcome {
            Outcome::Accepted(accepted) => Some((*node, *id, &accepted.entries[..])),
            Outcome::Refused(_) => None,
        })
    }

    /// Nothing acknowledged by a node is missing from its vector.
    pub(crate) fn nothing_is_lost(&self, node: usize, vector: &VersionVector) -> anyhow::Result<()> {
        for (_, id, entries) in self.entries().filter(|(at, ..)| *at == node) {
            let missing = entries.iter().find(|dot| !vector.covers(dot));
            ensure!(missing.is_none(), "command {id} was acknowledged and {missing:?} is lost");
        }
        Ok(())
    }

    /// The log holds what was acknowledged under the command's id, or what was written again for it; and each
    /// command wrote once: to one place of a log, and to one log unless it is a list that was imported at
    /// several nodes.
    pub(crate) fn log_agrees(&self, lines: &[EntryLine]) -> anyhow::Result<()> {
        let commands: BTreeMap<Dot, CommandId> = lines.iter().map(|line| (line.dot, line.command)).collect();
        let again: BTreeSet<(Dot, CommandId)> =
            lines.iter().filter_map(|line| Some((line.stands_for?, line.command))).collect();
        for (node, id, entries) in self.entries() {
            let Some(first) = entries.first() else { continue };
            // Entries after the first one may be those of commands that followed from it.
            let missing = entries.iter().find(|dot| {
                !commands.contains_key(dot) && !again.iter().any(|(original, _)| original == *dot)
            });
            let is_here = commands.get(first) == Some(&id) && missing.is_none();
            let is_elsewhere = self.set_back.contains(&node) && lines.iter().any(|line| line.command == id);
            ensure!(is_here || is_elsewhere, "I7: {first} is not of command {id}, or {missing:?} is lost");
        }
        if !self.set_back.is_empty() {
            return Ok(());
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
            ensure!(
                imported || writer == log,
                "I7: command {} wrote to {writer} and {log}: {}",
                line.command,
                line.kind
            );
        }
        Ok(())
    }
}

/// Whether two outcomes say the same to a person; entries may have been written again.
fn is_alike(one: &Outcome, other: &Outcome) -> bool {
    match (one, other) {
        (Outcome::Accepted(one), Outcome::Accepted(other)) => {
            one.attendee == other.attendee && one.order == other.order
        }
        (Outcome::Refused(one), Outcome::Refused(other)) => one == other,
        _ => false,
    }
}
