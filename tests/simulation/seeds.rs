//! Seeds: as many worlds as asked for, over as many threads as there are cores.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::error_log;
use crate::faults::Fault;
use crate::machines::Machines;
use crate::report::{Failure, Report};
use crate::shrink::shrink;
use crate::weather::Limits;
use crate::world::{Run, World};

const SEEDS: u64 = 55_000;
const FIRST: u64 = 1;
/// One of so many seeds is run twice, to see that it is the same world.
const TWICE_EVERY: u64 = 100;
/// After so many failures nothing is learnt from more.
const FAILURES_MAX: u64 = 5;

/// What is run.
#[derive(Debug)]
pub(crate) struct Seeds {
    first: u64,
    count: u64,
    prints: bool,
    limits: Limits,
    /// After so many failures it ends.
    failures: u64,
    /// Whether worlds that fail are made smaller.
    shrinks: bool,
}

impl Seeds {
    /// As the environment says.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            first: number("LANYARD_SIM_FROM")?.unwrap_or(FIRST),
            count: number("LANYARD_SIM_SEEDS")?.unwrap_or(SEEDS),
            failures: number("LANYARD_SIM_FAILURES")?.unwrap_or(FAILURES_MAX),
            prints: number("LANYARD_SIM_TRACE")?.unwrap_or(0) > 0,
            shrinks: number("LANYARD_SIM_SHRINK")?.unwrap_or(1) > 0,
            limits: Limits {
                faults: number("LANYARD_SIM_FAULTS")?,
                commands: number("LANYARD_SIM_COMMANDS")?,
                without: faults("LANYARD_SIM_WITHOUT")?,
            },
        })
    }

    /// Runs all of them, or until enough have failed.
    pub(crate) fn run(&self) -> Report {
        let began = Instant::now();
        let next = AtomicU64::new(self.first);
        let enough = AtomicBool::new(false);
        let (done, results) = mpsc::channel();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut report = Report::default();
        thread::scope(|scope| {
            for _ in 0..threads {
                let (next, enough, done) = (&next, &enough, done.clone());
                scope.spawn(move || {
                    let machines = Machines::new();
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= self.first.saturating_add(self.count) || enough.load(Ordering::Relaxed) {
                            break;
                        }
                        if done.send((seed, self.run_seed(seed, machines.as_ref()))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(done);
            for (seed, result) in results {
                report.add(seed, result);
                if report.failures() as u64 >= self.failures {
                    enough.store(true, Ordering::Relaxed);
                }
            }
        });
        report.took(began.elapsed());
        report
    }

    fn run_seed(&self, seed: u64, machines: Result<&Machines, &anyhow::Error>) -> Result<Run, Failure> {
        let machines = match machines {
            Ok(machines) => machines,
            Err(error) => {
                return Err(Failure { why: format!("no disks: {error:?}"), limits: self.limits.clone() });
            }
        };
        self.run_twice(seed, machines).map_err(|error| {
            let limits = if self.shrinks { self.shrunk(seed, machines, &error) } else { self.limits.clone() };
            Failure { why: format!("{error:?}"), limits }
        })
    }

    fn run_twice(&self, seed: u64, machines: &Machines) -> anyhow::Result<Run> {
        let run = run_world(seed, machines, &self.limits, self.prints)?;
        if seed == self.first || seed.is_multiple_of(TWICE_EVERY) {
            let again = run_world(seed, machines, &self.limits, self.prints).context("the second time")?;
            ensure!(run == again, "the same seed was two worlds: {run:#?} and {again:#?}");
        }
        Ok(run)
    }

    /// The least that still fails in the same way.
    fn shrunk(&self, seed: u64, machines: &Machines, error: &anyhow::Error) -> Limits {
        let sought = manner(error);
        shrink(&self.limits, &|limits| {
            run_world(seed, machines, limits, false).is_err_and(|error| manner(&error) == sought)
        })
    }
}

fn run_world(seed: u64, machines: &Machines, limits: &Limits, prints: bool) -> anyhow::Result<Run> {
    drop(error_log::take());
    let run = catch_unwind(AssertUnwindSafe(|| World::run(seed, machines, limits, prints)))
        .unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked, as said above")))?;
    let errors = error_log::take();
    ensure!(errors.is_empty(), "errors were logged: {errors:#?}");
    Ok(run)
}

/// How a world failed, without what is of that run alone: the first words of the reason.
fn manner(error: &anyhow::Error) -> String {
    let why = error.root_cause().to_string();
    why.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

fn number(variable: &str) -> anyhow::Result<Option<u64>> {
    let Some(text) = env::var_os(variable) else { return Ok(None) };
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.map(Some).with_context(|| format!("{variable} is no number"))
}

fn faults<C: FromIterator<Fault>>(variable: &str) -> anyhow::Result<C> {
    let text = env::var(variable).unwrap_or_default();
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| Fault::parse(word).with_context(|| format!("there is no fault \"{word}\""))).collect()
}
