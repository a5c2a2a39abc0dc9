//! The world of one seed: HQ and three venue nodes, their lines, clocks and disks, and what happens next.
//!
//! Responsible for the order of events and for the two phases: first everything goes wrong that is drawn,
//! and what must always hold is asserted; then all heals, and all nodes end with the same.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use lanyard_domain::Account;
use lanyard_domain::command::Command;
use lanyard_node::Submitted;
use lanyard_node::engine::{LocalChange, Submission};
use lanyard_sync::{CommandId, Hash, VersionVector};
use lanyard_test_vfs::PowerCutDisk;

use crate::beginning::Beginning;
use crate::desk::{Directory, submitted};
use crate::dice::Dice;
use crate::faults::{Fault, FaultCounts};
use crate::fixture::{SEAT_TYPES, conference, id, import};
use crate::invariants;
use crate::line::{Cut, Line, Parcel};
use crate::machines::Machines;
use crate::node::{Node, Waiting};
use crate::oracle::Oracle;
use crate::trace::Trace;
use crate::weather::{Limits, Weather};

/// Number of HQ among the nodes; node `n` has line `n - 1`.
pub(crate) const HQ: usize = 0;

const NODES: usize = 4;
/// How many commands a world has, from and up to.
const COMMANDS: (u64, u64) = (37, 48);
/// How long all nodes may take to end with the same once all healed, milliseconds.
const HEALING_MS: u64 = 600_000;
/// How many rounds of housekeeping may follow each other until nothing is due.
const ROUNDS_MAX: usize = 30;
/// Beyond every hold, whatever a clock jumped back, milliseconds.
const LONG_MS: u64 = 6 * 3_600_000;

/// What happens at a moment.
#[derive(Debug)]
pub(crate) enum Event {
    /// A desk asks for something.
    Act,
    /// A desk that has no answer asks again.
    Retry(usize, CommandId),
    /// A parcel arrives; `start` is the start of the line's node in which it was sent.
    Arrive { line: usize, start: u64, number: u64, parcel: Parcel },
    /// A session is to be woken.
    Wake(usize),
    /// A node commits what waits.
    Commit(usize),
    /// HQ tells of its news.
    Hint,
    /// Every node looks for what is due.
    Housekeeping,
    /// Something may go wrong.
    Trouble,
    /// A line carries again.
    Heal(usize),
    /// There is room on a node's disk again.
    Room(usize),
    /// What a node has to be told, and what its disk had no room for.
    Owe { node: usize, start: u64, change: LocalChange },
    /// A node starts again.
    Start(usize),
    /// A node has waited long enough for its own entries.
    StopHolding { line: usize, start: u64 },
}

/// What came of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) commands: u64,
    pub(crate) faults: FaultCounts,
    /// What the run reached, by name.
    pub(crate) marks: BTreeMap<String, u64>,
    pub(crate) vector: VersionVector,
    pub(crate) state: Hash,
    pub(crate) trace: Hash,
}

/// All of it.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) dice: Dice,
    pub(crate) now_ms: u64,
    pub(crate) nodes: Vec<Node>,
    pub(crate) lines: Vec<Line>,
    /// A disk for a copy of a machine.
    pub(crate) spare: Option<PowerCutDisk>,
    pub(crate) weather: Weather,
    pub(crate) oracle: Oracle,
    pub(crate) directory: Directory,
    /// Commands without an answer.
    pub(crate) pending: BTreeMap<(usize, CommandId), Submitted>,
    /// Commands that were given, to be repeated.
    pub(crate) given: Vec<(usize, Submitted)>,
    /// State hash by digest of the vector, over all nodes and times (I8).
    pub(crate) states: BTreeMap<Hash, Hash>,
    /// Seats each node holds and sold of its own rights, as of its last commit (I1).
    pub(crate) spent: BTreeMap<(usize, &'static str), i64>,
    pub(crate) trace: Trace,
    pub(crate) commands: u64,
    pub(crate) is_hint_due: bool,
    /// What it reached, as far as its nodes do not show it at the end.
    pub(crate) reached: BTreeMap<&'static str, u64>,
    commands_wanted: u64,
    queue: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
}

