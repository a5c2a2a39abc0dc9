//! Hints between this node and a peer: listening for what is new there, and telling of what is fresh here. A hint is
//! never the truth, only a reason to ask, or to keep somebody waiting for a moment.

use std::time::Duration;

use lanyard_domain::FreshCheckIn;
use lanyard_sync::NodeId;
use reqwest::Response;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};

use super::events::{Events, Hint};
use super::status::{LinkState, LinkStatus};
use super::transport::Transport;
use crate::clock::system_entropy;
use crate::engine::{LocalChange, Published};
use crate::sync_http::{FRESH_MAX, HINT_HEARTBEAT_MS};
use crate::writer::Writer;

/// How long the stream may be silent before it counts as dead.
const SILENCE: Duration = Duration::from_millis(HINT_HEARTBEAT_MS * 2 + 1_000);
/// Shortest pause before the stream is opened again, which is also how a line that came back is noticed.
const PAUSE_MS: u64 = 250;
/// Longest pause. An attempt costs one packet while the line is cut, and HQ a look at its sessions.
const PAUSE_MAX_MS: u64 = 1_500;

/// How long an entry may take to the peer before it is told of: where nothing is in its way, no hint is needed.
const GRACE: Duration = Duration::from_millis(50);

/// Sends a unit for every hint, and when the stream begins or ends, for ever; the caller drops the receiver
/// to end it.
pub(super) async fn listen(transport: Transport, writer: Writer, hints: mpsc::Sender<()>) {
    let mut pause_ms = PAUSE_MS;
    while !hints.is_closed() {
        if let Ok(response) = transport.hints().await {
            pause_ms = PAUSE_MS;
            // What came while nobody listened is asked for once.
            if hints.send(()).await.is_err() || hear(response, &writer, &hints).await.is_none() {
                return;
            }
            // Asking now tells at once whether the line is gone too.
            if hints.send(()).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(jittered(pause_ms))).await;
        pause_ms = (pause_ms * 2).min(PAUSE_MAX_MS);
    }
}

/// Listens until the stream ends; none when nobody wants its hints any more.
async fn hear(mut response: Response, writer: &Writer, hints: &mpsc::Sender<()>) -> Option<()> {
    let mut events = Events::default();
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout(SILENCE, response.chunk()).await {
        let (mut is_news, mut told) = (false, Vec::new());
        for hint in events.take(&chunk) {
            match hint {
                Hint::News => is_news = true,
                Hint::CheckIn(fresh) => told.push(fresh),
            }
        }
        if !told.is_empty()
            && let Err(error) = writer.change(LocalChange::FreshCheckIns(told)).await
        {
            tracing::debug!(error = &error as &dyn std::error::Error, "what a peer told of was not noted");
        }
        if is_news {
            hints.send(()).await.ok()?;
        }
    }
    Some(())
}

/// Tells the peer of fresh check-ins while the line works and their entries are not there, for ever: what it was not told
/// of it reads in the log.
pub(super) async fn tell(transport: Transport, writer: Writer, status: watch::Receiver<LinkStatus>) {
    let mut fresh = writer.fresh();
    loop {
        let first = match fresh.recv().await {
            Ok(first) => first,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        tokio::time::sleep(GRACE).await;
        let mut told = vec![first];
        while told.len() < FRESH_MAX
            && let Ok(next) = fresh.try_recv()
        {
            told.push(next);
        }
        let peer = {
            let status = status.borrow();
            status.peer.filter(|_| status.state == LinkState::Online)
        };
        let Some(peer) = peer else { continue };
        told.retain(|fresh| is_news_to(peer, fresh, &writer.now()));
        if told.is_empty() {
            continue;
        }
        if let Err(error) = transport.tell(&told).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "the peer was not told");
        }
    }
}

/// Whether a check-in is another node's, and the peer is not known to have its entry.
fn is_news_to(peer: NodeId, fresh: &FreshCheckIn, now: &Published) -> bool {
    let has_it = now.peers.get(&peer).is_some_and(|peer| peer.vector.covers(&fresh.dot));
    fresh.dot.log.node != peer && !has_it
}

/// Between half and all of a pause, so that nodes do not come back in step.
fn jittered(pause_ms: u64) -> u64 {
    let mut byte = [0];
    system_entropy(&mut byte);
    pause_ms / 2 + pause_ms / 2 * u64::from(byte[0]) / 255
}
