//! The executable specifications: one text, run by the domain driver and by the HTTP driver.
//!
//! Responsible for running every scenario with each driver and for failing when a step is pending, is skipped,
//! or asserts nothing. `LANYARD_FEATURES_DRIVER=domain` or `http` runs one of the two.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a test program reports to whoever runs it")]

mod assertions;
mod domain;
mod driver;
mod fixture;
mod http;
mod running;
mod steps;
mod world;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use cucumber::event::ScenarioFinished;
use cucumber::writer::Stats as _;
use cucumber::{World as _, WriterExt as _};
use futures_util::FutureExt as _;

use running::Kind;
use world::Summit;

/// Names the driver that runs; without it this process runs itself once for each.
const DRIVER: &str = "LANYARD_FEATURES_DRIVER";

/// Scenarios with spawned binaries that run at the same time.
const HTTP_AT_ONCE: usize = 2;

fn main() -> ExitCode {
    match std::env::var(DRIVER).as_deref() {
        Ok("domain") => run(Kind::Domain),
        Ok("http") => run(Kind::Http),
        Ok(other) => {
            eprintln!("{DRIVER} is `domain` or `http`, not `{other}`");
            ExitCode::from(2)
        }
        Err(_) => both(),
    }
}

/// Runs each driver in a process of its own, so that steps need not carry which one they speak to.
fn both() -> ExitCode {
    let program = std::env::current_exe().expect("a running program has a file");
    let mut sound = true;
    for driver in ["domain", "http"] {
        println!("== the {driver} driver");
        let status = Command::new(&program).args(std::env::args_os().skip(1)).env(DRIVER, driver).status();
        sound &= status.expect("the program starts itself").success();
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(kind: Kind) -> ExitCode {
    running::choose(kind);
    let idle = assertions::steps_without();
    if !idle.is_empty() {
        eprintln!("steps that assert nothing: {}", idle.join(", "));
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    if runtime.block_on(all_scenarios(kind)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn all_scenarios(kind: Kind) -> bool {
    let folder = features_folder();
    let at_once = match kind {
        Kind::Domain => None,
        Kind::Http => Some(HTTP_AT_ONCE),
    };
    let writer = Summit::cucumber()
        .max_concurrent_scenarios(at_once)
        .after(|_, _, scenario, finished, world| {
            let passed = matches!(finished, ScenarioFinished::StepPassed);
            let claims = assertions::claims(scenario);
            let checks = world.map_or(0, |world| world.checks());
            async move {
                assert!(claims > 0, "the scenario claims nothing");
                assert!(
                    !passed || checks >= claims,
                    "{claims} steps claim something, {checks} assertions were made"
                );
            }
            .boxed_local()
        })
        .with_writer(cucumber::writer::Basic::stdout().summarized().normalized().fail_on_skipped())
        .run(folder)
        .await;
    !writer.execution_has_failed() && writer.skipped_steps() == 0
}

/// Where the specifications are.
fn features_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/features"))
}