impl World {
    /// Runs the world of a seed to its end.
    pub(crate) fn run(seed: u64, machines: &Machines, limits: &Limits, prints: bool) -> anyhow::Result<Run> {
        let beginning = Beginning::of(seed, machines)?;
        let born = beginning.nodes.iter().zip(&machines.disks).enumerate();
        let nodes = born.map(|(number, (born, disk))| Node::born(seed, number, born, disk.clone()));
        let mut world = Self {
            now_ms: beginning.now_ms,
            oracle: beginning.oracle.clone(),
            given: beginning.given.clone(),
            states: beginning.states.clone(),
            spent: beginning.spent.clone(),
            spare: Some(machines.spare.clone()),
            ..Self::of(seed, nodes.collect::<anyhow::Result<_>>()?, limits, prints)
        };
        let run = world.play();
        run.with_context(|| format!("what happened before:\n{}", world.trace.recent()))
    }

    /// Plays how worlds begin.
    pub(crate) fn begin(seed: u64, machines: &Machines) -> anyhow::Result<Beginning> {
        let nodes =
            machines.disks.iter().enumerate().map(|(number, disk)| Node::new(seed, number, disk.clone()));
        let mut world = Self::of(seed, nodes.collect::<anyhow::Result<_>>()?, &Limits::default(), false);
        world.configure().with_context(|| format!("what happened before:\n{}", world.trace.recent()))?;
        let Self { nodes, now_ms, oracle, given, states, spent, .. } = world;
        let nodes = nodes.into_iter().map(Node::into_born).collect();
        Ok(Beginning { nodes, now_ms, oracle, given, states, spent })
    }

    fn of(seed: u64, nodes: Vec<Node>, limits: &Limits, prints: bool) -> Self {
        let mut dice = Dice::new(seed, "world");
        Self {
            seed,
            nodes,
            spare: None,
            lines: (1..NODES).map(|_| Line::new()).collect(),
            commands_wanted: dice.between(COMMANDS.0, COMMANDS.1).min(limits.commands.unwrap_or(u64::MAX)),
            dice,
            now_ms: 0,
            weather: Weather::of(seed, limits),
            oracle: Oracle::default(),
            directory: Directory::default(),
            pending: BTreeMap::new(),
            given: Vec::new(),
            states: BTreeMap::new(),
            spent: BTreeMap::new(),
            trace: Trace::new(prints),
            commands: 0,
            is_hint_due: false,
            reached: BTreeMap::new(),
            queue: BTreeMap::new(),
            scheduled: 0,
        }
    }

    fn play(&mut self) -> anyhow::Result<Run> {
        for number in 0..self.nodes.len() {
            self.start(number)?;
        }
        self.trouble_begins();
        while self.commands < self.commands_wanted {
            self.step()?;
        }
        self.heal()?;
        self.quieten()?;
        invariants::at_the_end(self)?;
        let (vector, state) = self.nodes[HQ].read(|db| Ok((db.vector()?, db.state_hash()?)))?;
        self.trace.note(self.now_ms, &format!("ends with {} and {state}", vector.digest()));
        Ok(Run {
            commands: self.commands,
            faults: self.weather.counts().clone(),
            marks: invariants::marks(self)?,
            vector,
            state,
            trace: self.trace.hash(),
        })
    }

    /// HQ is configured, seat rights are given, and every node knows of it.
    fn configure(&mut self) -> anyhow::Result<()> {
        for number in 0..NODES {
            self.start(number)?;
        }
        let mut commands =
            vec![Command::ConfigureConference { conference: Box::new(conference()) }, import(0)];
        for (seat_type, quota) in SEAT_TYPES {
            commands.push(Command::SetQuota { seat_type: id(seat_type), quota });
            for account in self.accounts().into_iter().skip(1) {
                commands.push(Command::GiveRights {
                    seat_type: id(seat_type),
                    to: account,
                    count: quota / 4,
                });
            }
        }
        for command in commands {
            let id = CommandId(self.dice.bytes());
            let mut submitted = submitted(id, &self.nodes[HQ], &mut self.dice, command);
            submitted.role = lanyard_domain::Role::Administrator;
            self.give(HQ, submitted);
        }
        self.run_until("every node knows the conference", Self::is_in_step)
    }

