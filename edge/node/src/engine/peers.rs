//! What peers have, as they last said: kept in memory, and written now and then, because it is only
//! shown to people and costs a sync.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lanyard_sync::{NodeId, VersionVector};
use rusqlite::Connection;

use crate::store::{StoreError, sql};

/// What a peer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its vector.
    pub vector: VersionVector,
    /// When it said so, Unix milliseconds.
    pub heard_at_ms: i64,
}

/// All peers, and those not yet written.
#[derive(Debug, Default)]
pub(super) struct Peers {
    known: Arc<BTreeMap<NodeId, Peer>>,
    unsaved: BTreeSet<NodeId>,
}

impl Peers {
    pub(super) fn load(db: &Connection) -> Result<Self, StoreError> {
        let mut statement = db.prepare_cached("SELECT node, vector, heard_at_ms FROM peers")?;
        let mut rows = statement.query([])?;
        let mut known = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let bytes: Vec<u8> = row.get(1)?;
            let vector = VersionVector::decode(&bytes)
                .map_err(|_| StoreError::damaged("the vector of a peer cannot be read"))?;
            known.insert(NodeId(sql::bytes(row, 0)?), Peer { vector, heard_at_ms: row.get(2)? });
        }
        Ok(Self { known: Arc::new(known), unsaved: BTreeSet::new() })
    }

    pub(super) fn known(&self) -> Arc<BTreeMap<NodeId, Peer>> {
        Arc::clone(&self.known)
    }

    pub(super) fn heard(&mut self, node: NodeId, peer: Peer) {
        Arc::make_mut(&mut self.known).insert(node, peer);
        self.unsaved.insert(node);
    }

    /// Writes what was heard, with a commit that syncs anyway.
    pub(super) fn save(&mut self, db: &Connection) -> Result<(), StoreError> {
        while let Some(node) = self.unsaved.pop_first() {
            let Some(peer) = self.known.get(&node) else { continue };
            db.prepare_cached(
                "INSERT OR REPLACE INTO peers (node, vector, heard_at_ms) VALUES (?1, ?2, ?3)",
            )?
            .execute((node.as_bytes().as_slice(), peer.vector.encode(), peer.heard_at_ms))?;
        }
        Ok(())
    }
}
