//! The simulation: seeded worlds of three venue nodes and HQ over production code, in most of which nodes have lines to
//! HQ alone, and in others to each other.
//!
//! Every node is a production engine with its SQLite database, every line carries the production session; clocks,
//! entropy, lines, deaths, releases and what desks ask for are drawn from the seed, so the same seed is the same
//! world. Most worlds are in memory; in one of eleven the databases are on disks whose power can be cut at any write. A seed that fails is made as small as it can be (fewer faults,
//! fewer commands, fewer kinds of faults) and prints itself and the command that runs it again.
//!
//! `LANYARD_SIM_SEEDS` says how many worlds, `LANYARD_SIM_FROM` the first seed; `LANYARD_SIM_FAULTS`,
//! `LANYARD_SIM_COMMANDS` and `LANYARD_SIM_WITHOUT` keep them small; `LANYARD_SIM_TRACE=1` prints what happens.
//! With `--planted`, and built with the feature of that name, it looks for faults that are planted.

mod asking;
mod beginning;
mod commits;
mod desk;
mod dice;
mod erasures;
mod error_log;
mod events;
mod faults;
mod fixture;
mod folding;
mod hints;
mod invariants;
mod kept;
mod lab;
mod line;
mod lives;
mod machines;
mod node;
mod oracle;
mod planted;
mod releases;
mod report;
mod seeds;
mod sessions;
mod set_backs;
mod shape;
mod shrink;
mod trace;
mod traffic;
mod weather;
mod world;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// As in the programs.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    // Asked for the names of its tests, as some editors do, it has none.
    if std::env::args().any(|argument| argument == "--list") {
        return Ok(ExitCode::SUCCESS);
    }
    if std::env::args().any(|argument| argument == "--planted") {
        return planted::find_all();
    }
    error_log::collect()?;
    let report = seeds::Seeds::from_environment()?.run();
    report.print()?;
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
