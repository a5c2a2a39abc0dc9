//! `lanyard-line`: the line between a node and HQ as a process of its own.
//!
//! Responsible for its arguments, for saying where it listens, and for running until it is stopped.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use lanyard_tests::line::{Line, router};
use tokio::net::TcpListener;

/// Relays TCP between a node and HQ, and can be cut, silenced, delayed, throttled, broken and doubled over HTTP, and let
/// no entries arrive.
///
/// `POST /cut`, `/blackhole`, `/portal`, `/delay?ms=N`, `/throttle?bytes_per_s=N`, `/reset`, `/lose`,
/// `/truncate?after_bytes=N`, `/tear?after_bytes=N`, `/double`, `/refuse?code=WORD`, `/forbid?status=N`, `/spoil`, `/halve`,
/// `/restore`; `GET /` reports.
#[derive(Parser)]
#[command(name = "lanyard-line", version)]
struct Arguments {
    /// Where connections come in.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where they go: host:port.
    #[arg(long)]
    to: String,
    /// Where the control interface listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// A file to write the ready line to as well.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let line = Line::listen(arguments.listen, arguments.to.clone())
        .await
        .with_context(|| format!("the line cannot listen on {}", arguments.listen))?;
    let control = TcpListener::bind(arguments.control)
        .await
        .with_context(|| format!("the control interface cannot listen on {}", arguments.control))?;

    let ready = serde_json::json!({
        "listen": line.address(),
        "to": arguments.to,
        "control": control.local_addr()?,
    });
    writeln!(std::io::stdout(), "{ready}")?;
    if let Some(file) = arguments.ready_file {
        // Renamed into place, so that whoever waits for the file never reads half of it.
        let draft = file.with_extension("draft");
        std::fs::write(&draft, format!("{ready}\n"))
            .and_then(|()| std::fs::rename(&draft, &file))
            .with_context(|| format!("the ready file {} cannot be written", file.display()))?;
    }
    axum::serve(control, router(Arc::new(line))).await?;
    Ok(())
}
