//! Re-issued entries: what was set aside of one log, written again in another one.
//!
//! When two branches of a log exist, one of them stands; whoever has entries of the other sets them aside and
//! writes what they say again in a log of its own. The header of such an entry says in `ext` what it stands
//! for, so that it is applied once and judged by what its first writer had seen. A number does not tell which branch
//! an entry is of, as several may be set aside; its chain hash does.

use crate::cbor::{DecodeError, Reader, Writer};
use crate::id::{Dot, Epoch, LogId, NodeId};
use crate::limits::COUNTER_MAX;
use crate::vector::{VersionVector, read_heads, write_heads};

/// Tells this extension from others.
const EXTENSION: u64 = 2;

/// The same without a branch; it is read, and nothing writes it.
const WITHOUT_BRANCH: u64 = 1;

/// What a re-issued entry stands for.
// Stored: in `ext` of the header, as [2, node, epoch, seq, from, heads, prefix, before]; no `before` is 0 bytes. Without a
// branch as [1, node, epoch, seq, from, heads].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reissued {
    /// The entry that was set aside.
    pub original: Dot,
    /// Where its branch leaves the one that stands.
    pub from: u64,
    /// What its writer had seen of other logs.
    pub seen: VersionVector,
    /// Where on its branch it is, if whoever re-issued it said so.
    pub on_branch: Option<OnBranch>,
}

/// A place on a branch.
// Stored: in `ext` of the header, with what an entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnBranch {
    /// The first 8 bytes of the chain hash of the entry that was set aside.
    pub prefix: [u8; 8],
    /// The same of the entry before it in its stream, if that is of the branch too.
    pub before: Option<[u8; 8]>,
}

impl Reissued {
    /// Returns the bytes for `ext`.
    pub fn to_ext(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(96);
        let (form, length) = if self.on_branch.is_some() { (EXTENSION, 8) } else { (WITHOUT_BRANCH, 6) };
        writer.array(length);
        writer.uint(form);
        writer.bytes(self.original.log.node.as_bytes());
        writer.uint(self.original.log.epoch.0);
        writer.uint(self.original.seq);
        writer.uint(self.from);
        write_heads(&mut writer, self.seen.len(), self.seen.iter());
        if let Some(OnBranch { prefix, before }) = &self.on_branch {
            writer.bytes(prefix);
            writer.bytes(before.as_ref().map_or(&[], |before| before.as_slice()));
        }
        writer.into_bytes()
    }

    /// Reads `ext`; none when it is empty or says something else.
    pub fn from_ext(ext: &[u8]) -> Option<Self> {
        if ext.is_empty() { None } else { Self::read(ext).ok() }
    }

    fn read(ext: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ext);
        let length = reader.array(8)?;
        let has_branch = match (reader.uint(u64::MAX)?, length) {
            (EXTENSION, 8) => true,
            (WITHOUT_BRANCH, 6) => false,
            _ => return Err(reader.invalid("kind of extension")),
        };
        let node = NodeId(reader.fixed()?);
        let log = LogId { node, epoch: Epoch(reader.uint(u64::MAX)?) };
        let original = Dot { log, seq: reader.uint(COUNTER_MAX)? };
        let from = reader.uint(COUNTER_MAX)?;
        let seen = read_heads(&mut reader)?.into_iter().collect();
        let on_branch = if has_branch { Some(OnBranch::read(&mut reader)?) } else { None };
        reader.end()?;
        Ok(Self { original, from, seen, on_branch })
    }

    /// Whether the first writer had seen an entry that is not of its branch.
    pub fn sees(&self, dot: Dot) -> bool {
        if dot.log == self.original.log { dot.seq < self.from } else { self.seen.covers(&dot) }
    }
}

impl OnBranch {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let prefix = reader.fixed()?;
        let before = match reader.bytes(8)? {
            [] => None,
            before => Some(before.try_into().map_err(|_| reader.invalid("entry before"))?),
        };
        Ok(Self { prefix, before })
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

    fn reissued(on_branch: Option<OnBranch>) -> Reissued {
        let seen = [(log(2), Head::new(5, &Hash([9; 32])))].into_iter().collect();
        Reissued { original: log(1).dot(12), from: 10, seen, on_branch }
    }

    #[test]
    fn the_extension_reads_back_and_others_are_left_alone() {
        let first = OnBranch { prefix: [3; 8], before: None };
        for on_branch in [None, Some(first), Some(OnBranch { before: Some([4; 8]), ..first })] {
            let reissued = reissued(on_branch);
            let ext = reissued.to_ext();
            assert_eq!(Reissued::from_ext(&ext), Some(reissued));
            assert_eq!(Reissued::from_ext(&ext[..ext.len() - 1]), None);
        }
        assert_eq!(Reissued::from_ext(&[]), None);
        assert_eq!(Reissued::from_ext(&[0x81, 0x02]), None);
    }

    #[test]
    fn the_first_writer_had_seen_what_stands_before_its_branch_and_its_context() {
        let reissued = reissued(None);
        assert!(reissued.sees(log(1).dot(9)), "before the branch");
        assert!(!reissued.sees(log(1).dot(10)), "the branch that stands");
        assert!(reissued.sees(log(2).dot(5)));
        assert!(!reissued.sees(log(2).dot(6)));
    }
}
