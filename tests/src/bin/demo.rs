//! The demo: a conference with HQ and two nodes on this machine, to play with or told unattended.

#![expect(clippy::print_stdout, reason = "the demo talks to whoever started it")]

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Parser;
use lanyard_tests::sample;
use lanyard_tests::story::{Scene, tell};
use lanyard_tests::venue::{Venue, VenuePlan};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// Seed of the sample list.
const LIST_SEED: u64 = 2_026;

/// A conference with HQ and two venue nodes on this machine.
#[derive(Debug, Parser)]
struct Flags {
    /// Tells the story unattended and ends.
    #[arg(long)]
    once: bool,
    /// Starts over: removes the state folder first.
    #[arg(long)]
    fresh: bool,
    /// Folder of everything.
    #[arg(long, default_value = "demo-state")]
    state: PathBuf,
    /// First of seven ports; free ones when 0.
    #[arg(long, default_value_t = 7_700)]
    port: u16,
    /// Seed of what is drawn in the story.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs the binaries built with planted faults.
    #[arg(long, hide = true)]
    faulty: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    if flags.once {
        let folder = tempfile::tempdir()?;
        return once(&flags, folder.path(), now_ms).await;
    }
    if flags.fresh && flags.state.exists() {
        std::fs::remove_dir_all(&flags.state).context("the state folder cannot be removed")?;
    }
    let mut plan = VenuePlan::sample(&flags.state, LIST_SEED, sample::ATTENDEES, now_ms);
    plan.first_port = (flags.port > 0).then_some(flags.port);
    let mut venue = Venue::start(&plan).await?;
    explain(&venue, &flags.state);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    println!("\nStopping. Start again to go on from here, or with --fresh to start over.");
    venue.stop().await
}

async fn once(flags: &Flags, folder: &Path, now_ms: i64) -> anyhow::Result<()> {
    let seed = flags.seed.unwrap_or_else(rand::random);
    println!("seed {seed}: draws the order in which the nodes come back (repeat with --once --seed {seed})");
    let mut plan = VenuePlan::sample(folder, LIST_SEED, sample::ATTENDEES, now_ms);
    plan.faulty = flags.faulty;
    let venue = Venue::start(&plan).await?;
    let list = sample::attendees(LIST_SEED, sample::ATTENDEES);
    let mut scene = Scene::enter(venue, list, StdRng::seed_from_u64(seed)).await?;
    tell(&mut scene).await?;
    scene.venue.stop().await?;
    println!("every step held");
    Ok(())
}

fn explain(venue: &Venue, state: &Path) {
    println!(
        "\nHQ status page   {}/   (user hq, password in {})",
        venue.hq.url,
        state.join("hq/admin.token").display()
    );
    for node in &venue.nodes {
        println!("node {:<11} {}/", node.name, node.url);
        println!(
            "  its line to HQ: curl -X POST {}/cut   (or /restore, /blackhole, /delay?ms=500, /reset)",
            node.line_control
        );
        println!("  its badges:     {}", node.data.join("badges").display());
    }
    println!("\nSign in as:");
    for member in &venue.staff {
        println!("  {:<6} PIN {}   {}", member.staff, member.pin, member.role);
    }
    println!("\nSome ticket codes to scan or type:");
    for row in sample::attendees(LIST_SEED, 6) {
        println!("  {}   {} {}", row.code, row.first_name, row.last_name);
    }
    println!("\nCtrl-C ends all of it.");
}
