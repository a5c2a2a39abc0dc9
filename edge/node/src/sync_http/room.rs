//! How much is done for peers at once, so that their number and their backlogs cost a bounded amount of memory.
//!
//! Responsible for places: an exchange has one from before its body is read until its reply is made, a stream of hints
//! for as long as it is open. Who finds no place is told to come later.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Exchanges under way: each may hold a batch as it travels and as it is read.
const EXCHANGES_MAX: usize = 16;
/// Streams of hints.
const STREAMS_MAX: usize = 256;
/// Answers with a snapshot or a piece of it.
const SNAPSHOTS_MAX: usize = 8;
/// How long an exchange waits for a place.
const PATIENCE: Duration = Duration::from_secs(1);

/// The places.
#[derive(Debug)]
pub(super) struct Room {
    exchanges: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    snapshots: Arc<Semaphore>,
    patience: Duration,
}

impl Default for Room {
    fn default() -> Self {
        Self::with(EXCHANGES_MAX, PATIENCE)
    }
}

impl Room {
    fn with(exchanges: usize, patience: Duration) -> Self {
        Self {
            exchanges: Arc::new(Semaphore::new(exchanges)),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            snapshots: Arc::new(Semaphore::new(SNAPSHOTS_MAX)),
            patience,
        }
    }

    /// Room for nothing, to see what is said then.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self::with(0, Duration::from_millis(1))
    }

    /// A place for an exchange, waited for a little.
    pub(super) async fn exchange(&self) -> Option<OwnedSemaphorePermit> {
        let place = timeout(self.patience, Arc::clone(&self.exchanges).acquire_owned()).await;
        place.ok()?.ok()
    }

    /// A place for whoever fetches a snapshot, now or not.
    pub(super) fn snapshot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.snapshots).try_acquire_owned().ok()
    }

    /// A place for a stream of hints, now or not.
    pub(super) fn stream(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.streams).try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_given_back_and_waited_for() {
        let room = Arc::new(Room::with(1, Duration::from_mins(1)));
        let place = room.exchange().await.expect("the first place");
        let waiting = tokio::spawn({
            let room = Arc::clone(&room);
            async move { room.exchange().await.is_some() }
        });
        drop(place);
        assert!(waiting.await.unwrap());
        assert!(Room::none().exchange().await.is_none());
    }

    #[test]
    fn streams_are_bounded() {
        let room = Room::default();
        let places: Vec<_> = (0..STREAMS_MAX).filter_map(|_| room.stream()).collect();
        assert_eq!((places.len(), room.stream().is_none()), (STREAMS_MAX, true));
    }
}
