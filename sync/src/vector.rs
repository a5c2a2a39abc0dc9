//! Version vectors: which entries of a scope a node has, as one head per log.
//!
//! A vector is the cursor of every exchange: two nodes with equal vectors have equal entries.

use std::collections::BTreeMap;

use crate::cbor::{DecodeError, Reader, Writer};
use crate::context::{ContextDelta, ContextHead};
use crate::id::{Dot, Epoch, Hash, LogId, NodeId};
use crate::limits::{COUNTER_MAX, LOGS_MAX};
use crate::tag::{self, Tag};

/// The last entry of a log that a node has.
// Stored: in vectors and contexts, as sequence number and 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Head {
    /// Its sequence number, 1 or more.
    pub seq: u64,
    /// The first 8 bytes of its chain hash.
    pub prefix: [u8; 8],
}

impl Head {
    /// Names the entry `seq` that has this chain hash.
    pub fn new(seq: u64, hash: &Hash) -> Self {
        Self { seq, prefix: hash.prefix() }
    }
}

/// Per log the head up to which all entries are there; logs without entries are absent.
///
/// Heads compare by sequence number and then by hash, so that the laws of a lattice hold even
/// between branches of a fork.
// Stored: as an array of [node, epoch, seq, prefix] in order of log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionVector {
    heads: BTreeMap<LogId, Head>,
}

impl VersionVector {
    /// Returns the head of a log.
    pub fn head(&self, log: &LogId) -> Option<Head> {
        self.heads.get(log).copied()
    }

    /// Returns the last sequence number of a log, 0 when it has none.
    pub fn seq(&self, log: &LogId) -> u64 {
        self.heads.get(log).map_or(0, |head| head.seq)
    }

    /// Sets the head of a log.
    pub fn set(&mut self, log: LogId, head: Head) {
        self.heads.insert(log, head);
    }

    /// Forgets a log.
    pub fn remove(&mut self, log: &LogId) {
        self.heads.remove(log);
    }

    /// Iterates over logs and heads in order of log.
    pub fn iter(&self) -> impl Iterator<Item = (LogId, Head)> {
        self.heads.iter().map(|(log, head)| (*log, *head))
    }

    /// Returns the number of logs.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Tells whether there are no entries at all.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Tells whether the entry is among those of this vector.
    pub fn covers(&self, dot: &Dot) -> bool {
        dot.seq <= self.seq(&dot.log)
    }

    /// Takes the later head of each log.
    pub fn merge(&mut self, other: &Self) {
        for (log, head) in other.iter() {
            self.heads.entry(log).and_modify(|mine| *mine = head.max(*mine)).or_insert(head);
        }
    }

    /// Tells whether this vector has everything the other one has.
    pub fn dominates(&self, other: &Self) -> bool {
        other.iter().all(|(log, head)| self.heads.get(&log).is_some_and(|mine| *mine >= head))
    }

    /// Tells whether each of the two has something the other one lacks.
    pub fn concurrent(&self, other: &Self) -> bool {
        !self.dominates(other) && !other.dominates(self)
    }

    /// Returns the digest: equal for equal vectors only.
    pub fn digest(&self) -> Hash {
        let mut hasher = Tag::Vector.hasher();
        for (log, head) in &self.heads {
            hasher
                .update(log.node.as_bytes())
                .update(&log.epoch.0.to_be_bytes())
                .update(&head.seq.to_be_bytes())
                .update(&head.prefix);
        }
        tag::finish(&hasher)
    }

    /// Returns the heads by which this vector is ahead of `other`.
    pub fn delta_since(&self, other: &Self) -> ContextDelta {
        let ahead =
            |(log, head): (LogId, Head)| (other.head(&log) < Some(head)).then_some(ContextHead { log, head });
        ContextDelta::from_sorted(self.iter().filter_map(ahead).collect())
    }

    /// Returns the canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(4 + self.len() * 40);
        self.write(&mut writer);
        writer.into_bytes()
    }

    /// Reads canonical bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let vector = Self::read(&mut reader)?;
        reader.end()?;
        Ok(vector)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        write_heads(writer, self.len(), self.iter());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { heads: read_heads(reader)?.into_iter().collect() })
    }
}

impl FromIterator<(LogId, Head)> for VersionVector {
    fn from_iter<I: IntoIterator<Item = (LogId, Head)>>(heads: I) -> Self {
        Self { heads: heads.into_iter().collect() }
    }
}

