//! Machines that are set back to an earlier picture of themselves, and what their sessions do about it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use lanyard_domain::{Command, Role};
use lanyard_node::branch::{Parting, Search, compare};
use lanyard_node::engine::{LocalChange, Submission};
use lanyard_sync::{Batch, CommandId, Dot, LogId, Problem, VersionVector};

use crate::desk::submitted;
use crate::events::Event;
use crate::faults::Fault;
use crate::invariants::ALL;
use crate::line::{Cut, Line};
use crate::machines::INCARNATION_FILE;
use crate::node::Waiting;
use crate::world::{HQ, NODES, World};

/// How long decisions wait for entries of this node that only others have, milliseconds.
pub(crate) const HELD_MAX_MS: u64 = 10_000;
/// When somebody sees that HQ waits for nodes that do not come, once all healed, milliseconds.
const RESUMED_AFTER_MS: u64 = 150_000;

impl World {
    pub(crate) fn anybody_was_set_back(&self) -> bool {
        self.nodes.iter().any(|node| node.was_set_back)
    }

    /// Somebody takes a picture of a machine.
    pub(crate) fn take_picture(&mut self) {
        let number = self.dice.index(self.nodes.len());
        if self.nodes[number].is_up() {
            let picture = (self.nodes[number].disk.image(), self.oracle.acknowledged());
            self.trace.note(self.now_ms, &format!("a picture is taken of {}", self.nodes[number].name));
            self.nodes[number].picture = Some(picture);
        }
    }

    /// A venue's machine of which there is a picture is set back to it, or HQ's.
    pub(crate) fn set_back(&mut self, fault: Fault) -> anyhow::Result<()> {
        let numbers = if fault == Fault::HqRestored { HQ..1 } else { 1..self.nodes.len() };
        let pictured: Vec<_> = numbers.filter(|number| self.nodes[*number].picture.is_some()).collect();
        match self.weather.dice(fault).pick(&pictured).copied() {
            Some(number) => self.set_back_to_picture(number, fault),
            None => Ok(()),
        }
    }

    /// What no peer had received is lost.
    fn set_back_to_picture(&mut self, number: usize, fault: Fault) -> anyhow::Result<()> {
        let Some((mut picture, acknowledged)) = self.nodes[number].picture.take() else { return Ok(()) };
        if fault != Fault::SetBack {
            // A copy of a database comes without what is beside it.
            picture.remove(INCARNATION_FILE);
        }
        self.nodes[number].was_set_back = true;
        let mut others = BTreeMap::new();
        for (other, node) in self.nodes.iter().enumerate() {
            if other != number && node.is_up() {
                let lines = node.read(|db| db.entries_after(0, ALL))?;
                others.extend(lines.into_iter().map(|line| (line.dot, line.command)));
            }
        }
        self.oracle.set_back(number, acknowledged, &others);
        self.weather.count(fault);
        if self.nodes[number].is_up() {
            return self.die(number, &picture, fault);
        }
        self.nodes[number].die(&picture)
    }

    /// HQ that forgot something waits for all its nodes, and for good for those that it does not see: somebody has to
    /// let it go on.
    pub(crate) fn resume_hq_later(&mut self) {
        let is_seen =
            |number: usize| self.lines.iter().any(|line| (line.asker, line.answerer) == (number, HQ));
        let forgot = self.weather.counts().contains_key(&Fault::HqRestored);
        if forgot && !(1..NODES).all(is_seen) {
            self.schedule(RESUMED_AFTER_MS, Event::Resume);
        }
    }

    pub(crate) fn resume_hq(&mut self) {
        self.trace.note(self.now_ms, "HQ is told to go on");
        let start = self.nodes[HQ].starts;
        self.tell_owed(HQ, start, LocalChange::Resume);
    }

    /// A venue's machine that runs is copied, and both run. Neither is told.
    pub(crate) fn copy_machine(&mut self) -> anyhow::Result<()> {
        let number = 1 + self.weather.dice(Fault::LiveClone).index(self.nodes.len() - 1);
        if !self.nodes[number].is_up() {
            return Ok(());
        }
        let Some(disk) = self.spare.take() else { return Ok(()) };
        self.weather.count(Fault::LiveClone);
        self.trace.note(self.now_ms, &format!("the machine of {} is copied", self.nodes[number].name));
        let twin = self.nodes[number].twin(disk)?;
        let twin_number = self.nodes.len();
        self.nodes.push(twin);
        self.copy_lines(number, twin_number);
        self.oracle.copied([number, twin_number]);
        self.start(twin_number)
    }

