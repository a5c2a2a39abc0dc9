//! Heads of logs that are known to be signed by their writers, so that what is sent to many peers is checked once.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lanyard_sync::{PublicKey, ScopeId, SignedHead};
use lru::LruCache;

/// More than peers ask for at one time.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(512).expect("more than none");

/// A head, by whom and in which scope it is signed.
type Checked = (ScopeId, SignedHead, PublicKey);

/// The heads that were signed here, or whose signature was found to hold; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct CheckedHeads(Arc<Mutex<LruCache<Checked, ()>>>);

impl Default for CheckedHeads {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(REMEMBERED))))
    }
}

impl CheckedHeads {
    /// Takes note of a head that is signed with this key.
    pub(crate) fn note(&self, scope: ScopeId, head: SignedHead, key: PublicKey) {
        self.lock().put((scope, head, key), ());
    }

    /// Whether a head is signed with this key. One that changed by a bit is another one.
    pub(crate) fn is_signed(&self, scope: ScopeId, head: SignedHead, key: PublicKey) -> bool {
        if self.knows(scope, head, key) {
            return true;
        }
        let holds = head.verify(scope, &key);
        if holds {
            self.note(scope, head, key);
        }
        holds
    }

    /// Whether that was found before.
    pub(crate) fn knows(&self, scope: ScopeId, head: SignedHead, key: PublicKey) -> bool {
        self.lock().get(&(scope, head, key)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Checked, ()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use lanyard_sync::{Epoch, Hash, LogId, NodeId, Signature, SigningKey};

    use super::*;

    const SCOPE: ScopeId = ScopeId([5; 16]);

    #[test]
    fn what_is_known_of_a_head_holds_for_no_other_one() {
        let key = SigningKey::from_seed(&[1; 32]);
        let dot = LogId { node: NodeId([1; 16]), epoch: Epoch(1) }.dot(3);
        let head = SignedHead::sign(SCOPE, dot, Hash([9; 32]), &key);
        let mut flipped = head.signature.0;
        flipped[7] ^= 1;
        let others = [
            SignedHead { signature: Signature(flipped), ..head },
            SignedHead { hash: Hash([8; 32]), ..head },
            SignedHead { dot: dot.log.dot(4), ..head },
        ];
        let checked = CheckedHeads::default();
        for _ in 0..2 {
            assert!(checked.is_signed(SCOPE, head, key.public_key()));
            assert!(others.iter().all(|other| !checked.is_signed(SCOPE, *other, key.public_key())));
            assert!(!checked.is_signed(SCOPE, head, SigningKey::from_seed(&[2; 32]).public_key()));
        }
    }
}