    fn trouble_begins(&mut self) {
        self.weather.breaks();
        for number in 0..self.nodes.len() {
            if self.weather.strikes(Fault::Skew) {
                let off_ms = self.weather.dice(Fault::Skew).around_zero(15 * 60_000);
                self.nodes[number].clock_off_ms = off_ms;
            }
        }
        for (event, at_ms) in [(Event::Act, 1), (Event::Trouble, 2), (Event::Housekeeping, 3)] {
            self.schedule(at_ms, event);
        }
    }

    fn heal(&mut self) -> anyhow::Result<()> {
        self.trace.note(self.now_ms, "all heals");
        self.weather.clears();
        self.lines.iter_mut().for_each(|line| line.cut = Cut::Open);
        self.nodes.iter().for_each(|node| node.disk.limit_bytes(None));
        self.set_clocks_right();
        self.run_until("all nodes have the same and every desk its answer", |world| {
            Ok(world.pending.is_empty() && world.is_in_step()?)
        })
    }

    /// Time passes until nothing is due any more.
    fn quieten(&mut self) -> anyhow::Result<()> {
        self.now_ms += LONG_MS;
        for _ in 0..ROUNDS_MAX {
            if self.look_for_due()? == 0 {
                return Ok(());
            }
            self.run_until("all nodes have the same again", |world| {
                let nothing_waits = world.nodes.iter().all(|node| node.inbox.is_empty());
                Ok(nothing_waits && world.is_in_step()?)
            })?;
        }
        anyhow::bail!("after {ROUNDS_MAX} rounds of housekeeping there still is something due")
    }

