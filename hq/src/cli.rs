//! The command line of `lanyard-hq`: `serve`, and commands that talk to a serving HQ.
//!
//! Every command but `serve` is a thin client of the JSON API: one process alone writes the log.

mod bundle;
mod client;
mod erase;
mod print;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use crate::conference_file::ConferenceFile;
use crate::config::{EXAMPLE, configured};
use client::Client;
use lanyard_node::config::{Flag, SourceFlags};

/// The central store of Lanyard.
#[derive(Debug, Parser)]
#[command(name = "lanyard-hq", version)]
pub struct Cli {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub source: SourceFlags,
    /// Prints answers as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: HqCommand,
}

/// Flags of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to listen on; anything but loopback is served with TLS.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Prints one line of JSON with the address once HQ is ready.
    #[arg(long)]
    pub announce: bool,
    /// Prints the commented default configuration and ends.
    #[arg(long)]
    pub print_config: bool,
}

/// What HQ can be asked to do.
#[derive(Debug, Subcommand)]
pub enum HqCommand {
    /// Serves every conference of the data folder; makes keys and tokens on the first start.
    Serve(Serve),
    /// Adds a conference from a TOML file, or brings it up to date.
    Conference {
        /// The conference file.
        file: PathBuf,
    },
    /// Imports an attendee list (CSV).
    Import {
        /// Slug of the conference.
        conference: String,
        /// The list.
        file: PathBuf,
    },
    /// Adds or changes a member of staff; the PIN is read from standard input.
    Staff {
        /// Slug of the conference.
        conference: String,
        /// Short name typed at sign-in.
        staff: String,
        /// volunteer, cashier, supervisor, `event_planner` or administrator.
        #[arg(long)]
        role: String,
        /// Name shown to people.
        #[arg(long)]
        name: String,
        /// They left and may not sign in.
        #[arg(long)]
        inactive: bool,
    },
    /// Prints a code with which one node may join, once, within an hour.
    JoinCode {
        /// Slug of the conference.
        conference: String,
        /// Name of the node.
        node: String,
    },
    /// Sets the number of seats of a type.
    Quota {
        /// Slug of the conference.
        conference: String,
        /// The seat type.
        seat_type: String,
        /// Seats over all nodes.
        quota: u32,
    },
    /// Gives a node seats to sell on its own.
    Give {
        /// Slug of the conference.
        conference: String,
        /// The seat type.
        seat_type: String,
        /// Name of the node.
        node: String,
        /// Seats.
        count: u32,
    },
    /// Cancels an order.
    Cancel {
        /// Slug of the conference.
        conference: String,
        /// The order's id.
        order: String,
        /// Why, for the record.
        #[arg(long)]
        reason: String,
    },
    /// Erases the words about attendees everywhere and for good; facts stay.
    Erase {
        /// Slug of the conference.
        conference: String,
        /// Codes or ids of attendees; read from standard input, one a line, where there are none.
        attendees: Vec<String>,
    },
    /// Tells which nodes have removed what was erased.
    Erasures {
        /// Slug of the conference.
        conference: String,
    },
    /// Carries the log in a file, to and from a node without a line.
    #[command(subcommand)]
    Bundle(bundle::BundleCommand),
    /// Finds attendees by name, e-mail, company or code.
    Attendees {
        /// Slug of the conference.
        conference: String,
        /// What to look for.
        words: String,
    },
    /// Retires a lost node: its seats are HQ's again, and what turns up of it later does not count.
    Retire {
        /// Slug of the conference.
        conference: String,
        /// Name of the node, or its id.
        node: String,
    },
    /// Takes back the seats of earlier logs of a node that was copied, restored or set back.
    Reclaim {
        /// Slug of the conference.
        conference: String,
        /// Name of the node, or its id.
        node: String,
    },
    /// Lets a restored HQ decide again, though it has not heard every node.
    Resume {
        /// Slug of the conference.
        conference: String,
    },
    /// Lists nodes and how far behind each is.
    Nodes {
        /// Slug of the conference.
        conference: String,
    },
    /// Counts who is in.
    Arrivals {
        /// Slug of the conference.
        conference: String,
    },
    /// Counts what was sold where.
    Sales {
        /// Slug of the conference.
        conference: String,
    },
    /// Lists conflicts.
    Conflicts {
        /// Slug of the conference.
        conference: String,
    },
    /// Prints version vector and state hash.
    State {
        /// Slug of the conference.
        conference: String,
    },
    /// Checks every invariant of a conference.
    Verify {
        /// Slug of the conference.
        conference: String,
    },
}

