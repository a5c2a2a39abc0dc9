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

/// Variables with our prefix that are no settings: of this program, its build and its test suites.
const FOREIGN: [&str; 8] = [
    "LANYARD_CONFIG",
    "LANYARD_HQ_DATA",
    "LANYARD_TEST_CLOCK_FILE",
    "LANYARD_FONTS_DIST",
    "LANYARD_FEATURES_DRIVER",
    "LANYARD_SCREENSHOT",
    "LANYARD_SIM_FROM",
    "LANYARD_SIM_SEEDS",
];

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

/// The configuration of a node whose folder has one.
const DATA_CONFIG: &str = "lanyard.toml";

/// Reads the configuration: file, then environment, then flags. Without a file that is named, the one in the data
/// folder counts.
fn configured(source: &Source, flags: impl IntoIterator<Item = Option<Flag>>) -> anyhow::Result<Config> {
    let data = Flag::given("--data", "data", source.data.as_ref().map(|data| data.display()));
    let in_data = source.data.as_ref().map(|data| data.join(DATA_CONFIG)).filter(|file| file.exists());
    let config: Config = load(Sources {
        file: source.config.as_deref().or(in_data.as_deref()),
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
