//! Domain separation: every hash and every signature starts with the tag of what it is for.
//!
//! The tag is written as one length byte and its ASCII text, so no tag is a prefix of another
//! and bytes signed for one purpose mean nothing for any other.

use crate::id::Hash;

/// The purposes of this crate's hashes and signatures. The number at the end is the format version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    NodeId,
    CommitmentKey,
    Genesis,
    Chain,
    SignedHead,
    Vector,
    Certificate,
    Challenge,
    Introduction,
    AnnouncedScope,
    Erasure,
    Snapshot,
    SnapshotChunk,
}

impl Tag {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::NodeId => "lanyard/node-id/1",
            Self::CommitmentKey => "lanyard/commitment-key/1",
            Self::Genesis => "lanyard/genesis/1",
            Self::Chain => "lanyard/chain/1",
            Self::SignedHead => "lanyard/signed-head/1",
            Self::Vector => "lanyard/vector/1",
            Self::Certificate => "lanyard/certificate/1",
            Self::Challenge => "lanyard/challenge/1",
            Self::Introduction => "lanyard/introduction/1",
            Self::AnnouncedScope => "lanyard/announced-scope/1",
            Self::Erasure => "lanyard/erasure/1",
            Self::Snapshot => "lanyard/snapshot/1",
            Self::SnapshotChunk => "lanyard/snapshot-chunk/1",
        }
    }

    /// Starts a hash for this purpose.
    pub(crate) fn hasher(self) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new();
        let (length, text) = self.prefix();
        hasher.update(&length).update(text);
        hasher
    }

    /// Starts a message to be signed for this purpose.
    pub(crate) fn message(self) -> Vec<u8> {
        let (length, text) = self.prefix();
        let mut message = Vec::with_capacity(128);
        message.extend_from_slice(&length);
        message.extend_from_slice(text);
        message
    }

    fn prefix(self) -> ([u8; 1], &'static [u8]) {
        let text = self.text().as_bytes();
        let length = u8::try_from(text.len()).expect("tags are short");
        ([length], text)
    }
}

/// Ends a hash.
pub(crate) fn finish(hasher: &blake3::Hasher) -> Hash {
    Hash(*hasher.finalize().as_bytes())
}