    fn is_in_step(&self) -> anyhow::Result<bool> {
        if !self.nodes.iter().all(|node| node.is_up() && node.inbox.is_empty()) {
            return Ok(false);
        }
        let at_hq = self.nodes[HQ].vector()?;
        for node in &self.nodes {
            if node.vector()? != at_hq {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn run_until(&mut self, what: &str, done: impl Fn(&Self) -> anyhow::Result<bool>) -> anyhow::Result<()> {
        let deadline_ms = self.now_ms + HEALING_MS;
        while !done(self)? {
            ensure!(self.now_ms < deadline_ms, "not within {HEALING_MS} ms: {what}");
            self.step()?;
        }
        Ok(())
    }

    /// What happens next, happens.
    fn step(&mut self) -> anyhow::Result<()> {
        let ((at_ms, _), event) = self.queue.pop_first().context("nothing is left to happen")?;
        self.now_ms = self.now_ms.max(at_ms);
        self.nodes.iter().for_each(|node| node.set_clock(self.now_ms));
        match event {
            Event::Act => self.act(),
            Event::Retry(node, id) => {
                self.retry(node, id);
                Ok(())
            }
            Event::Arrive { line, start, number, parcel } => self.arrive(line, start, number, parcel),
            Event::Wake(line) => self.wake(line),
            Event::Commit(node) => self.commit(node),
            Event::Hint => {
                self.hint();
                Ok(())
            }
            Event::Housekeeping => {
                self.schedule(20_000, Event::Housekeeping);
                self.look_for_due().map(|_| ())
            }
            Event::Trouble => self.trouble(),
            Event::Heal(line) => {
                self.lines[line].cut = Cut::Open;
                self.trace.note(self.now_ms, &format!("line {line} carries again"));
                Ok(())
            }
            Event::Room(node) => {
                self.nodes[node].disk.limit_bytes(None);
                Ok(())
            }
            Event::Owe { node, start, change } => {
                self.tell_owed(node, start, change);
                Ok(())
            }
            Event::Start(node) => self.start_again(node),
            Event::StopHolding { line, start } => {
                self.stop_holding(line, start);
                Ok(())
            }
        }
    }

    /// A desk asks for something, or for something it asked before.
    fn act(&mut self) -> anyhow::Result<()> {
        if self.commands >= self.commands_wanted {
            return Ok(());
        }
        // Desks come in bursts: what is asked at once is decided in one commit, and at several nodes at a time.
        let pause_ms = if self.dice.chance(600) { 40 } else { 12_000 };
        let pause_ms = self.dice.between(0, pause_ms);
        self.schedule(pause_ms, Event::Act);
        let number = self.dice.index(self.nodes.len());
        if !self.nodes[number].is_up() {
            return Ok(());
        }
        self.commands += 1;
        if self.weather.draws(Fault::CommandRepeated)
            && let Some((at, earlier)) = self.dice.pick(&self.given).cloned()
            && self.nodes[at].is_up()
        {
            self.weather.count(Fault::CommandRepeated);
            self.repeat(at, earlier);
            return Ok(());
        }
        let accounts = self.accounts();
        let node = &self.nodes[number];
        let submitted = self.directory.draw(number, node, &accounts, &mut self.dice)?;
        self.given.push((number, submitted.clone()));
        self.give(number, submitted);
        Ok(())
    }

    /// Hands a command to a node; without an answer in time it is handed over again.
    pub(crate) fn give(&mut self, node: usize, submitted: Submitted) {
        let id = submitted.id;
        self.trace.note(
            self.now_ms,
            &format!("{} is given {} {id}", self.nodes[node].name, submitted.command.name()),
        );
        self.pending.insert((node, id), submitted.clone());
        self.submit(node, Waiting::Desk(id), Submission::Command(submitted));
        let patience_ms = self.dice.between(5_000, 20_000);
        self.schedule(patience_ms, Event::Retry(node, id));
    }

    /// Hands an earlier command to a node again, or another command under its id.
    fn repeat(&mut self, node: usize, earlier: Submitted) {
        if self.dice.chance(150) && self.oracle.knows(node, earlier.id) {
            let other = Submitted { body: Hash(self.dice.bytes()), ..earlier };
            self.submit(node, Waiting::Refusal, Submission::Command(other));
        } else {
            self.give(node, earlier);
        }
    }

    fn retry(&mut self, node: usize, id: CommandId) {
        let Some(submitted) = self.pending.get(&(node, id)).cloned() else { return };
        if self.nodes[node].is_up() {
            self.give(node, submitted);
        } else {
            self.schedule(5_000, Event::Retry(node, id));
        }
    }

    fn look_for_due(&mut self) -> anyhow::Result<usize> {
        let mut found = 0;
        for number in 0..self.nodes.len() {
            self.nodes[number].set_clock(self.now_ms);
            if !self.nodes[number].is_up() {
                continue;
            }
            found += usize::from(self.erase(number)?);
            if !self.nodes[number].is_up() {
                continue;
            }
            let wall_ms = self.nodes[number].wall_ms(self.now_ms);
            for submitted in self.nodes[number].engine()?.due(wall_ms)? {
                found += 1;
                self.submit(number, Waiting::Itself(submitted.id), Submission::Command(submitted));
            }
        }
        Ok(found)
    }

    /// Notes that something was reached, if it was.
    pub(crate) fn count_mark(&mut self, mark: &'static str, is_reached: bool) {
        *self.reached.entry(mark).or_default() += u64::from(is_reached);
    }

    pub(crate) fn schedule(&mut self, in_ms: u64, event: Event) {
        self.scheduled += 1;
        self.queue.insert((self.now_ms + in_ms, self.scheduled), event);
    }

    pub(crate) fn accounts(&self) -> Vec<Account> {
        self.nodes.iter().map(Node::account).collect()
    }
}
