//! Forks: an entry that tells that a log has two branches.
//!
//! From there on a context that names the log may mean an entry that nobody can fetch any more, so it is
//! satisfied without it.

use serde::Deserialize;

use crate::entry::Entry;
use crate::id::LogId;

/// Kind of the entry that tells of a fork.
pub const FORK_FOUND_KIND: &str = "fork-found";
/// Version of that kind which this build reads.
pub const FORK_FOUND_VERSION: u16 = 1;

/// What replication has to know of a fork.
// Stored: as JSON in the facts of `fork-found/1`, among what people want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ForkNotice {
    /// The log.
    pub log: LogId,
    /// Sequence number of the first entries that differ.
    pub from: u64,
}

impl ForkNotice {
    /// Reads an entry that tells of a fork; none for any other.
    pub fn of(entry: &Entry) -> Option<Self> {
        if entry.header.kind != FORK_FOUND_KIND || entry.header.version != FORK_FOUND_VERSION {
            return None;
        }
        serde_json::from_slice(entry.payload.facts.bytes()?).ok()
    }
}
