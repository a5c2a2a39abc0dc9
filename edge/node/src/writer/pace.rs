//! Turns between desks and peers: while desks are at work, what a peer sends is stored with rests in between, so that a
//! long backlog costs few of those at the desks a wait.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep_until;

/// How long desks count as at work after something was asked at one.
const AT_WORK: Duration = Duration::from_secs(1);
/// How many times as long as storing took the rest after it is.
const REST_TIMES: u32 = 8;
/// Longest rest.
const REST_MAX: Duration = Duration::from_millis(400);

/// When desks asked last, and when the next batch of a peer may be stored.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Times>);

#[derive(Debug, Default)]
struct Times {
    asked: Option<Instant>,
    rests_until: Option<Instant>,
}

impl Pace {
    /// Notes that something is asked at a desk.
    pub(super) fn desk_asks(&self) {
        self.change(|times| times.asked = Some(Instant::now()));
    }

    /// Notes that storing a batch has taken so long.
    pub(super) fn stored(&self, took: Duration) {
        let rest = (took * REST_TIMES).min(REST_MAX);
        self.change(|times| times.rests_until = Some(Instant::now() + rest));
    }

    /// Waits until a batch may be stored: at once while no desk is at work.
    pub(super) async fn turn(&self) {
        while let Some(until) = self.rests_until() {
            sleep_until(until.into()).await;
        }
    }

    fn rests_until(&self) -> Option<Instant> {
        let now = Instant::now();
        self.change(|times| {
            let is_at_work = times.asked.is_some_and(|asked| now.duration_since(asked) < AT_WORK);
            times.rests_until.filter(|until| is_at_work && *until > now)
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Times) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_peers_send_rests_while_desks_are_at_work_and_in_proportion() {
        let pace = Pace::default();
        pace.stored(Duration::from_secs(1));
        assert_eq!(pace.rests_until(), None);
        pace.desk_asks();
        let long = pace.rests_until().unwrap() - Instant::now();
        assert!(long > REST_MAX / 2 && long <= REST_MAX, "{long:?}");
        let stored = Instant::now();
        pace.stored(Duration::from_millis(10));
        pace.turn().await;
        assert!(stored.elapsed() >= REST_TIMES * Duration::from_millis(10), "{:?}", stored.elapsed());
        assert_eq!(pace.rests_until(), None);
    }

    #[test]
    fn desks_that_stopped_asking_make_nobody_rest() {
        let pace = Pace::default();
        pace.desk_asks();
        pace.stored(Duration::from_secs(1));
        pace.change(|times| times.asked = times.asked.and_then(|asked| asked.checked_sub(AT_WORK)));
        assert_eq!(pace.rests_until(), None);
    }
}
