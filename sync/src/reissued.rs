//! Re-issued entries: what was set aside of one log, written again in another one.
//!
//! When two branches of a log exist, one of them stands; whoever has entries of the other sets them aside and
//! writes what they say again in a log of its own. The header of such an entry says in `ext` what it stands
//! for, so that it is applied once and judged by what its first writer had seen.

use crate::cbor::{DecodeError, Reader, Writer};
use crate::id::{Dot, Epoch, LogId, NodeId};
use crate::limits::COUNTER_MAX;
use crate::vector::{VersionVector, read_heads, write_heads};

/// Tells this extension from others.
const EXTENSION: u64 = 1;

/// What a re-issued entry stands for.
// Stored: in `ext` of the header, as [1, node, epoch, seq, from, heads].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reissued {
    /// The entry that was set aside.
    pub original: Dot,
    /// Where its branch leaves the one that stands.
    pub from: u64,
    /// What its writer had seen of other logs.
    pub seen: VersionVector,
}

impl Reissued {
    /// Returns the bytes for `ext`.
    pub fn to_ext(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(64);
        writer.array(6);
        writer.uint(EXTENSION);
        writer.bytes(self.original.log.node.as_bytes());
        writer.uint(self.original.log.epoch.0);
        writer.uint(self.original.seq);
        writer.uint(self.from);
        write_heads(&mut writer, self.seen.len(), self.seen.iter());
        writer.into_bytes()
    }

    /// Reads `ext`; none when it is empty or says something else.
    pub fn from_ext(ext: &[u8]) -> Option<Self> {
        if ext.is_empty() { None } else { Self::read(ext).ok() }
    }

    fn read(ext: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ext);
        reader.array_of(6)?;
        if reader.uint(u64::MAX)? != EXTENSION {
            return Err(reader.invalid("kind of extension"));
        }
        let node = NodeId(reader.fixed()?);
        let log = LogId { node, epoch: Epoch(reader.uint(u64::MAX)?) };
        let original = Dot { log, seq: reader.uint(COUNTER_MAX)? };
        let from = reader.uint(COUNTER_MAX)?;
        let seen = read_heads(&mut reader)?.into_iter().collect();
        reader.end()?;
        Ok(Self { original, from, seen })
    }

    /// Whether the first writer had seen an entry; `of` says what that entry stands for, if it was re-issued.
    pub fn sees(&self, dot: Dot, of: Option<&Self>) -> bool {
        let own = self.original.log;
        match of {
            Some(other) if other.original.log == own => other.original.seq < self.original.seq,
            _ if dot.log == own => dot.seq < self.from,
            _ => self.seen.covers(&dot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Hash;
    use crate::vector::Head;

    fn log(node: u8) -> LogId {
        LogId { node: NodeId([node; 16]), epoch: Epoch(7) }
    }

    fn reissued(seq: u64) -> Reissued {
        let seen = [(log(2), Head::new(5, &Hash([9; 32])))].into_iter().collect();
        Reissued { original: log(1).dot(seq), from: 10, seen }
    }

    #[test]
    fn the_extension_reads_back_and_others_are_left_alone() {
        let reissued = reissued(12);
        let ext = reissued.to_ext();
        assert_eq!(Reissued::from_ext(&ext), Some(reissued));
        assert_eq!(Reissued::from_ext(&[]), None);
        assert_eq!(Reissued::from_ext(&[0x81, 0x02]), None);
        assert_eq!(Reissued::from_ext(&ext[..ext.len() - 1]), None);
    }

    #[test]
    fn the_first_writer_had_seen_its_own_branch_and_its_context() {
        let second = reissued(12);
        assert!(second.sees(log(3).dot(1), Some(&reissued(11))), "an earlier entry of the branch");
        assert!(!second.sees(log(3).dot(2), Some(&reissued(13))), "a later one");
        assert!(second.sees(log(1).dot(9), None), "before the branch");
        assert!(!second.sees(log(1).dot(10), None), "the branch that stands");
        assert!(second.sees(log(2).dot(5), None));
        assert!(!second.sees(log(2).dot(6), None));
    }
}