/// Runs one command.
///
/// # Errors
/// In words for whoever typed it.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let command = match cli.command {
        HqCommand::Serve(flags) => return serve(&cli.source, &flags).await,
        command => command,
    };
    let client = Client::of_data_folder(&configured(&cli.source, [])?.data)?;
    let answer = ask(&client, command).await?;
    print::print(&answer, cli.json);
    Ok(())
}

async fn serve(source: &SourceFlags, flags: &Serve) -> anyhow::Result<()> {
    if flags.print_config {
        print::text(EXAMPLE);
        return Ok(());
    }
    let listen = Flag::given("--listen", "listen", flags.listen);
    crate::serve::run_until_stopped(configured(source, [listen])?, flags.announce).await
}

async fn ask(client: &Client, command: HqCommand) -> anyhow::Result<Value> {
    match command {
        HqCommand::Serve(_) => bail!("serve is not a request"),
        HqCommand::Conference { file } => {
            let parsed = ConferenceFile::parse(&read_text(&file)?).context(file.display().to_string())?;
            let path = format!("/conferences/{}", parsed.slug);
            client.send(Method::PUT, &path, &serde_json::to_value(&parsed)?).await
        }
        HqCommand::Import { conference, file } => {
            let bytes = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            client.upload(&format!("/conferences/{conference}/imports"), bytes).await
        }
        HqCommand::Staff { conference, staff, role, name, inactive } => {
            let body = json!({ "role": role, "name": name, "active": !inactive, "pin": read_pin()? });
            client.send(Method::PUT, &format!("/conferences/{conference}/staff/{staff}"), &body).await
        }
        HqCommand::JoinCode { conference, node } => {
            client
                .send(
                    Method::POST,
                    &format!("/conferences/{conference}/join-codes"),
                    &json!({ "node": node }),
                )
                .await
        }
        HqCommand::Quota { conference, seat_type, quota } => {
            let path = format!("/conferences/{conference}/quotas/{seat_type}");
            client.send(Method::PUT, &path, &json!({ "quota": quota })).await
        }
        HqCommand::Give { conference, seat_type, node, count } => {
            let body = json!({ "seat_type": seat_type, "to_node": node, "count": count });
            client.send(Method::POST, &format!("/conferences/{conference}/rights"), &body).await
        }
        HqCommand::Cancel { conference, order, reason } => {
            let path = format!("/conferences/{conference}/orders/{order}/cancellation");
            client.send(Method::POST, &path, &json!({ "reason": reason })).await
        }
        HqCommand::Erase { conference, attendees } => erase::ask(client, &conference, attendees).await,
        HqCommand::Erasures { conference } => report(client, &conference, "erasures").await,
        HqCommand::Bundle(command) => bundle::ask(client, command).await,
        HqCommand::Attendees { conference, words } => {
            client.get(&format!("/conferences/{conference}/attendees"), &[("q", &words)]).await
        }
        HqCommand::Retire { conference, node } => {
            let path = format!("/conferences/{conference}/nodes/{node}/retirement");
            client.send(Method::POST, &path, &Value::Null).await
        }
        HqCommand::Reclaim { conference, node } => {
            let path = format!("/conferences/{conference}/nodes/{node}/reclaim");
            client.send(Method::POST, &path, &Value::Null).await
        }
        HqCommand::Resume { conference } => {
            client.send(Method::POST, &format!("/conferences/{conference}/resume"), &Value::Null).await
        }
        HqCommand::Nodes { conference } => report(client, &conference, "nodes").await,
        HqCommand::Arrivals { conference } => report(client, &conference, "arrivals").await,
        HqCommand::Sales { conference } => report(client, &conference, "sales").await,
        HqCommand::Conflicts { conference } => report(client, &conference, "conflicts").await,
        HqCommand::State { conference } => report(client, &conference, "state").await,
        HqCommand::Verify { conference } => report(client, &conference, "verification").await,
    }
}

async fn report(client: &Client, conference: &str, name: &str) -> anyhow::Result<Value> {
    client.get(&format!("/conferences/{conference}/{name}"), &[]).await
}

fn read_text(file: &std::path::Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// A PIN comes from standard input, so that it stands in no process list or shell history.
fn read_pin() -> anyhow::Result<String> {
    const PIN_INPUT_MAX_BYTES: u64 = 256;
    let mut text = String::new();
    std::io::stdin()
        .take(PIN_INPUT_MAX_BYTES)
        .read_to_string(&mut text)
        .context("no PIN on standard input")?;
    let pin = text.trim().to_owned();
    if pin.is_empty() {
        bail!("give the PIN on standard input, such as: printf '%s' \"$PIN\" | lanyard-hq staff …");
    }
    Ok(pin)
}
