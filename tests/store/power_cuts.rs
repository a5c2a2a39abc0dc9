//! Power cuts and kills at every write, sync and change of size: nothing that was acknowledged is lost, nothing is
//! there by half, and whoever comes back goes on in the same epoch.

use std::env;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::world::{Totals, World};

/// More than these are for the simulation alone, whose worlds are cut at such moments too.
const SEEDS_MAX: u64 = 300;
/// So many cuts belong to each seed at least, over all of them.
const CRASH_POINTS_PER_SEED: u64 = 10;

fn number(variable: &str) -> anyhow::Result<Option<u64>> {
    let Some(text) = env::var_os(variable) else { return Ok(None) };
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.map(Some).with_context(|| format!("{variable} is no number"))
}

/// Runs worlds until there are no more seeds or one has failed.
fn run_seeds(next: &AtomicU64, end: u64, failed: &AtomicBool) -> anyhow::Result<Totals> {
    let mut world = World::new()?;
    let mut totals = Totals::default();
    while !failed.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            break;
        }
        let run = world.run(seed).with_context(|| {
            format!("seed {seed}; once more: scripts/test simulation --from {seed} --seeds 1")
        });
        totals += run.inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
    }
    Ok(totals)
}

#[test]
fn what_was_acknowledged_survives_power_cuts_of_all_seeds() -> anyhow::Result<()> {
    let first = number("LANYARD_SIM_FROM")?.unwrap_or(1);
    let count = number("LANYARD_SIM_SEEDS")?.map_or(SEEDS_MAX, |count| count.min(SEEDS_MAX));
    let (began, next, failed) = (Instant::now(), AtomicU64::new(first), AtomicBool::new(false));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut totals = Totals::default();
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let run = || run_seeds(&next, first.saturating_add(count), &failed);
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        for thread in running {
            totals += thread.join().map_err(|_| anyhow::anyhow!("a world panicked"))??;
        }
        Ok(())
    })?;
    let Totals { commands, batches, deaths, crash_points, changes } = totals;
    println!(
        "store: {count} seeds from {first} in {:.0} s: {crash_points} crash points of {changes} changes, {deaths} \
         deaths, {commands} commands, {batches} batches",
        began.elapsed().as_secs_f64()
    );
    ensure!(crash_points >= CRASH_POINTS_PER_SEED * count, "too few crash points: {crash_points}");
    Ok(())
}

#[test]
fn every_moment_of_a_world_can_be_the_last() -> anyhow::Result<()> {
    let totals = World::new()?.cut_everywhere(7, 2)?;
    println!("store: every moment: {} crash points of {} changes", totals.crash_points, totals.changes);
    ensure!(totals.changes > 300, "too few changes: {}", totals.changes);
    Ok(())
}

#[test]
fn an_answer_that_went_out_before_its_commit_is_found_lost() -> anyhow::Result<()> {
    let mut found = 0;
    for seed in 1..=20 {
        found += u32::from(World::new()?.answer_before_commit(seed)?.is_err());
    }
    ensure!(found >= 10, "it was found in {found} of 20 worlds");
    Ok(())
}
