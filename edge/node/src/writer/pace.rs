//! Turns between desks and peers: while desks are at work, what a peer sends is stored with rests in between, so that a
//! long backlog costs few of those at the desks a wait.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as Place, MutexGuard};
use tokio::time::sleep_until;

/// How long desks count as at work after something was asked at one.
const AT_WORK: Duration = Duration::from_secs(1);
/// How many times as long as storing took the rest after it is: desks find the writer at it in one of 33 moments.
const REST_TIMES: u32 = 32;
/// Longest rest: a peer that waits for its turn hears of it before it takes the line for lost.
const REST_MAX: Duration = Duration::from_secs(3);

/// When desks asked last, and when the next batch of a peer may be stored.
#[derive(Debug, Default)]
pub(super) struct Pace {
    times: Mutex<Times>,
    /// Where the batch stands that is next, while desks are at work.
    next: Place<()>,
}

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

    /// Waits until a batch may be stored: at once while no desk is at work, and else one batch after the other, whoever
    /// sends them. The next one waits for what is returned to go.
    pub(super) async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        if !self.change(|times| times.are_desks_at_work()) {
            return None;
        }
        let turn = self.next.lock().await;
        while let Some(until) = self.change(|times| times.rests_until()) {
            sleep_until(until.into()).await;
        }
        Some(turn)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Times) -> T) -> T {
        change(&mut self.times.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Times {
    fn at_work_until(&self) -> Option<Instant> {
        self.asked.map(|asked| asked + AT_WORK).filter(|until| *until > Instant::now())
    }

    fn are_desks_at_work(&self) -> bool {
        self.at_work_until().is_some()
    }

    /// The end of the rest, or when the desks are to be looked at again, if that is sooner.
    fn rests_until(&self) -> Option<Instant> {
        let rests_until = self.rests_until.filter(|until| *until > Instant::now())?;
        Some(rests_until.min(self.at_work_until()?))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn what_peers_send_rests_while_desks_are_at_work_and_in_proportion() {
        let pace = Pace::default();
        pace.stored(REST_MAX);
        assert!(pace.turn().await.is_none());
        pace.desk_asks();
        let left = pace.change(|times| times.rests_until).unwrap() - Instant::now();
        assert!(left > REST_MAX / 2 && left <= REST_MAX, "{left:?}");
        let stored = Instant::now();
        pace.stored(Duration::from_millis(10));
        assert!(pace.turn().await.is_some());
        assert!(stored.elapsed() >= REST_TIMES * Duration::from_millis(10), "{:?}", stored.elapsed());
    }

    #[tokio::test]
    async fn a_rest_is_over_once_desks_stop_asking() {
        let pace = Pace::default();
        pace.desk_asks();
        let asked = Instant::now();
        pace.stored(REST_MAX);
        assert!(pace.turn().await.is_some());
        let rested = asked.elapsed();
        assert!(rested >= AT_WORK / 2 && rested < REST_MAX, "{rested:?}");
        assert!(pace.turn().await.is_none());
    }

    #[tokio::test]
    async fn of_several_peers_one_stores_at_a_time_while_desks_are_at_work() {
        let pace = Pace::default();
        pace.desk_asks();
        let turn = pace.turn().await;
        assert!(turn.is_some());
        assert!(timeout(Duration::from_millis(50), pace.turn()).await.is_err());
        drop(turn);
        pace.desk_asks();
        assert!(timeout(AT_WORK, pace.turn()).await.unwrap().is_some());
    }
}
