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
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    static LAST: AtomicI64 = AtomicI64::new(0);

    /// Reads the file at every look at the clock: what a test wrote holds from then on, and nothing waits for it.
    pub(super) fn current_ms() -> i64 {
        let Some(file) = FILE.get_or_init(|| env::var_os("LANYARD_TEST_CLOCK_FILE").map(PathBuf::from))
        else {
            return 0;
        };
        // What cannot be read while a test replaces the file is what was read before.
        match fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()) {
            Some(offset_ms) => {
                LAST.store(offset_ms, Ordering::Relaxed);
                offset_ms
            }
            None => LAST.load(Ordering::Relaxed),
        }
    }
}
