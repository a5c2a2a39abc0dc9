//! Settling a fork with the peer: finding where the branches part, fetching what stands, and sending what does.

use std::collections::BTreeSet;

use lanyard_sync::{Batch, LogId, Problem, Reply, Request, VersionVector};

use super::Uplink;
use super::transport::{Transport, TransportError};
use crate::branch::{Compare, Parting, Search};
use crate::engine::{ImportError, LocalChange, SubmitError};
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
    #[error("what the peer has cannot be noted")]
    Submit(#[from] SubmitError),
    /// The branch of the peer was not stored.
    #[error("what stands cannot be stored")]
    Import(#[from] ImportError),
}

/// What a step of settling came to.
enum Step {
    /// It goes on.
    Further,
    /// Another log has two branches, or may have them.
    Another(LogId),
    /// There is nothing to be done any more, or nothing that can be done now.
    End,
}

/// Settles that a log has other entries at the peer: fetches the branch of the peer where that stands, and sends the one
/// here where this stands. Batches go on from where the branches part; the rest of what one side lacks comes with them.
pub(super) async fn settle(uplink: &Uplink, transport: &Transport, log: LogId) -> Result<(), SettleError> {
    let mut suspects = BTreeSet::from([log]);
    loop {
        let forks = uplink.reader.read(|db| Ok(db.forks()?.into_keys().collect::<Vec<_>>())).await?;
        suspects.extend(forks);
        let mut partings = Vec::new();
        for log in &suspects {
            partings.extend(find(uplink, transport, *log).await?);
        }
        if partings.is_empty() {
            return Ok(());
        }
        let step = match pull(uplink, transport, &partings).await? {
            (_, step @ (Step::Further | Step::Another(_))) => step,
            (there, Step::End) if partings.iter().all(|parting| !parting.theirs_stands) => {
                push(uplink, transport, &partings, there).await?
            }
            (_, Step::End) => Step::End,
        };
        match step {
            Step::Further => {}
            Step::Another(log) if suspects.insert(log) => {}
            Step::Another(_) | Step::End => return Ok(()),
        }
    }
}

/// Finds where the copies of a log part, and notes it on both sides.
async fn find(uplink: &Uplink, transport: &Transport, log: LogId) -> Result<Option<Parting>, SettleError> {
    let here = uplink.reader.read(move |db| db.head_of(log)).await?;
    let mut search = Search::new(log, here.map_or(0, |head| head.seq));
    let mut known_there = None;
    loop {
        let asking = search.clone();
        let Some(question) = uplink.reader.read(move |db| asking.question(db)).await? else { break };
        let answer = transport.compare(&question).await?;
        known_there = answer.fork;
        if let Some(from) = answer.fork {
            // Whoever begins has not heard of it, and is sent what names a branch that is gone.
            uplink.writer.change(LocalChange::ForkFound { log, from }).await?;
        }
        search.learn(&question, answer);
    }
    let parting = uplink.reader.read(move |db| search.parting(db)).await?;
    if let Some(Parting { from, .. }) = parting {
        uplink.writer.change(LocalChange::ForkFound { log, from }).await?;
    }
    let fork = uplink.reader.read(move |db| db.fork_of(log)).await?;
    if fork != known_there {
        transport.compare(&Compare { log, claims: Vec::new(), fork }).await?;
    }
    Ok(parting)
}

/// Fetches the next batch; also tells what the peer has.
async fn pull(
    uplink: &Uplink,
    transport: &Transport,
    partings: &[Parting],
) -> Result<(VersionVector, Step), SettleError> {
    let here = VersionVector::clone(&uplink.writer.published().borrow().vector);
    let request = Request::Pull { scope: uplink.scope(), vector: Parting::pull(partings, here.clone()) };
    let (there, batch) = match transport.exchange(&request).await? {
        Reply::Pull { vector, batch } => (vector, batch),
        other => return Ok((VersionVector::default(), refused(other)?)),
    };
    let batch = batch.map(|bytes| Batch::decode(&bytes)).transpose();
    let Some(batch) = batch.map_err(|_| ImportError::Problem(Problem::Malformed))? else {
        return Ok((there, Step::End));
    };
    let step = match uplink.writer.import(batch).await {
        Ok(vector) if vector == here => Step::End,
        Ok(_) => Step::Further,
        Err(ImportError::Problem(Problem::Fork(dot) | Problem::MissingContext(dot))) => {
            Step::Another(dot.log)
        }
        Err(error) => return Err(error.into()),
    };
    Ok((there, step))
}

/// Sends the next batch to a peer that has this much.
async fn push(
    uplink: &Uplink,
    transport: &Transport,
    partings: &[Parting],
    there: VersionVector,
) -> Result<Step, SettleError> {
    let vector = Parting::push(partings, there.clone());
    let batch = uplink.reader.read(move |db| db.batch_after(&vector)).await?;
    let Some(batch) = batch else { return Ok(Step::End) };
    let request = Request::Push { scope: uplink.scope(), batch: batch.encode() };
    match transport.exchange(&request).await? {
        Reply::Push { vector } if vector == there => Ok(Step::End),
        Reply::Push { .. } => Ok(Step::Further),
        other => Ok(refused(other)?),
    }
}

/// What follows where the peer did not take a request.
fn refused(reply: Reply) -> Result<Step, TransportError> {
    let Reply::Problem(report) = reply else { return Ok(Step::End) };
    match report.problem() {
        Some(Problem::Fork(dot) | Problem::MissingContext(dot)) => Ok(Step::Another(dot.log)),
        _ => Err(TransportError::Refused(report)),
    }
}
