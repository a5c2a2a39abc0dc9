//! The bare loops that the bench measures Lanyard against: what any such program has to do, and no more. They use none
//! of Lanyard's crates.

mod check_ins;
mod receive;
mod rows;
mod send;

use axum::Router;
use clap::{Parser, Subcommand};
use tokio::net::TcpListener;

/// Bare loops for comparison.
#[derive(Debug, Parser)]
#[command(name = "lanyard-bare")]
struct Flags {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Checks people in.
    CheckIns(check_ins::Flags),
    /// Takes batches of rows and inserts them.
    Receive(receive::Flags),
    /// Reads rows and ships them, one batch after the other.
    Send(send::Flags),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Flags::parse().part {
        Part::CheckIns(flags) => check_ins::serve(&flags).await,
        Part::Receive(flags) => receive::serve(&flags).await,
        Part::Send(flags) => send::send(&flags).await,
    }
}

/// Serves on a free port and says which, until it is ended.
async fn listen(routes: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(&listener.local_addr()?.to_string());
    axum::serve(listener, routes).await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the bench reads what there is to know from here")]
fn announce(word: &str) {
    println!("{word}");
}