pub(crate) fn write_heads(writer: &mut Writer, count: usize, heads: impl Iterator<Item = (LogId, Head)>) {
    writer.array(count);
    for (log, head) in heads {
        writer.array(4);
        writer.bytes(log.node.as_bytes());
        writer.uint(log.epoch.0);
        writer.uint(head.seq);
        writer.bytes(&head.prefix);
    }
}

/// Reads heads in strictly ascending order of log, the only order that is canonical.
pub(crate) fn read_heads(reader: &mut Reader<'_>) -> Result<Vec<(LogId, Head)>, DecodeError> {
    let count = reader.array(LOGS_MAX)?;
    let mut heads: Vec<(LogId, Head)> = Vec::new();
    for _ in 0..count {
        reader.array_of(4)?;
        let node = NodeId(reader.fixed()?);
        let epoch = Epoch(reader.uint(u64::MAX)?);
        let head = Head { seq: reader.uint(COUNTER_MAX)?, prefix: reader.fixed()? };
        let log = LogId { node, epoch };
        if head.seq == 0 {
            return Err(reader.invalid("sequence number 0"));
        }
        if heads.last().is_some_and(|(before, _)| *before >= log) {
            return Err(reader.invalid("order of logs"));
        }
        heads.push((log, head));
    }
    Ok(heads)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vectors() -> impl Strategy<Value = VersionVector> {
        proptest::collection::btree_map((0u8..4, 0u64..2), (1u64..5, 0u8..2), 0..6).prop_map(|heads| {
            heads
                .into_iter()
                .map(|((node, epoch), (seq, prefix))| {
                    let log = LogId { node: NodeId([node; 16]), epoch: Epoch(epoch) };
                    (log, Head { seq, prefix: [prefix; 8] })
                })
                .collect()
        })
    }

    fn merged(a: &VersionVector, b: &VersionVector) -> VersionVector {
        let mut both = a.clone();
        both.merge(b);
        both
    }

    proptest! {
        #[test]
        fn merge_is_a_least_upper_bound(a in vectors(), b in vectors(), c in vectors()) {
            let both = merged(&a, &b);
            prop_assert!(both.dominates(&a) && both.dominates(&b));
            prop_assert_eq!(&both, &merged(&b, &a));
            prop_assert_eq!(merged(&both, &c), merged(&a, &merged(&b, &c)));
            prop_assert_eq!(&merged(&a, &a), &a);
            if c.dominates(&a) && c.dominates(&b) {
                prop_assert!(c.dominates(&both));
            }
        }

        #[test]
        fn dominance_is_a_partial_order(a in vectors(), b in vectors(), c in vectors()) {
            prop_assert!(a.dominates(&a));
            prop_assert_eq!(a.dominates(&b) && b.dominates(&a), a == b);
            if a.dominates(&b) && b.dominates(&c) {
                prop_assert!(a.dominates(&c));
            }
            prop_assert_eq!(a.concurrent(&b), b.concurrent(&a));
        }

        #[test]
        fn equal_digests_mean_equal_vectors(a in vectors(), b in vectors()) {
            prop_assert_eq!(a.digest() == b.digest(), a == b);
        }

        #[test]
        fn applying_the_delta_reaches_the_merge(a in vectors(), b in vectors()) {
            let mut reached = b.clone();
            for head in a.delta_since(&b).heads() {
                prop_assert!(reached.head(&head.log) < Some(head.head));
                reached.set(head.log, head.head);
            }
            prop_assert_eq!(reached, merged(&a, &b));
        }

        #[test]
        fn bytes_read_back(a in vectors()) {
            prop_assert_eq!(VersionVector::decode(&a.encode()), Ok(a));
        }

        #[test]
        fn what_can_be_read_is_canonical(bytes: Vec<u8>) {
            if let Ok(vector) = VersionVector::decode(&bytes) {
                prop_assert_eq!(vector.encode(), bytes);
            }
        }
    }

    #[test]
    fn a_vector_covers_up_to_its_heads() {
        let log = LogId { node: NodeId([1; 16]), epoch: Epoch(1) };
        let vector: VersionVector = [(log, Head { seq: 3, prefix: [0; 8] })].into_iter().collect();
        assert!(vector.covers(&log.dot(3)));
        assert!(!vector.covers(&log.dot(4)));
        assert!(!vector.covers(&LogId { epoch: Epoch(2), ..log }.dot(1)));
    }
}
