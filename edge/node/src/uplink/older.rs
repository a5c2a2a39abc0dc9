//! What comes before a session can go on: a snapshot for a node that has nothing, and beside the session the log that
//! is older than it.
//!
//! One line at a time does either. What it fetched stays when it is cut, and any other line goes on from there.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lanyard_sync::Batch;
use lanyard_sync::limits::{BATCH_TRAVEL_MAX_BYTES, CHUNK_TRAVEL_MAX_BYTES, MANIFEST_MAX_BYTES};
use lanyard_sync::snapshot::{Manifest, ManifestError};
use tokio::sync::watch;
use tokio::time::sleep;

use super::Uplink;
use super::status::LinkStatus;
use super::transport::{Transport, TransportError};
use crate::clock::system_entropy;
use crate::engine::{ImportError, LocalAnswer, LocalChange, SubmitError};
use crate::read::ReadError;
use crate::snapshot::{BUILD, Taken, TakenError};
use crate::sync_http::between;

/// How long a line rests that failed, or whose peer has nothing more.
const REST: Duration = Duration::from_millis(500);
/// Longest rest of a line whose peer cannot be reached.
const REST_MAX: Duration = Duration::from_secs(15);
/// Longest rest between two batches; it is as long as storing the last one took, so that desks have their turn.
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// How often a peer is asked again that is busy, or whose chunks are gone.
const TRIES: u32 = 20;
/// What surrounds a manifest.
const ENVELOPE_BYTES: usize = 1_024;

/// Why no snapshot was taken up.
#[derive(Debug, thiserror::Error)]
enum SnapshotError {
    #[error("the snapshot does not arrive")]
    Line(#[from] TransportError),
    #[error("the snapshot is not believed")]
    Manifest(#[from] ManifestError),
    #[error("the snapshot cannot be kept")]
    Taken(#[from] TakenError),
    #[error("the snapshot cannot be taken up")]
    Submit(#[from] SubmitError),
    #[error("what was fetched cannot be removed")]
    Folder(#[from] io::Error),
    #[error("the peer has made another snapshot")]
    Gone,
    #[error("the snapshot cannot be used here")]
    Unusable,
}

/// Why a batch of the older log was not stored.
#[derive(Debug, thiserror::Error)]
enum HistoryError {
    #[error("the older log does not arrive")]
    Line(#[from] TransportError),
    #[error("the store cannot be read")]
    Read(#[from] ReadError),
    #[error("the older log is not accepted")]
    Import(#[from] ImportError),
    #[error("the older log cannot be read")]
    Unreadable,
}

/// Begins with a snapshot, if the node has nothing and the peer has one. Whatever hinders that, the log is there too.
pub(super) async fn begin(uplink: &Uplink, transport: &Transport, status: &watch::Sender<LinkStatus>) {
    let directory = uplink.reader.directory();
    let (mut tries, mut rest) = (0, REST);
    while uplink.writer.now().is_fresh && tries < TRIES {
        let turn = uplink.writer.turn().await;
        let taken = take(uplink, transport, &directory).await;
        drop(turn);
        let Err(error) = taken else { break };
        tracing::debug!(error = &error as &dyn std::error::Error, "the snapshot did not come");
        match error {
            SnapshotError::Line(TransportError::Away(_) | TransportError::Silent) => {
                status.send_modify(|status| status.lost("The peer cannot be reached.".to_owned()));
            }
            // A sign-in page in between may go away.
            SnapshotError::Line(TransportError::Busy { .. } | TransportError::Stranger { .. })
            | SnapshotError::Gone => tries += 1,
            error => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "there is no snapshot from this peer; its log is fetched");
                return;
            }
        }
        sleep(jittered(rest)).await;
        rest = (2 * rest).min(REST_MAX);
    }
}

/// Removes the chunks that are here, which no line needs once the node has something, in its turn: another line may be
/// fetching some.
async fn forget_chunks(uplink: &Uplink) {
    let turn = uplink.writer.turn().await;
    let forgotten = Taken::forget(&uplink.reader.directory());
    drop(turn);
    if let Err(error) = forgotten {
        tracing::warn!(error = &error as &dyn std::error::Error, "a snapshot cannot be removed");
    }
}

/// Between half and all of it.
fn jittered(rest: Duration) -> Duration {
    let mut jitter = [0; 1];
    system_entropy(&mut jitter);
    rest / 2 + rest * u32::from(jitter[0]) / 512
}

async fn take(uplink: &Uplink, transport: &Transport, directory: &Path) -> Result<(), SnapshotError> {
    if !uplink.writer.now().is_fresh {
        return Ok(());
    }
    let bytes = transport.fetch("sync/v1/snapshot", None, MANIFEST_MAX_BYTES + ENVELOPE_BYTES).await?;
    let Some(bytes) = bytes else { return Ok(()) };
    let manifest = Manifest::open(&bytes, uplink.scope(), &uplink.identity.organiser_key)?;
    if manifest.build != BUILD {
        tracing::info!(build = manifest.build, "the peer is of another version: its log is fetched");
        return Ok(());
    }
    let taken = Taken::begin(directory, manifest)?;
    for name in taken.missing() {
        let path = format!("sync/v1/snapshot/{}", name.hash);
        let bytes = transport.fetch(&path, None, CHUNK_TRAVEL_MAX_BYTES).await?;
        taken.keep(&name, &bytes.ok_or(SnapshotError::Gone)?)?;
    }
    tracing::info!(entries = taken.manifest().entries(), "a snapshot is here");
    let adopted = uplink.writer.change(LocalChange::Adopt(Arc::new(taken))).await?;
    Taken::forget(directory)?;
    match adopted {
        LocalAnswer::Changed => Ok(()),
        LocalAnswer::NotApplicable => Err(SnapshotError::Unusable),
    }
}

/// Fetches the older log while something of it is missing, once the node has something.
pub(super) async fn follow(uplink: Uplink, transport: Transport) {
    while uplink.writer.now().is_fresh {
        sleep(REST).await;
    }
    forget_chunks(&uplink).await;
    let mut rest = REST;
    while let Some(history) = uplink.writer.now().history {
        let turn = uplink.writer.turn().await;
        let fetched = fetch(&uplink, &transport).await;
        drop(turn);
        match fetched {
            Ok(()) => {}
            Err(HistoryError::Line(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "the older log does not arrive");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the older log is not stored; it is tried again");
            }
        }
        let has_more = uplink.writer.now().history.is_some_and(|after| after.fetched > history.fetched);
        rest = if has_more { REST } else { (2 * rest).min(REST_MAX) };
        sleep(jittered(rest)).await;
    }
}

/// Fetches batches until nothing is missing or the peer has no more.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
async fn fetch(uplink: &Uplink, transport: &Transport) -> Result<(), HistoryError> {
    while let Some((have, until)) = uplink.reader.read(|db| db.wanted_history()).await? {
        let asked = Some(between(&have, &until));
        let Some(bytes) = transport.fetch("sync/v1/history", asked, BATCH_TRAVEL_MAX_BYTES).await? else {
            return Ok(());
        };
        let batch = Batch::decode(&bytes).map_err(|_| HistoryError::Unreadable)?;
        let begun = Instant::now();
        uplink.writer.import_history(batch).await?;
        sleep(begun.elapsed().min(PAUSE_MAX)).await;
    }
    Ok(())
}
