//! Settling a fork with the peer: finding where the branches part, and setting aside what does not stand.

use lanyard_sync::{Dot, NodeId};

use super::Uplink;
use super::transport::{Transport, TransportError};
use crate::branch::{Compare, Search};
use crate::engine::{LocalChange, SubmitError};
use crate::read::ReadError;

/// Why a fork is not settled.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettleError {
    /// The peer cannot be asked.
    #[error("the peer cannot be asked where the logs part")]
    Line(#[from] TransportError),
    /// The store cannot be read.
    #[error("the own log cannot be read")]
    Read(#[from] ReadError),
    /// The writer did not take it.
    #[error("what does not stand cannot be set aside")]
    Submit(#[from] SubmitError),
}

/// Whether the branch of a peer stands: HQ's does, that of the log's own writer, and anybody's of a log this
/// node writes itself, because others have it.
pub fn yields_to(dot: Dot, own: NodeId, peer: NodeId, peer_is_hq: bool) -> bool {
    peer_is_hq || dot.log.node == own || dot.log.node == peer
}

/// Settles that an entry is another one at the peer. With a peer whose branch need not stand only the place
/// is found and nothing is changed.
pub(super) async fn settle(
    uplink: &Uplink,
    transport: &Transport,
    dot: Dot,
    yields: bool,
) -> Result<(), SettleError> {
    let log = dot.log;
    let mut search = Search::new(dot);
    let from = loop {
        if let Some(from) = search.found() {
            break from;
        }
        let question = uplink.reader.read(move |db| search.question(db)).await?;
        let answer = transport.compare(&question).await?;
        search.learn(&question, answer);
        if let Some(from) = answer.fork {
            // Whoever begins has not heard of it, and is sent what names a branch that is gone.
            uplink.writer.change(LocalChange::ForkFound { log, from }).await?;
        }
    };
    if from <= dot.seq && yields {
        uplink.writer.change(LocalChange::SetAside { log, from }).await?;
    }
    if let Some(fork) = uplink.reader.read(move |db| db.fork_of(log)).await? {
        transport.compare(&Compare { log, claims: Vec::new(), fork: Some(fork) }).await?;
    }
    Ok(())
}
