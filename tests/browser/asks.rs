//! What a scenario may ask of its stage: one line of JSON each, answered by one line when it has happened.

use std::process::Command;

use anyhow::ensure;
use lanyard_tests::desk::Answer;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

/// One line of a script.
#[derive(Debug, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Ask {
    /// Cut, restore or delay the line between a node and HQ.
    Line { node: String, to: String },
    /// Stop a node without ending it; its sockets stay open and silent.
    Freeze { node: String },
    /// Kill a node with SIGKILL.
    Kill { node: String },
    /// Start a killed node again, where it listened before.
    Start { node: String },
    /// Cancel the order of a ticket at HQ.
    CancelAtHq { code: String },
    /// Send a command to a node as another desk would.
    Command { node: String, path: String, body: Value },
    /// Read from a node as another desk would.
    Read { node: String, path: String },
    /// The scenario is over.
    Done { seen: Value },
}

/// Does what was asked for and says what came of it.
pub(super) async fn answer(stage: &mut Stage, ask: Ask) -> anyhow::Result<Value> {
    match ask {
        Ask::Line { node, to } => stage.venue.node(&node).line(&to).await?,
        Ask::Freeze { node } => freeze(stage.venue.node(&node).process.id())?,
        Ask::Kill { node } => stage.venue.node(&node).process.kill_9()?,
        Ask::Start { node } => stage.venue.node(&node).start_again().await?,
        Ask::CancelAtHq { code } => {
            let order = stage.order_at_hq(&code).await?;
            let conference = stage.venue.conference.clone();
            stage.venue.hq.run(&["cancel", &conference, &order, "--reason", "asked for by phone"]).await?;
        }
        Ask::Command { node, path, body } => {
            return told(&stage.supervisor(&node).await?.post(&path, &body).await?);
        }
        Ask::Read { node, path } => return told(&stage.supervisor(&node).await?.get(&path).await?),
        Ask::Done { seen } => return Ok(seen),
    }
    Ok(json!({}))
}

fn told(answer: &Answer) -> anyhow::Result<Value> {
    ensure!(answer.status < 400, "the node answered {}: {}", answer.status, answer.body);
    Ok(answer.body.clone())
}

fn freeze(process: u32) -> anyhow::Result<()> {
    let sent = Command::new("kill").args(["-STOP", &process.to_string()]).status()?;
    ensure!(sent.success(), "process {process} could not be stopped");
    Ok(())
}
