//! Seeds: as many worlds as asked for, over as many threads as there are cores.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::error_log;
use crate::machines::Machines;
use crate::report::Report;
use crate::world::{Run, World};

const SEEDS: u64 = 2_000;
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
    /// After so many failures it ends.
    failures: u64,
}

impl Seeds {
    /// As the environment says.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            first: number("LANYARD_SIM_FROM")?.unwrap_or(FIRST),
            count: number("LANYARD_SIM_SEEDS")?.unwrap_or(SEEDS),
            failures: number("LANYARD_SIM_FAILURES")?.unwrap_or(FAILURES_MAX),
            prints: number("LANYARD_SIM_TRACE")?.unwrap_or(0) > 0,
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

    fn run_seed(&self, seed: u64, machines: Result<&Machines, &anyhow::Error>) -> anyhow::Result<Run> {
        let machines = machines.map_err(|error| anyhow::anyhow!("there are no disks: {error:?}"))?;
        let run = self.run_world(seed, machines)?;
        if seed == self.first || seed.is_multiple_of(TWICE_EVERY) {
            let again = self.run_world(seed, machines).context("the second time")?;
            ensure!(run == again, "the same seed was two worlds: {run:#?} and {again:#?}");
        }
        Ok(run)
    }

    fn run_world(&self, seed: u64, machines: &Machines) -> anyhow::Result<Run> {
        drop(error_log::take());
        let run = catch_unwind(AssertUnwindSafe(|| World::run(seed, machines, self.prints)))
            .unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked, as said above")))?;
        let errors = error_log::take();
        ensure!(errors.is_empty(), "errors were logged: {errors:#?}");
        Ok(run)
    }
}

fn number(variable: &str) -> anyhow::Result<Option<u64>> {
    let Some(text) = env::var_os(variable) else { return Ok(None) };
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.map(Some).with_context(|| format!("{variable} is no number"))
}
