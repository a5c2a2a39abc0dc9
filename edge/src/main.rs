//! The program `lanyard`.

use std::process::ExitCode;

use clap::Parser as _;
use lanyard_edge::cli::Cli;
use lanyard_edge::commands;
use mimalloc::MiMalloc;

/// Threads hand requests to each other all the time; this one is quick at memory freed by another thread.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match commands::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a command that failed")]
fn complain(error: &anyhow::Error) {
    eprintln!("{error:#}");
}
