//! Commits: what waits at a node is committed as a group, and whoever waits gets the reply.

use std::mem;

use anyhow::{bail, ensure};
use lanyard_node::engine::{GROUP_MAX, ImportError, LocalAnswer, Reply as Committed, Submission};
use lanyard_node::store::StoreError;
use lanyard_node::{Answer, SubmitError};
use lanyard_sync::{CommandId, Input, Problem, Reply, VersionVector};

use crate::events::Event;
use crate::faults::Fault;
use crate::invariants;
use crate::line::Parcel;
use crate::node::{SCOPE, Waiting};
use crate::world::World;

/// When to come again while a disk is full, milliseconds.
const BUSY_FOR_MS: u32 = 5_000;
/// When a node is told again what its disk had no room for, milliseconds.
const OWED_AFTER_MS: u64 = 1_000;

/// How a commit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    Died(Fault),
}

impl World {
    /// Puts a submission into a node's queue; the commit that takes it follows soon.
    pub(crate) fn submit(&mut self, node: usize, waiting: Waiting, submission: Submission) {
        if self.nodes[node].inbox.is_empty() {
            let in_ms = self.dice.between(1, 8);
            self.schedule(in_ms, Event::Commit(node));
        }
        self.nodes[node].inbox.push((waiting, submission));
    }

    /// Commits what waits, unless the node dies of it.
    pub(crate) fn commit(&mut self, number: usize) -> anyhow::Result<()> {
        if !self.nodes[number].is_up() || self.nodes[number].inbox.is_empty() {
            return Ok(());
        }
        let fate = self.fate();
        self.trace.note(self.now_ms, &format!("{} commits, {fate:?}", self.nodes[number].name));
        let before = self.nodes[number].disk.now();
        if fate == Fate::Died(Fault::CrashBeforeCommit) {
            return self.die_at(number, before, Fault::CrashBeforeCommit);
        }
        if fate == Fate::Died(Fault::CrashInCommit) {
            self.nodes[number].disk.mark();
        }
        let mut group = mem::take(&mut self.nodes[number].inbox);
        if group.len() > GROUP_MAX {
            self.nodes[number].inbox = group.split_off(GROUP_MAX);
            self.schedule(1, Event::Commit(number));
        }
        let (waiting, submissions): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let position = self.nodes[number].engine()?.position();
        let committed = self.nodes[number].engine()?.commit(submissions);
        ensure!(committed.broken.is_none(), "{} broke: {:?}", self.nodes[number].name, committed.broken);
        self.nodes[number].note_commit();
        if let Fate::Died(fault) = fate {
            let after = self.nodes[number].disk.now();
            let at = if fault == Fault::CrashInCommit { self.within(fault, before, after) } else { after };
            return self.die_at(number, at, fault);
        }
        self.nodes[number].follow_log()?;
        self.schedule_fold(number);
        let has_news = self.nodes[number].engine()?.position() > position;
        ensure!(committed.replies.len() == waiting.len(), "a submission has no reply");
        if has_news {
            invariants::after_commit(self, number)?;
            let came_by_sibling = waiting.iter().all(|waiting| self.comes_by_sibling(waiting));
            self.count_mark("batches first from siblings", came_by_sibling);
            self.tell_of_news(number)?;
        }
        self.tell_fresh(number)?;
        for (waiting, reply) in waiting.into_iter().zip(committed.replies) {
            self.settle(number, waiting, reply)?;
        }
        self.tidy_up(number)
    }

    /// Whether a submission is a batch of a sibling.
    fn comes_by_sibling(&self, waiting: &Waiting) -> bool {
        match waiting {
            Waiting::Session { line, .. } | Waiting::Peer { line, .. } => self.lines[*line].is_of_siblings(),
            Waiting::Desk(_)
            | Waiting::Itself(_)
            | Waiting::Refusal(_)
            | Waiting::Owed(_)
            | Waiting::Told { .. }
            | Waiting::Settling(_)
            | Waiting::Nobody => false,
        }
    }

    /// Whoever follows a node hears that it has written.
    pub(crate) fn tell_of_news(&mut self, number: usize) -> anyhow::Result<()> {
        for line in self.lines_of(number) {
            self.tell_here(line)?;
        }
        self.schedule_hint(number);
        Ok(())
    }

