//! The world of one seed: HQ and three venue nodes, their lines, clocks and disks, and what happens next.
//!
//! Responsible for the order of events and for the two phases: first everything goes wrong that is drawn,
//! and what must always hold is asserted; then all heals, and all nodes end with the same.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use lanyard_domain::Account;
use lanyard_domain::command::Command;
use lanyard_node::{Identity, Submitted};
use lanyard_sync::{CommandId, Hash, VersionVector};
use lanyard_test_vfs::PowerCutDisk;

use crate::beginning::Beginning;
use crate::desk::{Directory, submitted};
use crate::dice::Dice;
use crate::events::Event;
use crate::faults::{Fault, FaultCounts};
use crate::fixture::{SEAT_TYPES, conference, id, import};
use crate::invariants;
use crate::kept::Kept;
use crate::lab::Lab;
use crate::line::{Cut, Line};
use crate::machines::Machines;
use crate::node::Node;
use crate::oracle::Oracle;
use crate::shape::{Edge, Net, Shape};
use crate::trace::Trace;
use crate::weather::{Limits, Weather};

/// Number of HQ among the nodes.
pub(crate) const HQ: usize = 0;

/// How many there are, HQ among them.
pub(crate) const NODES: usize = 4;
/// How many commands a world has, from and up to.
const COMMANDS: (u64, u64) = (36, 46);
/// How many rounds of housekeeping may follow each other until nothing is due.
const ROUNDS_MAX: usize = 30;
/// Beyond every hold, whatever a clock jumped back, milliseconds.
const LONG_MS: u64 = 6 * 3_600_000;

/// What came of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) commands: u64,
    pub(crate) kept: Kept,
    pub(crate) shape: Shape,
    pub(crate) crash_points: u64,
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
    pub(crate) shape: Shape,
    /// Who has a line to whom later, when islands meet.
    pub(crate) to_meet: Option<Edge>,
    /// Where worlds on disks look at what a cut would have left.
    pub(crate) lab: Option<Lab>,
    /// Cuts whose remains were opened: nodes that died, and what was looked at aside.
    pub(crate) crash_points: u64,
    /// A disk for a copy of a machine.
    pub(crate) spare: Option<PowerCutDisk>,
    pub(crate) weather: Weather,
    pub(crate) oracle: Oracle,
    pub(crate) directory: Directory,
    /// Commands without an answer.
    pub(crate) pending: BTreeMap<(usize, CommandId), Submitted>,
    /// Ids of commands that another request was answered under, at a node that had forgotten them.
    pub(crate) taken_ids: BTreeSet<(usize, CommandId)>,
    /// Commands that were given, to be repeated.
    pub(crate) given: Vec<(usize, Submitted)>,
    /// State hash by digest of the vector, over all nodes of a release and times (I8).
    pub(crate) states: BTreeMap<(bool, Hash), Hash>,
    /// Seats each node holds and sold of its own rights, as of its last commit (I1).
    pub(crate) spent: BTreeMap<(usize, &'static str), i64>,
    pub(crate) trace: Trace,
    pub(crate) commands: u64,
    /// Nodes that are going to tell of their news.
    pub(crate) hints_due: BTreeSet<usize>,
    /// Whether nodes are upgraded.
    pub(crate) is_rolling_out: bool,
    /// What it reached, as far as its nodes do not show it at the end.
    pub(crate) reached: BTreeMap<&'static str, u64>,
    pub(crate) commands_wanted: u64,
    pub(crate) queue: BTreeMap<(u64, u64), Event>,
    pub(crate) scheduled: u64,
}

