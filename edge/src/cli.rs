//! The command line of `lanyard`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use lanyard_node::config::SourceFlags;

/// Runs a venue node of a conference: check-in, badges and sales at the door, with or without a line to HQ.
#[derive(Debug, Parser)]
#[command(name = "lanyard", version, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Where the configuration comes from.
    #[command(flatten)]
    pub source: SourceFlags,
}

/// What `lanyard` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the page and the API until it is told to stop
    Serve(Serve),
    /// Makes this node's key and gets its certificate from HQ
    Join(Join),
    /// Takes an attendee list while the node does not run
    Import(Import),
    /// Erases the words about attendees everywhere and for good, while the node does not run; facts stay
    Erase(Erase),
    /// Checks the log and what was derived from it against each other
    Verify(Verify),
    /// Says in plain words what is the matter with this node, and what to do
    Doctor(Output),
    /// Derives everything again from the log; prints and sends nothing
    Rebuild,
    /// Makes a damaged database again from what is whole and what others have, while the node does not run
    Repair(Repair),
    /// Shows the log
    Events(Events),
    /// Writes a copy of the database, also while the node runs
    Backup(Backup),
    /// Carries the log in a file, for a venue without any network
    #[command(subcommand)]
    Bundle(Bundle),
}

/// What can be done with a bundle.
#[derive(Debug, Subcommand)]
pub enum Bundle {
    /// Writes what is here into a file, also while the node runs
    Export(BundleExport),
    /// Takes in what HQ or another node wrote into a file, while this node does not run
    Import(BundleImport),
}

/// Flags of `bundle export`.
#[derive(Debug, Args)]
pub struct BundleExport {
    /// File to write; it must not exist
    pub file: PathBuf,
    /// Leaves out what the side that wrote this bundle had
    #[arg(long, value_name = "BUNDLE")]
    pub since: Option<PathBuf>,
}

/// Flags of `bundle import`.
#[derive(Debug, Args)]
pub struct BundleImport {
    /// The bundle
    pub file: PathBuf,
    /// How the report is shown.
    #[command(flatten)]
    pub output: Output,
}

/// Flags of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// How the report is shown.
    #[command(flatten)]
    pub output: Output,
    /// Checks this database, such as a backup, instead of the node's
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,
}

/// Flags of `repair`.
#[derive(Debug, Args)]
pub struct Repair {
    /// Takes what is missing from this bundle of HQ or another node too; may be given more than once
    #[arg(long = "bundle", value_name = "FILE")]
    pub bundles: Vec<PathBuf>,
    /// Gives up what is damaged here and nowhere else
    #[arg(long)]
    pub accept_loss: bool,
    /// How the report is shown.
    #[command(flatten)]
    pub output: Output,
}

/// Flags of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address to serve at
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Address of HQ
    #[arg(long, value_name = "URL")]
    pub hq: Option<String>,
    /// File with HQ's certificate authority
    #[arg(long, value_name = "FILE")]
    pub hq_ca: Option<PathBuf>,
    /// Prints the commented configuration with every default, and serves nothing
    #[arg(long)]
    pub print_config: bool,
    /// Prints one line of JSON with the address once the node serves
    #[arg(long)]
    pub announce: bool,
}

/// Flags of `join`.
#[derive(Debug, Args)]
pub struct Join {
    /// Address of HQ
    #[arg(long, value_name = "URL")]
    pub hq: String,
    /// One-time code from HQ; read from the standard input where absent
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// File with HQ's certificate authority
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// Flags of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// Attendee list in CSV
    pub file: PathBuf,
    /// Writes the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Flags of `erase`.
#[derive(Debug, Args)]
pub struct Erase {
    /// Codes or ids of attendees
    #[arg(value_name = "CODE|ATTENDEE", conflicts_with = "report")]
    pub who: Vec<String>,
    /// Erases nobody and tells which nodes have removed what was erased, also while the node runs
    #[arg(long)]
    pub report: bool,
    /// How the report is shown.
    #[command(flatten)]
    pub output: Output,
}

/// Flags of commands that report.
#[derive(Debug, Args)]
pub struct Output {
    /// Writes the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Flags of `events`.
#[derive(Debug, Args)]
pub struct Events {
    /// One stream only, such as `conference` or `attendee/<id>`
    #[arg(long, value_name = "STREAM")]
    pub stream: Option<String>,
    /// Entries after this position only
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    pub after: u64,
    /// Writes one object a line
    #[arg(long)]
    pub json: bool,
}

/// Flags of `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// File to write; it must not exist
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_flag_takes_a_pin() {
        for command in Cli::command().get_subcommands() {
            assert!(
                command.get_arguments().all(|flag| !flag.get_id().as_str().contains("pin")),
                "{}",
                command.get_name()
            );
        }
    }
}