    /// What a node does now and then, and what changes nothing that anybody can see.
    fn tidy_up(&mut self, number: usize) -> anyhow::Result<()> {
        if self.dice.chance(80) {
            let before = self.nodes[number].disk.now();
            let dies = self.weather.strikes(Fault::CrashInCheckpoint);
            if dies {
                self.nodes[number].disk.mark();
            }
            match self.nodes[number].engine()?.checkpoint() {
                Ok(_) | Err(StoreError::Full) => {}
                Err(error) => return Err(error.into()),
            }
            if dies {
                let after = self.nodes[number].disk.now();
                let at = self.within(Fault::CrashInCheckpoint, before, after);
                return self.die_at(number, at, Fault::CrashInCheckpoint);
            }
        }
        if self.dice.chance(500) {
            self.erase(number)?;
        }
        if self.nodes[number].is_up() && self.dice.chance(1) {
            self.trace.note(self.now_ms, &format!("{} is rebuilt", self.nodes[number].name));
            let (before, waits) = (self.nodes[number].state_hash()?, self.nodes[number].folding() > 0);
            match self.nodes[number].engine()?.rebuild() {
                Ok(_) | Err(StoreError::Full) => {}
                Err(error) => return Err(error.into()),
            }
            ensure!(waits || self.nodes[number].state_hash()? == before, "I6: a rebuild changed the states");
        }
        Ok(())
    }

    fn fate(&mut self) -> Fate {
        let deaths = [Fault::CrashBeforeCommit, Fault::CrashInCommit, Fault::CrashBeforeAnswer];
        let death = deaths.into_iter().find(|death| self.weather.strikes(*death));
        death.map_or(Fate::Answered, Fate::Died)
    }

    fn settle(&mut self, node: usize, waiting: Waiting, reply: Committed) -> anyhow::Result<()> {
        match (waiting, reply) {
            (Waiting::Desk(id), Committed::Command(outcome)) => self.answer_desk(node, id, outcome),
            // Nobody remembers the request of a command whose entries came back from a peer, and before they do, its id is
            // anybody's.
            (Waiting::Refusal(id), Committed::Command(Ok(_))) if self.nodes[node].was_set_back => {
                self.taken_ids.insert((node, id));
                Ok(())
            }
            (Waiting::Refusal(_), Committed::Command(Err(SubmitError::KeyReused)))
            // It decides nothing while it waits for own entries, or for nodes that know what it forgot, or for room.
            | (
                Waiting::Itself(_) | Waiting::Refusal(_),
                Committed::Command(Err(
                    SubmitError::Busy { .. } | SubmitError::Retired | SubmitError::StoreFull | SubmitError::Healing,
                )),
            )
            // What was not noted is told again by whoever told it.
            | (Waiting::Nobody | Waiting::Told { .. }, Committed::Local(Err(SubmitError::StoreFull)))
            | (Waiting::Settling(_), Committed::Import(Ok(_) | Err(ImportError::StoreFull))) => Ok(()),
            // Nothing is decided over what a newer release wrote, until the upgrade.
            (Waiting::Itself(_) | Waiting::Refusal(_), Committed::Command(Err(SubmitError::NeedsUpgrade { .. })))
                if self.is_rolling_out =>
            {
                Ok(())
            }
            (Waiting::Told { by_sibling }, Committed::Local(heard)) => {
                let is_news = heard? == LocalAnswer::Changed;
                self.count_mark("check-ins told ahead", is_news);
                self.count_mark("check-ins told ahead by siblings", is_news && by_sibling);
                Ok(())
            }
            (Waiting::Owed(change), Committed::Local(changed)) => {
                match changed {
                    Ok(_) => {}
                    Err(SubmitError::StoreFull) => {
                        let start = self.nodes[node].starts;
                        self.schedule(OWED_AFTER_MS, Event::Owe { node, start, change });
                    }
                    Err(error) => bail!("{} does not take {change:?}: {error}", self.nodes[node].name),
                }
                Ok(())
            }
            (Waiting::Itself(id), Committed::Command(outcome)) => self.acknowledge(node, id, &outcome?),
            (Waiting::Session { line, entries }, Committed::Import(stored)) => {
                let result = match stored {
                    Ok(_) => Ok(entries),
                    Err(ImportError::Problem(problem)) => Err(problem),
                    Err(ImportError::StoreFull) => Err(Problem::Busy { retry_after_ms: BUSY_FOR_MS }),
                    Err(error) => bail!("{} did not store a batch: {error}", self.nodes[node].name),
                };
                self.feed(line, Input::Stored { scope: SCOPE, result })
            }
            (Waiting::Peer { line, start, call }, Committed::Import(stored)) => {
                let bytes = pushed(stored)?.encode();
                self.send(line, start, &Parcel::Reply { call, bytes });
                Ok(())
            }
            (Waiting::Settling(line), Committed::Import(Err(ImportError::Problem(problem)))) => {
                self.trace.note(self.now_ms, &format!("{} takes no branch: {problem}", self.nodes[node].name));
                self.settle_another(line, &problem)
            }
            (Waiting::Nobody, Committed::Local(changed)) => changed.map(|_| ()).map_err(Into::into),
            (waiting, reply) => bail!("{waiting:?} got {reply:?}"),
        }
    }

