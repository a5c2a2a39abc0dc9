//! The conditions on a line and the state of each of its two directions.
//!
//! Responsible for holding back bytes until their delay and the rate allow them, and for counting them.

use std::num::NonZeroU64;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::pushes::Pushes;

/// What the line does with traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everything passes.
    #[default]
    Open,
    /// Connections are closed, new ones reset.
    Cut,
    /// Nothing passes and nobody is told.
    Blackhole,
    /// Connections are reset; whatever is asked over new ones is answered with a page, as a sign-in page does.
    Portal,
}

/// How a connection ends in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// As if everything had been said.
    End,
    /// By a reset.
    Reset,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) mode: Mode,
    pub(super) delay: Duration,
    pub(super) bytes_per_s: Option<NonZeroU64>,
    /// How often the line was reset: a connection that began under a smaller number is to end.
    pub(super) resets: u64,
    /// How often the ends lost each other: a connection that began under a smaller number carries nothing any more.
    pub(super) losses: u64,
    /// After how many bytes from the target a connection breaks, and how.
    pub(super) breaks: Option<(NonZeroU64, Break)>,
    /// Whether what a new connection carries to the target is said there twice, over a connection of its own.
    pub(super) doubled: bool,
    /// What happens to the pushes among the requests that a new connection carries.
    pub(super) pushes: Option<Pushes>,
}

/// One direction of a line, shared by all its connections.
#[derive(Debug, Default)]
pub(super) struct Direction {
    delivered_bytes: AtomicU64,
    /// When the bytes admitted so far will have passed at the limited rate.
    free_at: Mutex<Option<Instant>>,
}

impl Direction {
    pub(super) fn delivered_bytes(&self) -> u64 {
        self.delivered_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn count(&self, bytes: usize) {
        self.delivered_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Waits until `bytes` more have passed at the given rate.
    pub(super) async fn pass(&self, bytes: usize, bytes_per_s: NonZeroU64) {
        let cost = Duration::from_micros(bytes as u64 * 1_000_000 / bytes_per_s);
        let passed_at = {
            let mut free_at = self.free_at.lock().expect("nothing panics while it holds this lock");
            let now = Instant::now();
            let passed_at = free_at.map_or(now, |at| at.max(now)) + cost;
            *free_at = Some(passed_at);
            passed_at
        };
        tokio::time::sleep_until(passed_at).await;
    }
}
