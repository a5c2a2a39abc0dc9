//! `lanyard-bench`: measures Lanyard beside the bare loop.
//!
//! Responsible for its arguments, for its folder beside the binaries, and for the form of the report.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use lanyard_tests::bench::{self, FigureName, Layout, Report};

/// Measures Lanyard beside a bare loop that uses none of its code; without names, everything.
#[derive(Debug, Parser)]
#[command(name = "lanyard-bench", version)]
struct Flags {
    /// One JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
    /// What to measure: `check_in_8`, `check_in_64`, `check_in_8_p99`, ….
    names: Vec<FigureName>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let names = if flags.names.is_empty() { FigureName::ALL.to_vec() } else { flags.names };
    let layout = if flags.json { Layout::Json } else { Layout::Table };
    let mut report = Report::new(layout, Box::new(std::io::stdout()));
    bench::run(&names, &folder()?, &mut report).await
}

/// `target/bench`: on the file system of the binaries, and gone with them.
fn folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program is unknown")?;
    let target = own.ancestors().nth(2).context("this program lies in no target folder")?;
    Ok(target.join("bench"))
}
