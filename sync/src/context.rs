//! Contexts: what the writer of an entry had seen when it wrote it.
//!
//! A context is the writer's version vector without the writer's own log, of which it has always
//! seen everything. An entry carries only what changed since the previous entry of its log.

use std::sync::Arc;

use crate::cbor::{DecodeError, Reader, Writer};
use crate::id::{Dot, LogId};
use crate::limits::LOGS_MAX;
use crate::vector::{Head, VersionVector, read_heads, write_heads};

/// One head in a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContextHead {
    /// The log that was seen.
    pub log: LogId,
    /// Up to where.
    pub head: Head,
}

/// The heads by which a context is ahead of the one before it; in order of log, never empty
/// in a header.
// Stored: in the header, as an array of [node, epoch, seq, prefix] in order of log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextDelta {
    heads: Vec<ContextHead>,
}

impl ContextDelta {
    /// Makes a delta of heads; the last head of each log counts.
    pub fn new(heads: impl IntoIterator<Item = ContextHead>) -> Self {
        let heads: VersionVector = heads.into_iter().map(|head| (head.log, head.head)).collect();
        heads.delta_since(&VersionVector::default())
    }

    pub(crate) fn from_sorted(heads: Vec<ContextHead>) -> Self {
        Self { heads }
    }

    /// Returns the heads in order of log.
    pub fn heads(&self) -> &[ContextHead] {
        &self.heads
    }

    /// Tells whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub(crate) fn is_within_limits(&self) -> bool {
        self.heads.len() <= LOGS_MAX
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        write_heads(writer, self.heads.len(), self.heads.iter().map(|h| (h.log, h.head)));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let heads = read_heads(reader)?;
        if heads.is_empty() {
            return Err(reader.invalid("empty context"));
        }
        Ok(Self { heads: heads.into_iter().map(|(log, head)| ContextHead { log, head }).collect() })
    }
}

/// A delta that does not continue the context of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the context names an earlier head of a log than before, or the writer's own log")]
pub struct StaleContext;

/// The context of one log's latest entry, followed from entry to entry. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogContext {
    vector: Arc<VersionVector>,
}

impl LogContext {
    /// Takes up a context that was stored.
    pub fn new(vector: VersionVector) -> Self {
        Self { vector: Arc::new(vector) }
    }

    pub(crate) fn shared(vector: Arc<VersionVector>) -> Self {
        Self { vector }
    }

    pub(crate) const fn share(&self) -> &Arc<VersionVector> {
        &self.vector
    }

    pub(crate) fn is_shared_with(&self, vector: &Arc<VersionVector>) -> bool {
        Arc::ptr_eq(&self.vector, vector)
    }

    /// Returns what was seen of other logs.
    pub fn vector(&self) -> &VersionVector {
        &self.vector
    }

    /// Goes on to the next entry of log `own`. Heads may only advance.
    pub fn apply_delta(&mut self, own: LogId, delta: &ContextDelta) -> Result<(), StaleContext> {
        let advances = |head: &ContextHead| head.log != own && self.vector.seq(&head.log) < head.head.seq;
        if !delta.heads().iter().all(advances) {
            return Err(StaleContext);
        }
        let vector = Arc::make_mut(&mut self.vector);
        for head in delta.heads() {
            vector.set(head.log, head.head);
        }
        Ok(())
    }

    /// Tells whether the entry `at`, whose context this is, had seen `dot`. A log has seen its own
    /// earlier entries; no entry has seen itself.
    pub fn sees(&self, at: &Dot, dot: &Dot) -> bool {
        if dot.log == at.log { dot.seq < at.seq } else { self.vector.covers(dot) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, NodeId};

    const OWN: LogId = LogId { node: NodeId([1; 16]), epoch: Epoch(1) };
    const OTHER: LogId = LogId { node: NodeId([2; 16]), epoch: Epoch(1) };

    fn delta(log: LogId, seq: u64) -> ContextDelta {
        ContextDelta::new([ContextHead { log, head: Head { seq, prefix: [0; 8] } }])
    }

    #[test]
    fn an_entry_sees_its_context_and_its_own_past() {
        let mut context = LogContext::default();
        assert_eq!(context.apply_delta(OWN, &delta(OTHER, 5)), Ok(()));
        let at = OWN.dot(9);
        assert!(context.sees(&at, &OTHER.dot(5)));
        assert!(!context.sees(&at, &OTHER.dot(6)));
        assert!(context.sees(&at, &OWN.dot(8)));
        assert!(!context.sees(&at, &OWN.dot(9)));
    }

    #[test]
    fn a_context_never_goes_back_and_never_names_its_own_log() {
        let mut context = LogContext::default();
        assert_eq!(context.apply_delta(OWN, &delta(OTHER, 5)), Ok(()));
        assert_eq!(context.apply_delta(OWN, &delta(OTHER, 5)), Err(StaleContext));
        assert_eq!(context.apply_delta(OWN, &delta(OWN, 6)), Err(StaleContext));
    }
}
