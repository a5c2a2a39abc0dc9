//! Patience with whoever guesses orders, desk by desk.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lanyard_domain::DeskId;
use lanyard_domain::lookup::Tries;

/// Unknown pairs of late, by desk; kept in memory, for a desk is a signed-in place and not a stranger.
#[derive(Debug, Default)]
pub struct Lookups {
    by_desk: Mutex<BTreeMap<DeskId, Tries>>,
}

impl Lookups {
    /// How long a desk has to wait yet, milliseconds.
    pub fn wait_ms(&self, desk: &DeskId, now_ms: i64) -> Option<u64> {
        self.locked()
            .get(desk)
            .and_then(|tries| tries.wait_ms(now_ms))
            .and_then(|wait_ms| u64::try_from(wait_ms).ok())
    }

    /// Counts an unknown pair.
    pub fn count_unknown(&self, desk: &DeskId, now_ms: i64) {
        self.locked().entry(desk.clone()).or_default().count_unknown(now_ms);
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<DeskId, Tries>> {
        // Every change is one insertion, so the map is whole even after a panic elsewhere.
        self.by_desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use lanyard_domain::lookup::TRIES_MAX;

    use super::*;

    #[test]
    fn a_desk_that_guesses_waits_and_others_do_not() {
        let (guessing, other) = ("north-1".parse().unwrap(), "north-2".parse().unwrap());
        let (lookups, now_ms) = (Lookups::default(), 1_790_000_000_000);
        for _ in 0..TRIES_MAX {
            assert_eq!(lookups.wait_ms(&guessing, now_ms), None);
            lookups.count_unknown(&guessing, now_ms);
        }
        assert_eq!(lookups.wait_ms(&guessing, now_ms), Some(60_000));
        assert_eq!(lookups.wait_ms(&other, now_ms), None);
    }
}