    fn answer_desk(
        &mut self,
        node: usize,
        id: CommandId,
        outcome: Result<Answer, SubmitError>,
    ) -> anyhow::Result<()> {
        self.count_mark("commands on a full disk", matches!(outcome, Err(SubmitError::StoreFull)));
        self.count_mark("commands at HQ while it healed", matches!(outcome, Err(SubmitError::Healing)));
        if matches!(outcome, Err(SubmitError::StoreFull | SubmitError::Healing)) {
            return Ok(());
        }
        let waits =
            matches!(outcome, Err(SubmitError::NeedsUpgrade { .. } | SubmitError::NodesTooOld { .. }));
        if waits && self.is_rolling_out {
            self.count_mark("commands that waited for an upgrade", true);
            return Ok(());
        }
        let is_held = self.nodes[node].was_set_back || self.nodes[node].folding() > 0;
        if matches!(outcome, Err(SubmitError::Busy { .. })) && is_held {
            self.count_mark("commands on a stream being folded", self.nodes[node].folding() > 0);
            return Ok(());
        }
        if matches!(outcome, Err(SubmitError::Retired)) && self.nodes[node].is_retired {
            self.pending.remove(&(node, id));
            return Ok(());
        }
        if self.weather.strikes(Fault::AnswerLost) {
            return Ok(());
        }
        self.pending.remove(&(node, id));
        match outcome {
            Ok(answer) => self.acknowledge(node, id, &answer),
            Err(SubmitError::StaleVersion { .. } | SubmitError::NotPermitted { .. }) => {
                ensure!(!self.oracle.knows(node, id), "I7: command {id} was acknowledged and is undecided");
                Ok(())
            }
            Err(SubmitError::KeyReused) if self.taken_ids.contains(&(node, id)) => Ok(()),
            Err(error) => bail!("{} refused command {id}: {error}", self.nodes[node].name),
        }
    }

    fn acknowledge(&mut self, node: usize, id: CommandId, answer: &Answer) -> anyhow::Result<()> {
        let name = self.nodes[node].name;
        self.trace.note(self.now_ms, &format!("{name} answers {id} {:?}", answer.outcome));
        self.oracle.acknowledge(node, id, answer)?;
        let at = self.nodes[node].disk.now();
        self.nodes[node].diary.answers.push((at, id, answer.outcome.clone()));
        if let lanyard_domain::outcome::Outcome::Accepted(accepted) = &answer.outcome {
            self.learn(node, accepted.attendee, accepted.order);
        }
        Ok(())
    }

    fn learn(
        &mut self,
        node: usize,
        attendee: Option<lanyard_domain::AttendeeId>,
        order: Option<lanyard_domain::OrderId>,
    ) {
        if let Some(attendee) = attendee
            && !self.directory.guests.contains(&attendee)
        {
            self.directory.guests.push(attendee);
        }
        if let Some(order) = order
            && !self.directory.orders.iter().any(|(_, known)| *known == order)
        {
            self.directory.orders.push((node, order));
        }
    }
}

fn pushed(stored: Result<VersionVector, ImportError>) -> anyhow::Result<Reply> {
    match stored {
        Ok(vector) => Ok(Reply::Push { vector }),
        Err(ImportError::Problem(problem)) => Ok(Reply::problem(problem)),
        Err(ImportError::StoreFull) => Ok(Reply::problem(Problem::Busy { retry_after_ms: BUSY_FOR_MS })),
        Err(error) => bail!("a batch that was pushed was not stored: {error}"),
    }
}