impl World {
    /// Runs the world of a seed to its end.
    pub(crate) fn run(seed: u64, machines: &Machines, limits: &Limits, prints: bool) -> anyhow::Result<Run> {
        let beginning = Beginning::of(seed, machines)?;
        machines.remember(Kept::of(seed).memory());
        let net = Net::of(seed);
        let born = beginning.nodes.iter().zip(&machines.disks).enumerate();
        let nodes = born.map(|(number, (born, disk))| Node::born(seed, number, born, disk.clone()));
        let mut world = Self {
            now_ms: beginning.now_ms,
            oracle: beginning.oracle.clone(),
            given: beginning.given.clone(),
            states: beginning.states.clone(),
            spent: beginning.spent.clone(),
            spare: Some(machines.spare.clone()),
            lab: Lab::of(seed, &machines.lab),
            ..Self::of(seed, &net, nodes.collect::<anyhow::Result<_>>()?, limits, prints)
        };
        if let Some((in_ms, _)) = net.later {
            world.schedule(in_ms, Event::Meet);
        }
        let run = world.play();
        world.nodes.iter_mut().for_each(Node::stop);
        run.with_context(|| format!("what happened before:\n{}", world.trace.recent()))
    }

    /// Plays how worlds begin.
    pub(crate) fn begin(seed: u64, machines: &Machines) -> anyhow::Result<Beginning> {
        machines.remember(Kept::InMemory.memory());
        let nodes =
            machines.disks.iter().enumerate().map(|(number, disk)| Node::new(seed, number, disk.clone()));
        let net = Net::hq_alone();
        let mut world =
            Self::of(seed, &net, nodes.collect::<anyhow::Result<_>>()?, &Limits::default(), false);
        world.configure().with_context(|| format!("what happened before:\n{}", world.trace.recent()))?;
        let Self { nodes, now_ms, oracle, given, states, spent, .. } = world;
        let nodes = nodes.into_iter().map(Node::into_born).collect();
        Ok(Beginning { nodes, now_ms, oracle, given, states, spent })
    }

    fn of(seed: u64, net: &Net, nodes: Vec<Node>, limits: &Limits, prints: bool) -> Self {
        let mut dice = Dice::new(seed, "world");
        Self {
            seed,
            nodes,
            spare: None,
            lab: None,
            crash_points: 0,
            lines: net.lines.iter().map(|(asker, answerer)| Line::between(*asker, *answerer)).collect(),
            shape: net.shape,
            to_meet: net.later.map(|(_, line)| line),
            commands_wanted: dice.between(COMMANDS.0, COMMANDS.1).min(limits.commands.unwrap_or(u64::MAX)),
            dice,
            now_ms: 0,
            weather: Weather::of(seed, limits),
            oracle: Oracle::default(),
            directory: Directory::default(),
            pending: BTreeMap::new(),
            taken_ids: BTreeSet::new(),
            given: Vec::new(),
            states: BTreeMap::new(),
            spent: BTreeMap::new(),
            trace: Trace::new(prints),
            commands: 0,
            hints_due: BTreeSet::new(),
            is_rolling_out: false,
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
        for number in 0..self.nodes.len() {
            let now = self.nodes[number].disk.now();
            self.look_back(number, now)?;
        }
        let (vector, state) = self.nodes[HQ].read(|db| Ok((db.vector()?, db.state_hash()?)))?;
        self.trace.note(self.now_ms, &format!("ends with {} and {state}", vector.digest()));
        Ok(Run {
            commands: self.commands,
            crash_points: self.crash_points,
            kept: Kept::of(self.seed),
            shape: self.shape,
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
        for (serial, node) in (1..).zip(&self.nodes[1..]) {
            let Identity { node, name, .. } = &node.identity;
            commands.push(Command::EnrolNode { node: *node, name: name.clone(), serial });
        }
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
        self.meet()?;
        self.resume_hq_later();
        self.nodes.iter().for_each(|node| node.disk.limit_bytes(None));
        self.set_clocks_right();
        self.end_roll_out()?;
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
            if node.vector()? != at_hq || node.folding() > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notes that something was reached, if it was.
    pub(crate) fn count_mark(&mut self, mark: &'static str, is_reached: bool) {
        *self.reached.entry(mark).or_default() += u64::from(is_reached);
    }

    pub(crate) fn accounts(&self) -> Vec<Account> {
        self.nodes.iter().map(Node::account).collect()
    }
}
