//! Listening for hints: something is new at the peer. A hint is never the truth, only a reason to ask.

use std::time::Duration;

use tokio::sync::mpsc;

use super::transport::Transport;
use crate::sync_http::HINT_HEARTBEAT_MS;

/// How long the stream may be silent before it counts as dead.
const SILENCE: Duration = Duration::from_millis(HINT_HEARTBEAT_MS * 2 + 1_000);
/// Pause before the stream is opened again.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Sends a unit for every hint, for ever; the caller drops the receiver to end it.
pub(super) async fn listen(transport: Transport, hints: mpsc::Sender<()>) {
    let mut pause = PAUSE;
    while !hints.is_closed() {
        if let Ok(mut response) = transport.hints().await {
            pause = PAUSE;
            // What came while nobody listened is asked for once.
            if hints.send(()).await.is_err() {
                return;
            }
            while let Ok(Ok(Some(chunk))) = tokio::time::timeout(SILENCE, response.chunk()).await {
                let news = chunk.windows(5).any(|window| window == b"data:");
                if news && hints.send(()).await.is_err() {
                    return;
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
