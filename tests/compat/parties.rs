//! Who writes the frozen logs: keys, ids and scope are fixed, so every byte is.

use lanyard_sync::{Epoch, LogId, NodeId, ScopeId, SigningKey};

pub(crate) const SCOPE: ScopeId = ScopeId([0x5c; 16]);

pub(crate) fn organiser() -> SigningKey {
    SigningKey::from_seed(&[0xf0; 32])
}

pub(crate) fn key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[node; 32])
}

pub(crate) fn log(node: u8) -> LogId {
    let id = NodeId::of(&key(node).public_key());
    LogId { node: id, epoch: Epoch(0xe000_0000_0000_0000 + u64::from(node)) }
}
