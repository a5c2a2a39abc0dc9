//! The wait after wrong PINs: none for the first slips, then doubling up to a quarter of an hour.

/// Failures that cost nothing.
const FREE_FAILURES: u32 = 3;
const FIRST_WAIT_MS: i64 = 5_000;
const LONGEST_WAIT_MS: i64 = 15 * 60 * 1_000;
/// Buckets that names nobody has share, so that made-up names fill no table.
const UNKNOWN_BUCKETS: u8 = 64;

/// Failures in a row and the end of the wait they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackOff {
    /// Failures in a row.
    pub failures: u32,
    /// End of the wait, Unix milliseconds.
    pub until_ms: i64,
}

impl BackOff {
    /// How long to wait yet, if at all.
    pub fn wait_ms(&self, now_ms: i64) -> Option<u64> {
        // A clock that was set back must not lock anybody out for longer than the longest wait.
        let left_ms = (self.until_ms - now_ms).min(LONGEST_WAIT_MS);
        u64::try_from(left_ms).ok().filter(|left_ms| *left_ms > 0)
    }

    /// One more failure.
    #[must_use]
    pub fn after_failure(self, now_ms: i64) -> Self {
        let failures = self.failures.saturating_add(1);
        let Some(beyond) = failures.checked_sub(FREE_FAILURES) else {
            return Self { failures, until_ms: now_ms };
        };
        let wait_ms = FIRST_WAIT_MS.saturating_mul(1 << beyond.min(16)).min(LONGEST_WAIT_MS);
        Self { failures, until_ms: now_ms.saturating_add(wait_ms) }
    }
}

/// Under which name failures are remembered.
pub(super) fn subject(staff: &str, is_known: bool) -> String {
    if is_known {
        return format!("staff:{staff}");
    }
    let bucket = blake3::hash(staff.as_bytes()).as_bytes()[0] % UNKNOWN_BUCKETS;
    format!("unknown:{bucket}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_after_the_first_slips_and_end_at_a_quarter_of_an_hour() {
        let mut back_off = BackOff::default();
        let mut waits = Vec::new();
        for _ in 0..14 {
            back_off = back_off.after_failure(1_000_000);
            waits.push(back_off.wait_ms(1_000_000).unwrap_or(0) / 1_000);
        }
        assert_eq!(waits, [0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
    }

    #[test]
    fn a_wait_ends_and_a_clock_set_back_does_not_prolong_it() {
        let back_off = BackOff { failures: 5, until_ms: 50_000 };
        assert_eq!(back_off.wait_ms(49_000), Some(1_000));
        assert_eq!(back_off.wait_ms(50_000), None);
        assert_eq!(back_off.wait_ms(-100_000_000), Some(900_000));
    }

    #[test]
    fn made_up_names_share_buckets() {
        assert_eq!(subject("ana", true), "staff:ana");
        let subjects: std::collections::BTreeSet<_> =
            (0..1_000).map(|n| subject(&n.to_string(), false)).collect();
        assert!(subjects.len() <= 64, "{}", subjects.len());
    }
}
