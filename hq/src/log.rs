//! The log of a serving HQ, on standard error.

use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, HqCommand};

/// Starts the log; commands that only ask HQ something have none.
pub fn start(cli: &Cli) {
    let HqCommand::Serve(flags) = &cli.command else { return };
    let filter = EnvFilter::try_from_env("LANYARD_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    if flags.log_json { log.json().init() } else { log.init() }
}
