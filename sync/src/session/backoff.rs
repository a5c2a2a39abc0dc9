//! How long to wait before trying again: longer after each failure, up to a limit, and never
//! in step with other nodes that lost the same peer.

const FIRST_MS: u64 = 250;
const LONGEST_MS: u64 = 15_000;

/// Counts failures in a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Begins again from the shortest wait.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Notes a failure and returns the wait in milliseconds: between half and all of 0.25 s, 0.5 s,
    /// 1 s, … 15 s, as `jitter` (a random number) says.
    pub(super) fn next_ms(&mut self, jitter: u32) -> u64 {
        let full = FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        full / 2 + ((full / 2 * u64::from(jitter)) >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_fifteen_seconds() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..9).map(|_| backoff.next_ms(u32::MAX)).collect();
        assert_eq!(waits, [249, 499, 999, 1_999, 3_999, 7_999, 14_999, 14_999, 14_999]);
        assert_eq!(Backoff::default().next_ms(0), 125);
    }
}
