//! The report over all worlds: what failed and how to run it again, what went wrong on purpose, what was
//! reached.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use crate::faults::{Fault, FaultCounts};
use crate::kept::Kept;
use crate::shape::Shape;
use crate::weather::Limits;
use crate::world::Run;

/// Least medians per world.
const COMMANDS_MEDIAN: u64 = 40;
const FAULTS_MEDIAN: u64 = 5;
/// Least mean of a world on disks.
const CRASH_POINTS: u64 = 10;
/// From so many worlds on, each kind of fault and each of the marks must have occurred.
const ENOUGH_WORLDS: usize = 2_000;
const MARKS: [&str; 27] = [
    "double_entry",
    "admitted_before_notice",
    "badges unseen by each other",
    "resolutions",
    "resolutions overruled",
    "seats sold",
    "rights stranded",
    "replays",
    "refused no_seats_left",
    "refused already_checked_in",
    "machines set back",
    "entries written again",
    "forks",
    "epochs after a set-back",
    "nodes retired",
    "entries that do not count",
    "refused batches",
    "commands on a full disk",
    "commands at HQ while it healed",
    "check-ins told ahead",
    "check-ins told ahead by siblings",
    "batches first from siblings",
    "attendees erased",
    "removals reported",
    "commands that waited for an upgrade",
    "long streams folded",
    "commands on a stream being folded",
];

/// A world that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) why: String,
    /// What it fails with, and with less it does not.
    pub(crate) limits: Limits,
}

impl Failure {
    /// The options that run it again.
    fn options(&self, seed: u64) -> String {
        let Limits { without, faults, commands } = &self.limits;
        let mut options = format!("--from {seed} --seeds 1");
        for (option, number) in [("commands", commands), ("faults", faults)] {
            options += &number.map(|number| format!(" --{option} {number}")).unwrap_or_default();
        }
        let without: Vec<_> = without.iter().map(|fault| fault.as_str()).collect();
        if without.is_empty() { options } else { format!("{options} --without '{}'", without.join(",")) }
    }
}

/// What came of all worlds.
#[derive(Debug, Default)]
pub(crate) struct Report {
    commands: Vec<u64>,
    faults_per_world: Vec<u64>,
    /// Worlds and their crash points.
    worlds: BTreeMap<Kept, (u64, u64)>,
    shapes: BTreeMap<Shape, u64>,
    faults: FaultCounts,
    marks: BTreeMap<String, u64>,
    failed: Vec<(u64, Failure)>,
    took: Duration,
}

impl Report {
    /// Adds a world.
    pub(crate) fn add(&mut self, seed: u64, result: Result<Run, Failure>) {
        match result {
            Ok(run) => {
                self.commands.push(run.commands);
                let (worlds, crash_points) = self.worlds.entry(run.kept).or_default();
                *worlds += 1;
                *self.shapes.entry(run.shape).or_default() += 1;
                *crash_points += run.crash_points;
                self.faults_per_world.push(run.faults.values().sum());
                for (fault, count) in run.faults {
                    *self.faults.entry(fault).or_default() += count;
                }
                for (mark, count) in run.marks {
                    *self.marks.entry(mark).or_default() += count;
                }
            }
            Err(failure) => self.failed.push((seed, failure)),
        }
    }

    /// Notes how long it took.
    pub(crate) const fn took(&mut self, took: Duration) {
        self.took = took;
    }

    /// Worlds that failed.
    pub(crate) fn failures(&self) -> usize {
        self.failed.len()
    }

    /// Whether nothing failed and enough was tried.
    pub(crate) fn is_good(&self) -> bool {
        self.failed.is_empty() && self.shortcomings().is_empty()
    }

    fn worlds_of(&self, kept: Kept) -> (u64, u64) {
        self.worlds.get(&kept).copied().unwrap_or_default()
    }

    /// What was not tried hard enough to say that it holds.
    fn shortcomings(&self) -> Vec<String> {
        let mut short = Vec::new();
        if self.commands.len() < ENOUGH_WORLDS {
            return short;
        }
        let medians = [
            ("commands", median(&self.commands), COMMANDS_MEDIAN),
            ("faults", median(&self.faults_per_world), FAULTS_MEDIAN),
        ];
        for (what, found, least) in medians {
            if found < least {
                short.push(format!("the median of {what} a world is {found}, under {least}"));
            }
        }
        let (on_disks, crash_points) = self.worlds_of(Kept::OnDisks);
        if crash_points < CRASH_POINTS * on_disks {
            short.push(format!(
                "{on_disks} worlds on disks have {crash_points} crash points, under {CRASH_POINTS} each"
            ));
        }
        let never = |fault: &&Fault| !self.faults.contains_key(fault);
        short.extend(Fault::ALL.iter().filter(never).map(|fault| format!("there was no {}", fault.as_str())));
        let unseen = |shape: &&Shape| !self.shapes.contains_key(shape);
        short.extend(
            Shape::ALL.iter().filter(unseen).map(|shape| format!("no world was: {}", shape.as_str())),
        );
        let unmarked = MARKS.iter().filter(|mark| self.marks.get(**mark).is_none_or(|count| *count == 0));
        short.extend(unmarked.map(|mark| format!("no world reached: {mark}")));
        short
    }

    /// Prints it, with the closing line of a test suite.
    pub(crate) fn print(&self) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        for (seed, failure) in &self.failed {
            writeln!(out, "seed {seed} failed: {}", failure.why)?;
            writeln!(out, "as small as it gets: scripts/test simulation {}", failure.options(*seed))?;
            writeln!(out, "whole: scripts/test simulation --from {seed} --seeds 1\n")?;
        }
        let worlds = self.commands.len();
        let (commands, faults) = (median(&self.commands), median(&self.faults_per_world));
        writeln!(out, "{worlds} worlds of three nodes and HQ in {:.1} s", self.took.as_secs_f64())?;
        writeln!(out, "median of a world: {commands} commands, {faults} faults")?;
        for kept in Kept::ALL {
            let (worlds, crash_points) = self.worlds_of(kept);
            writeln!(out, "{} {worlds} worlds with {crash_points} crash points", kept.as_str())?;
        }
        writeln!(out, "worlds by their lines:")?;
        for shape in &Shape::ALL {
            let count = self.shapes.get(shape).copied().unwrap_or_default();
            writeln!(out, "  {:<20} {count:>8}", shape.as_str())?;
        }
        writeln!(out, "{} commands; faults, {} in all:", sum(&self.commands), sum(&self.faults_per_world))?;
        for fault in Fault::ALL {
            let count = self.faults.get(fault).copied().unwrap_or_default();
            writeln!(out, "  {:<20} {count:>8}", fault.as_str())?;
        }
        writeln!(out, "reached:")?;
        for (mark, count) in &self.marks {
            writeln!(out, "  {mark:<32} {count:>8}")?;
        }
        let short = self.shortcomings();
        for shortcoming in &short {
            writeln!(out, "not enough: {shortcoming}")?;
        }
        let failed = self.failed.len() + short.len();
        let verdict = if failed == 0 { "ok" } else { "FAILED" };
        writeln!(out, "test result: {verdict}. {worlds} passed; {failed} failed")
    }
}

fn sum(values: &[u64]) -> u64 {
    values.iter().sum()
}

fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
