//! What `lanyard` does from the command line, one module a command.

mod backup;
mod events;
mod import;
mod join;
mod rebuild;
mod serve;
mod verify;

use std::io::Write as _;

use lanyard_node::config::{Flag, Sources, load};

use crate::cli::{Cli, Command, Source};
use crate::config::Config;

/// Variables with our prefix that are no settings.
const FOREIGN: [&str; 3] = ["LANYARD_CONFIG", "LANYARD_TEST_CLOCK_FILE", "LANYARD_FONTS_DIST"];

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
        Command::Verify(flags) => verify::run(&source, &flags),
        Command::Rebuild => rebuild::run(&source),
        Command::Events(flags) => events::run(&source, &flags),
        Command::Backup(flags) => backup::run(&source, &flags),
    }
}

/// Reads the configuration: file, then environment, then flags.
fn configured(source: &Source, flags: impl IntoIterator<Item = Option<Flag>>) -> anyhow::Result<Config> {
    let data = Flag::given("--data", "data", source.data.as_ref().map(|data| data.display()));
    let config: Config = load(Sources {
        file: source.config.as_deref(),
        environment: std::env::vars().collect(),
        foreign: &FOREIGN,
        flags: flags.into_iter().chain([data]).flatten().collect(),
    })?;
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
