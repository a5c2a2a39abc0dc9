//! Waiting for a state with a deadline.
//!
//! Responsible for asking again at short intervals until an answer comes or a sight is as expected, and for an error
//! that names what was awaited. Tests never sleep for a fixed time.

use std::time::Duration;

use anyhow::bail;
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Calls `attempt` until it returns something, at most for `within`; `what` completes "… did not happen".
pub async fn eventually<T>(
    within: Duration,
    what: &str,
    mut attempt: impl AsyncFnMut() -> Option<T>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + within;
    let mut pause = FIRST_PAUSE;
    loop {
        match tokio::time::timeout_at(deadline, attempt()).await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) if Instant::now() < deadline => {
                tokio::time::sleep_until(deadline.min(Instant::now() + pause)).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
            Ok(None) | Err(_) => bail!("within {within:?} this did not happen: {what}"),
        }
    }
}

/// Looks until it sees `expected`, at most for `within`, and returns what it saw last.
///
/// # Errors
/// The first look that fails, and a first look that does not end in time.
pub async fn last_seen<T: PartialEq>(
    within: Duration,
    what: &str,
    expected: &T,
    mut look: impl AsyncFnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut last = None;
    let waited = eventually(within, what, async || match look().await {
        Ok(seen) => {
            let is_expected = seen == *expected;
            last = Some(seen);
            is_expected.then_some(Ok(()))
        }
        Err(error) => Some(Err(error)),
    });
    match (waited.await, last) {
        (Ok(Err(error)), _) | (Err(error), None) => Err(error),
        (Ok(Ok(())) | Err(_), Some(seen)) => Ok(seen),
        (Ok(Ok(())), None) => unreachable!("what is as expected was seen"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_answer_is_returned() {
        let mut asked = 0;
        let found = eventually(Duration::from_secs(5), "the third question is answered", async || {
            asked += 1;
            (asked == 3).then_some("yes")
        });
        assert_eq!(found.await.unwrap(), "yes");
        assert_eq!(asked, 3);
    }

    #[tokio::test]
    async fn the_error_names_what_was_awaited_even_when_an_attempt_hangs() {
        let waited = eventually(Duration::from_millis(20), "an answer comes", async || {
            std::future::pending::<Option<()>>().await
        });
        assert_eq!(waited.await.unwrap_err().to_string(), "within 20ms this did not happen: an answer comes");
    }

    #[tokio::test]
    async fn what_was_seen_last_is_returned_whether_expected_or_not() {
        let mut looked = 0;
        let seen = last_seen(Duration::from_secs(5), "the third", &3, async || {
            looked += 1;
            Ok(looked)
        });
        assert_eq!(seen.await.unwrap(), 3);
        let seen = last_seen(Duration::ZERO, "the third", &3, async || Ok(1));
        assert_eq!(seen.await.unwrap(), 1, "without patience there is one look");
        let failed = last_seen(Duration::from_secs(5), "the third", &3, async || anyhow::bail!("blind"));
        assert_eq!(failed.await.unwrap_err().to_string(), "blind");
    }
}
