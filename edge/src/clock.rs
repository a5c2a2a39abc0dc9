//! The clock of a venue node.
//!
//! Responsible for: Unix milliseconds of the machine and, in builds for tests alone, an offset that a test keeps in a
//! file to let hours pass at once or to set one node's clock wrong.

/// Unix milliseconds.
#[cfg(not(feature = "test-clock"))]
pub fn now_ms() -> i64 {
    lanyard_node::clock::system_now_ms()
}

/// Unix milliseconds, moved by the offset in the file that `LANYARD_TEST_CLOCK_FILE` names.
#[cfg(feature = "test-clock")]
pub fn now_ms() -> i64 {
    lanyard_node::clock::system_now_ms() + offset::current_ms()
}

#[cfg(feature = "test-clock")]
mod offset {
    use std::env;
    use std::fs;
    use std::path::PathBuf;
    use std::sync::{Mutex, OnceLock, PoisonError};
    use std::time::{Duration, Instant};

    /// How long a read of the file is good for.
    const FRESH: Duration = Duration::from_millis(50);

    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    static LAST: Mutex<Option<(Instant, i64)>> = Mutex::new(None);

    pub(super) fn current_ms() -> i64 {
        let Some(file) = FILE.get_or_init(|| env::var_os("LANYARD_TEST_CLOCK_FILE").map(PathBuf::from))
        else {
            return 0;
        };
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, offset_ms)) = last.filter(|(read, _)| read.elapsed() < FRESH) {
            return offset_ms;
        }
        // A test replaces the file now and then; what cannot be read in between is what was read before.
        let before = last.map_or(0, |(_, offset_ms)| offset_ms);
        let offset_ms =
            fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(before);
        *last = Some((Instant::now(), offset_ms));
        offset_ms
    }
}
