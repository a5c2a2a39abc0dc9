//! The hash chain of a log and the signatures over its heads.
//!
//! Each hash commits to the scope, the log, the place in it, everything before and the header.
//! One signature therefore vouches for a head and all that leads to it.

use crate::id::{Dot, Hash, LogId, ScopeId};
use crate::key::{PublicKey, Signature, SigningKey};
use crate::tag::{self, Tag};

/// Returns the hash that stands before the first entry of a log.
pub fn genesis_hash(scope: ScopeId, log: LogId) -> Hash {
    let mut hasher = Tag::Genesis.hasher();
    hasher.update(scope.as_bytes()).update(log.node.as_bytes()).update(&log.epoch.0.to_be_bytes());
    tag::finish(&hasher)
}

/// Returns the chain hash of an entry: over tag, scope, node, epoch, sequence number, the hash
/// before it and the header. Numbers are 8 bytes, most significant first.
pub fn chain_hash(scope: ScopeId, dot: Dot, previous: &Hash, header_bytes: &[u8]) -> Hash {
    let mut hasher = Tag::Chain.hasher();
    hasher
        .update(scope.as_bytes())
        .update(dot.log.node.as_bytes())
        .update(&dot.log.epoch.0.to_be_bytes())
        .update(&dot.seq.to_be_bytes())
        .update(previous.as_bytes())
        .update(header_bytes);
    tag::finish(&hasher)
}

/// A head of a log, signed by its writer.
// Stored: beside the entry, as the signature; in a batch as node, epoch, seq, hash, signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignedHead {
    /// The entry up to which the signature vouches.
    pub dot: Dot,
    /// Its chain hash.
    pub hash: Hash,
    /// The writer's signature.
    pub signature: Signature,
}

impl SignedHead {
    /// Signs the head of a log.
    pub fn sign(scope: ScopeId, dot: Dot, hash: Hash, key: &SigningKey) -> Self {
        Self { dot, hash, signature: key.sign(&Self::signature_input(scope, dot, &hash)) }
    }

    /// Tells whether the signature is that of `key`, in this scope.
    pub fn verify(&self, scope: ScopeId, key: &PublicKey) -> bool {
        key.verify(&Self::signature_input(scope, self.dot, &self.hash), &self.signature)
    }

    /// Returns the bytes that are signed: tag, scope, node, epoch, sequence number, chain hash.
    pub fn signature_input(scope: ScopeId, dot: Dot, hash: &Hash) -> Vec<u8> {
        let mut input = Tag::SignedHead.message();
        input.extend_from_slice(scope.as_bytes());
        input.extend_from_slice(dot.log.node.as_bytes());
        input.extend_from_slice(&dot.log.epoch.0.to_be_bytes());
        input.extend_from_slice(&dot.seq.to_be_bytes());
        input.extend_from_slice(hash.as_bytes());
        input
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, NodeId};

    const SCOPE: ScopeId = ScopeId([5; 16]);

    fn dot(seq: u64) -> Dot {
        LogId { node: NodeId([1; 16]), epoch: Epoch(7) }.dot(seq)
    }

    #[test]
    fn a_hash_depends_on_everything_it_covers() {
        let before = genesis_hash(SCOPE, dot(1).log);
        let hash = chain_hash(SCOPE, dot(1), &before, b"header");
        assert_ne!(hash, chain_hash(ScopeId([6; 16]), dot(1), &before, b"header"));
        assert_ne!(hash, chain_hash(SCOPE, dot(2), &before, b"header"));
        assert_ne!(hash, chain_hash(SCOPE, dot(1), &hash, b"header"));
        assert_ne!(hash, chain_hash(SCOPE, dot(1), &before, b"other"));
    }

    #[test]
    fn a_signature_holds_for_its_head_key_and_scope_only() {
        let key = SigningKey::from_seed(&[1; 32]);
        let signed = SignedHead::sign(SCOPE, dot(3), Hash([9; 32]), &key);
        assert!(signed.verify(SCOPE, &key.public_key()));
        assert!(!signed.verify(ScopeId([6; 16]), &key.public_key()));
        assert!(!signed.verify(SCOPE, &SigningKey::from_seed(&[2; 32]).public_key()));
        assert!(!SignedHead { dot: dot(4), ..signed }.verify(SCOPE, &key.public_key()));
    }
}
