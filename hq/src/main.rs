//! The program `lanyard-hq`.

use std::process::ExitCode;

use clap::Parser as _;
use lanyard_hq::cli::{Cli, run};
use mimalloc::MiMalloc;

/// Threads hand requests to each other all the time; this one is quick at memory freed by another thread.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli).await {
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
