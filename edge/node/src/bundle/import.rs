//! Taking a bundle in: read to its end first, then batch by batch through the admission of everything that
//! comes from a peer.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::time::Duration;

use lanyard_sync::{Batch, Head, LogId, Problem, ScopeId, VersionVector};
use serde::Serialize;
use tokio::runtime::Handle;

use super::form::BUFFER_BYTES;
use super::{BundleFault, BundlePart, BundleReader, check};
use crate::engine::{ImportError, Published};
use crate::writer::Writer;

/// How often a batch is tried while the writer's queue is full.
const ATTEMPTS: u32 = 40;

/// What came of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Entries that are new here.
    pub taken: u64,
    /// Entries that were here already.
    pub known: u64,
    /// What the writer of the bundle had and is still not here.
    pub missing: Vec<Missing>,
}

/// Entries of one log that are not here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Name of the log's writer; a short form of its id while it is unknown.
    pub node: String,
    /// Sequence number of the first one.
    pub first: u64,
    /// Sequence number of the last one that is known of.
    pub last: u64,
}

/// A bundle that was not taken to its end.
#[derive(Debug, thiserror::Error)]
#[error("{}", outcome(*.taken))]
pub struct ImportFailed {
    /// New entries of the batches before, which stay.
    pub taken: u64,
    /// Why it went no further.
    #[source]
    pub reason: Reason,
}

/// Why a bundle was not taken to its end.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The file is no sound bundle.
    #[error(transparent)]
    Fault(#[from] BundleFault),
    /// It is of another conference.
    #[error("the bundle is of another conference; export one of this conference")]
    OtherScope,
    /// It goes on from entries that are not here.
    #[error(
        "it goes on after what is here: {} not here. Let the other side export without --since, or with --since and a bundle that was exported here", listed(.0)
    )]
    Missing(Vec<Missing>),
    /// A batch does not stand up to what every batch is checked for.
    #[error("{problem}. {}", recovery(*problem))]
    Problem {
        /// What is wrong with it.
        problem: Problem,
    },
    /// Too much waits for the writer.
    #[error("too much waits to be written; import the bundle again, what came is then known")]
    Busy,
    /// The disk is full.
    #[error("the disk is full; free some space and import the bundle again")]
    StoreFull,
    /// The writer has ended.
    #[error("the node has stopped writing; its log says why")]
    Stopped,
}

impl Reason {
    /// The stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.code(),
            Self::OtherScope => "other_conference",
            Self::Missing(_) => "missing_entries",
            Self::Problem { problem } => problem.code(),
            Self::Busy => "busy",
            Self::StoreFull => "store_full",
            Self::Stopped => "stopped",
        }
    }
}

impl From<ImportError> for Reason {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Problem(Problem::Busy { .. }) => Self::Busy,
            ImportError::Problem(Problem::DeniedScope) => Self::OtherScope,
            ImportError::Problem(problem) => Self::Problem { problem },
            ImportError::StoreFull => Self::StoreFull,
            ImportError::Stopped => Self::Stopped,
        }
    }
}

fn outcome(taken: u64) -> String {
    match taken {
        0 => "nothing of the bundle was taken".to_owned(),
        taken => format!(
            "the bundle was not taken to its end; {taken} entries before that came in whole, verified batches and stay"
        ),
    }
}

/// Missing entries in words.
pub(super) fn listed(missing: &[Missing]) -> String {
    let ranges: Vec<_> = missing.iter().map(ToString::to_string).collect();
    format!("{} {}", ranges.join(", "), if missing.len() == 1 { "is" } else { "are" })
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} from entry {} to {}", self.node, self.first, self.last)
    }
}

/// What recovers from a problem when there is no next exchange.
fn recovery(problem: Problem) -> &'static str {
    match problem {
        Problem::Gap(_) | Problem::MissingContext(_) => {
            "Let the other side export without --since, or with --since and a bundle that was exported here."
        }
        other => other.recovery(),
    }
}

/// Takes a bundle in. What is here already is skipped, so a second time changes nothing.
///
/// # Errors
/// Why it was not taken to its end, and how much of it was.
pub async fn import(mut bundle: File, scope: ScopeId, writer: &Writer) -> Result<Imported, ImportFailed> {
    let (writer, runtime) = (writer.clone(), Handle::current());
    let taking = tokio::task::spawn_blocking(move || {
        let published = writer.now();
        take_all(&mut bundle, scope, &published, |batch| runtime.block_on(offer(&writer, batch)))
    });
    let stopped = |_| ImportFailed { taken: 0, reason: Reason::Stopped };
    taking.await.map_err(stopped)?
}

/// Gives a batch to the writer, again while its queue is full.
async fn offer(writer: &Writer, batch: &Batch) -> Result<VersionVector, ImportError> {
    let mut attempts = 1;
    loop {
        match writer.import(batch.clone()).await {
            Err(ImportError::Problem(Problem::Busy { retry_after_ms })) if attempts < ATTEMPTS => {
                attempts += 1;
                tokio::time::sleep(Duration::from_millis(retry_after_ms.into())).await;
            }
            done => return done,
        }
    }
}

/// Checks a bundle and gives its batches to `take`, which returns the vector afterwards.
pub(super) fn take_all(
    bundle: &mut (impl Read + Seek),
    scope: ScopeId,
    published: &Published,
    mut take: impl FnMut(&Batch) -> Result<VersionVector, ImportError>,
) -> Result<Imported, ImportFailed> {
    let mut imported = Imported::default();
    match take_batches(bundle, scope, published, &mut imported, &mut take) {
        Ok(()) => Ok(imported),
        Err(reason) => Err(ImportFailed { taken: imported.taken, reason }),
    }
}

fn take_batches(
    bundle: &mut (impl Read + Seek),
    scope: ScopeId,
    published: &Published,
    imported: &mut Imported,
    take: &mut impl FnMut(&Batch) -> Result<VersionVector, ImportError>,
) -> Result<(), Reason> {
    let head = check(BufReader::with_capacity(BUFFER_BYTES, &mut *bundle))?.head;
    if head.scope != scope {
        return Err(Reason::OtherScope);
    }
    let mut have = VersionVector::clone(&published.vector);
    let missing = lacking(&have, &head.base, published);
    if !missing.is_empty() {
        return Err(Reason::Missing(missing));
    }
    bundle.rewind().map_err(BundleFault::Read)?;
    let mut reader = BundleReader::open(BufReader::with_capacity(BUFFER_BYTES, bundle))?;
    while let BundlePart::Batch(bytes) = reader.next_part()? {
        let batch = Batch::decode(&bytes).map_err(|_| Reason::Problem { problem: Problem::Malformed })?;
        let known = batch.frames.iter().filter(|frame| have.covers(&frame.dot)).count() as u64;
        have = take(&batch)?;
        imported.known += known;
        imported.taken += batch.frames.len() as u64 - known;
    }
    imported.missing = lacking(&have, &head.vector, published);
    Ok(())
}

/// What of a vector is not here. Only numbers are compared: a fork is for the admission to find.
fn lacking(have: &VersionVector, wanted: &VersionVector, published: &Published) -> Vec<Missing> {
    let ahead = wanted.iter().filter(|(log, head): &(LogId, Head)| head.seq > have.seq(log));
    let missing = ahead.map(|(log, head)| Missing {
        node: published.log_name(&log),
        first: have.seq(&log) + 1,
        last: head.seq,
    });
    missing.collect()
}
