//! Canonical order: the one order in which every node folds the entries of a stream.

use crate::id::{Dot, Epoch, NodeId};

/// The place of an entry in canonical order.
///
/// A linear extension of causality: an entry's lamport time is above that of everything it has
/// seen, and no wall clock takes part.
// Stored: beside each folded state, as lamport, node, epoch and sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanonicalKey {
    /// Lamport time of the entry.
    pub lamport: u64,
    /// Writer of the entry.
    pub node: NodeId,
    /// The writer's epoch.
    pub epoch: Epoch,
    /// Place in the writer's log.
    pub seq: u64,
}

impl CanonicalKey {
    /// Returns the place of the entry `dot` with this lamport time.
    pub const fn new(lamport: u64, dot: Dot) -> Self {
        Self { lamport, node: dot.log.node, epoch: dot.log.epoch, seq: dot.seq }
    }

    /// Returns the id of the entry at this place.
    pub const fn dot(&self) -> Dot {
        crate::id::LogId { node: self.node, epoch: self.epoch }.dot(self.seq)
    }
}
