//! Planted faults: each has to be found by some world, or the worlds do not look hard enough.

use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context as _;
use lanyard_node::fault::FAULTS;

/// Worlds in which a fault has to show.
const WORLDS: u64 = 1_000;

/// This one needs a process that is killed; the story of a day finds it.
const NEEDS_A_PROCESS: &str = "answer-before-commit";

/// Looks for every fault, each in processes of its own, until the first world that finds it.
pub(crate) fn find_all() -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let sought: Vec<_> = FAULTS.iter().filter(|fault| **fault != NEEDS_A_PROCESS).collect();
    let mut found = 0;
    for fault in &sought {
        match find(fault)? {
            Some(seed) => {
                found += 1;
                writeln!(out, "{fault:<20} found in world {seed}")?;
            }
            None => writeln!(out, "{fault:<20} NOT FOUND in {WORLDS} worlds")?,
        }
    }
    let missed = sought.len() - found;
    let verdict = if missed == 0 { "ok" } else { "FAILED" };
    writeln!(out, "test result: {verdict}. {found} passed; {missed} failed")?;
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first world that fails with a fault.
fn find(fault: &str) -> anyhow::Result<Option<u64>> {
    let output = Command::new(std::env::current_exe()?)
        .env("LANYARD_PLANTED_FAULT", fault)
        .env("LANYARD_SIM_SEEDS", WORLDS.to_string())
        .env("LANYARD_SIM_FAILURES", "1")
        .env("LANYARD_SIM_SHRINK", "0")
        .env("RUST_BACKTRACE", "0")
        .stderr(Stdio::null())
        .output()
        .context("the worlds do not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let failed = text.lines().find_map(|line| line.strip_prefix("seed ")?.split_once(" failed"));
    Ok(failed.and_then(|(seed, _)| seed.parse().ok()))
}
