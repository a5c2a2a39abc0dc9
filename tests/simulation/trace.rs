//! The trace of a world: a hash over all that happened, and its last lines for whoever looks for a fault.

use std::collections::VecDeque;
use std::io::Write as _;

use lanyard_sync::Hash;

const RECENT_MAX: usize = 40;

/// What happened so far.
#[derive(Debug)]
pub(crate) struct Trace {
    hasher: blake3::Hasher,
    recent: VecDeque<String>,
    /// Whether each line is printed, as `LANYARD_SIM_TRACE` says.
    prints: bool,
}

impl Trace {
    /// An empty trace.
    pub(crate) fn new(prints: bool) -> Self {
        Self { hasher: blake3::Hasher::new(), recent: VecDeque::new(), prints }
    }

    /// Adds a line.
    pub(crate) fn note(&mut self, now_ms: u64, line: &str) {
        let line = format!("{now_ms:>8} {line}");
        self.hasher.update(line.as_bytes()).update(b"\n");
        if self.prints {
            // Nobody reads a trace whose reader went away.
            drop(writeln!(std::io::stderr(), "{line}"));
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(line);
    }

    /// One number for all of it.
    pub(crate) fn hash(&self) -> Hash {
        Hash(*self.hasher.finalize().as_bytes())
    }

    /// The last lines.
    pub(crate) fn recent(&self) -> String {
        self.recent.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}
