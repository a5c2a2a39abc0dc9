//! Giving commands to a conference's writer on behalf of HQ's administrator.

use lanyard_domain::outcome::{Accepted, Outcome, Refused};
use lanyard_domain::{Command, Role};
use lanyard_node::clock::system_entropy;
use lanyard_node::{Answer, SubmitError, Submitted};
use lanyard_sync::{CommandId, Hash};

use crate::hq::Running;

/// The desk that HQ's own entries name.
pub const DESK: &str = "hq";

/// Why a command had no effect.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The rules said no.
    #[error("{}", .0.refusal)]
    Refused(Box<Refused>),
    /// The writer did not take it.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// Gives a command with a fresh id.
///
/// # Errors
/// When the rules or the writer refuse.
pub async fn give(
    running: &Running,
    actor: &str,
    role: Role,
    command: Command,
) -> Result<Accepted, CommandError> {
    let mut id = [0_u8; 16];
    system_entropy(&mut id);
    let body = body_of(&command);
    give_as(running, (CommandId(id), body), actor, role, command).await
}

/// Gives a command with an id that makes a second time harmless, for the same request: one with the id and the hash of
/// the first.
///
/// # Errors
/// When the rules or the writer refuse.
pub async fn give_as(
    running: &Running,
    (id, body): (CommandId, Hash),
    actor: &str,
    role: Role,
    command: Command,
) -> Result<Accepted, CommandError> {
    let submitted =
        Submitted { id, body, actor: actor.to_owned(), desk: DESK.to_owned(), role, command, if_match: None };
    let Answer { outcome, .. } = running.writer.submit(submitted).await?;
    match outcome {
        Outcome::Accepted(accepted) => Ok(accepted),
        Outcome::Refused(refused) => Err(CommandError::Refused(refused)),
    }
}

/// An id that the same words always give.
pub fn derived_id(purpose: &str, words: &[&str]) -> CommandId {
    let mut hasher = blake3::Hasher::new_derive_key(purpose);
    for word in words {
        hasher.update(&(word.len() as u64).to_le_bytes()).update(word.as_bytes());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    CommandId(id)
}

/// The hash of a request that is a command and nothing else.
pub fn body_of(command: &Command) -> Hash {
    let json = serde_json::to_vec(command).expect("commands hold nothing that JSON cannot say");
    Hash(*blake3::hash(&json).as_bytes())
}