    /// HQ gives up a venue node, which goes on until it hears of it.
    pub(crate) fn retire(&mut self) {
        if self.nodes.iter().any(|node| node.is_retired) || !self.nodes[HQ].is_up() {
            return;
        }
        self.weather.count(Fault::Retirement);
        let number = 1 + self.weather.dice(Fault::Retirement).index(self.nodes.len() - 1);
        let node = self.nodes[number].identity.node;
        for (other, same) in self.nodes.iter_mut().enumerate().filter(|(_, same)| same.identity.node == node)
        {
            same.is_retired = true;
            self.spent.retain(|(number, _), _| *number != other);
        }
        let command = Command::CloseLogs { node, keep: None };
        let id = CommandId(self.dice.bytes());
        let mut submitted = submitted(id, &self.nodes[HQ], &mut self.dice, command);
        submitted.role = Role::Administrator;
        self.give(HQ, submitted);
    }

    /// Decisions wait until the node's own entries are back.
    pub(crate) fn hold(&mut self, line: usize, seq: u64) {
        let number = self.lines[line].asker;
        let log = self.nodes[number].log();
        self.trace.note(self.now_ms, &format!("{} waits for its entries", self.nodes[number].name));
        self.lines[line].holds = true;
        let start = self.nodes[number].starts;
        self.tell_owed(number, start, LocalChange::SetBack { log, seq });
        self.schedule(HELD_MAX_MS, Event::StopHolding { line, start });
    }

    pub(crate) fn stop_holding(&mut self, line: usize, start: u64) {
        let number = self.lines[line].asker;
        let node = &self.nodes[number];
        if self.lines[line].holds && node.is_up() && node.starts == start {
            self.lines[line].holds = false;
            self.tell_owed(number, start, LocalChange::WriteOn);
        }
    }

    /// Tells a node what it has to know whatever its disk has room for.
    pub(crate) fn tell_owed(&mut self, number: usize, start: u64, change: LocalChange) {
        if self.nodes[number].is_up() && self.nodes[number].starts == start {
            self.submit(number, Waiting::Owed(change.clone()), Submission::Local(change));
        }
    }

    /// A node finds out how its copies of logs and those of a peer part, and fetches or sends the next of what stands.
    pub(crate) fn settle_fork(&mut self, line: usize, dot: Dot) -> anyhow::Result<()> {
        let Line { asker: number, answerer: peer, cut, .. } = self.lines[line];
        if cut != Cut::Open || !self.nodes[peer].is_up() {
            return Ok(());
        }
        let mut logs: BTreeSet<_> = self.nodes[number].read(|db| Ok(db.forks()?.into_keys().collect()))?;
        logs.insert(dot.log);
        let mut partings = Vec::new();
        for log in logs {
            partings.extend(self.find_parting(number, peer, log)?);
        }
        if partings.is_empty() {
            return Ok(());
        }
        if partings.iter().any(|parting| parting.theirs_stands) {
            let have = Parting::pull(&partings, self.nodes[number].vector()?);
            self.bring(line, peer, number, &have)
        } else {
            let have = Parting::push(&partings, self.nodes[peer].vector()?);
            self.bring(line, number, peer, &have)
        }
    }

    /// What stands was not taken: another log may have two branches, of which the asking side does not know.
    pub(crate) fn settle_another(&mut self, line: usize, problem: &Problem) -> anyhow::Result<()> {
        let (Problem::Fork(dot) | Problem::MissingContext(dot)) = problem else { return Ok(()) };
        let asker = &self.nodes[self.lines[line].asker];
        if asker.is_up() && asker.read(|db| db.fork_of(dot.log))?.is_none() {
            return self.settle_fork(line, *dot);
        }
        Ok(())
    }

    /// Finds where two copies of a log part; both sides note it.
    fn find_parting(&mut self, number: usize, peer: usize, log: LogId) -> anyhow::Result<Option<Parting>> {
        let mut search = Search::new(log, self.nodes[number].vector()?.seq(&log));
        let mut forks: BTreeSet<u64> = self.nodes[number].read(|db| db.fork_of(log))?.into_iter().collect();
        while let Some(question) = self.nodes[number].read(|db| search.question(db))? {
            let answer = self.nodes[peer].read(|db| compare(db, &question))?;
            forks.extend(answer.fork);
            search.learn(&question, answer);
        }
        let parting = self.nodes[number].read(|db| search.parting(db))?;
        forks.extend(parting.map(|parting| parting.from));
        if let Some(from) = forks.first().copied() {
            self.trace
                .note(self.now_ms, &format!("{} finds {log} with {parting:?}", self.nodes[number].name));
            for node in [number, peer] {
                let found = LocalChange::ForkFound { log, from };
                self.submit(node, Waiting::Nobody, Submission::Local(found));
            }
        }
        Ok(parting)
    }

    /// One node stores the next batch of another of what a vector lacks.
    fn bring(&mut self, line: usize, from: usize, to: usize, have: &VersionVector) -> anyhow::Result<()> {
        if let Some(batch) = self.nodes[from].read(|db| db.batch_after(have))? {
            let batch = Batch::decode(&batch.encode()).context("a batch was made that cannot be read")?;
            self.submit(to, Waiting::Settling(line), Submission::Import(batch));
        }
        Ok(())
    }
}
