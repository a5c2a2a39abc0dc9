//! Listening for hints: something is new at the peer. A hint is never the truth, only a reason to ask.

use std::time::Duration;

use tokio::sync::mpsc;

use super::transport::Transport;
use crate::clock::system_entropy;
use crate::sync_http::HINT_HEARTBEAT_MS;

/// How long the stream may be silent before it counts as dead.
const SILENCE: Duration = Duration::from_millis(HINT_HEARTBEAT_MS * 2 + 1_000);
/// Shortest pause before the stream is opened again, which is also how a line that came back is noticed.
const PAUSE_MS: u64 = 250;
/// Longest pause. An attempt costs one packet while the line is cut, and HQ a look at its sessions.
const PAUSE_MAX_MS: u64 = 1_500;

/// Sends a unit for every hint, and when the stream begins or ends, for ever; the caller drops the receiver
/// to end it.
pub(super) async fn listen(transport: Transport, hints: mpsc::Sender<()>) {
    let mut pause_ms = PAUSE_MS;
    while !hints.is_closed() {
        if let Ok(mut response) = transport.hints().await {
            pause_ms = PAUSE_MS;
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
            // Asking now tells at once whether the line is gone too.
            if hints.send(()).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(jittered(pause_ms))).await;
        pause_ms = (pause_ms * 2).min(PAUSE_MAX_MS);
    }
}

/// Between half and all of a pause, so that nodes do not come back in step.
fn jittered(pause_ms: u64) -> u64 {
    let mut byte = [0];
    system_entropy(&mut byte);
    pause_ms / 2 + pause_ms / 2 * u64::from(byte[0]) / 255
}
