//! What can be chosen about an engine.

use std::num::NonZeroUsize;

/// Choices with sensible defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Names the machine, such as the content of `/etc/machine-id`; a database on another one is a copy.
    pub machine: String,
    /// Printer of desks that chose none; without one, nothing is printed for them.
    pub default_printer: Option<String>,
    /// Folded states kept in memory.
    pub states_cached: NonZeroUsize,
    /// Memory of the writing connection for pages, KiB.
    pub cache_kib: u32,
    /// Room a writer keeps beside the database for the time when the disk is full, bytes.
    pub ballast_bytes: u64,
    /// Entries of the longest stream that is folded anew within a commit; longer ones are folded in steps beside it. The
    /// changes of a document take longest.
    pub folded_at_once: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            machine: String::new(),
            default_printer: None,
            states_cached: NonZeroUsize::new(1024).expect("1024 is not zero"),
            cache_kib: 10 * 1024,
            ballast_bytes: 32 * 1024 * 1024,
            folded_at_once: 32,
        }
    }
}
