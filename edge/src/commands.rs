//! What `lanyard` does from the command line, one module a command.

mod backup;
mod bundle;
mod doctor;
mod erase;
mod events;
mod import;
mod join;
mod rebuild;
mod repair;
mod serve;
mod verify;

use std::io::Write as _;

use lanyard_node::config::{Flag, SourceFlags};

use crate::cli::{Cli, Command};
use crate::config::Config;

/// Runs a command.
///
/// # Errors
/// Whatever is to be told to whoever typed it.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { command, source } = cli;
    match command {
        Command::Serve(flags) => serve::run(&source, flags).await,
        Command::Join(flags) => join::run(&source, flags).await,
        Command::Import(flags) => import::run(&source, flags).await,
        Command::Erase(flags) => erase::run(&source, &flags).await,
        Command::Verify(flags) => verify::run(&source, &flags),
        Command::Doctor(output) => doctor::run(&source, &output),
        Command::Rebuild => rebuild::run(&source),
        Command::Repair(flags) => repair::run(&source, &flags).await,
        Command::Events(flags) => events::run(&source, &flags),
        Command::Backup(flags) => backup::run(&source, &flags),
        Command::Bundle(command) => bundle::run(&source, command).await,
    }
}

/// The configuration of a node whose folder has one.
const DATA_CONFIG: &str = "lanyard.toml";

/// Reads the configuration and checks it.
fn configured(source: &SourceFlags, flags: impl IntoIterator<Item = Option<Flag>>) -> anyhow::Result<Config> {
    let config: Config = source.load(DATA_CONFIG, flags)?;
    config.check()?;
    Ok(config)
}

/// Prints a result; a reader that has gone away, such as `head`, ends the command quietly.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
