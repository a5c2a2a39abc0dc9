//! Status: vectors, peers, what waits to be sent, sums.

use std::collections::BTreeMap;

use lanyard_domain::{Folded, Stream};
use lanyard_sync::{LogId, NodeId, VersionVector};

use super::Db;
use super::state::load;
use crate::engine::Arrivals;
use crate::project::arrivals::Tally;
use crate::store::{StoreError, logs, sql};

/// What a peer has, as it last said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its vector.
    pub vector: VersionVector,
    /// When it said so, Unix milliseconds.
    pub heard_at_ms: i64,
}

/// Entries of this node that a peer does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsent {
    /// How many.
    pub entries: u64,
    /// Writing time of the oldest, Unix milliseconds.
    pub oldest_ms: Option<i64>,
}

/// Reads what this node has of every log.
pub fn vector(db: &Db) -> Result<VersionVector, StoreError> {
    logs::vector(&db.connection)
}

/// Counts all entries.
pub fn entries(db: &Db) -> Result<u64, StoreError> {
    Ok(sql::counter(crate::store::entries::last_position(&db.connection)?))
}

/// Reads how many of how many are in.
pub fn arrivals(db: &Db) -> Result<Arrivals, StoreError> {
    Ok(Tally::load(&db.connection)?.arrivals())
}

/// Reads what peers have, as they last said.
pub fn peers(db: &Db) -> Result<BTreeMap<NodeId, Peer>, StoreError> {
    let mut statement = db.connection.prepare_cached("SELECT node, vector, heard_at_ms FROM peers")?;
    let mut rows = statement.query([])?;
    let mut peers = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(1)?;
        let vector = VersionVector::decode(&bytes)
            .map_err(|_| StoreError::damaged("the vector of a peer cannot be read"))?;
        peers.insert(NodeId(sql::bytes(row, 0)?), Peer { vector, heard_at_ms: row.get(2)? });
    }
    Ok(peers)
}

/// Counts the entries of a log that a vector lacks.
pub fn unsent(db: &Db, own: &LogId, theirs: &VersionVector) -> Result<Unsent, StoreError> {
    let have = vector(db)?.seq(own);
    let sent = theirs.seq(own);
    if have <= sent {
        return Ok(Unsent::default());
    }
    let oldest = crate::store::entries::position_of(&db.connection, own.dot(sent + 1))?;
    let oldest_ms = match oldest {
        Some(pos) => crate::store::entries::at(&db.connection, pos)?.map(|row| row.header.at_ms),
        None => None,
    };
    Ok(Unsent { entries: have - sent, oldest_ms })
}

/// Reads the nodes HQ enrolled, with their names.
pub fn enrolled(db: &Db) -> Result<BTreeMap<NodeId, String>, StoreError> {
    let mut statement = db.connection.prepare_cached("SELECT category, key FROM streams WHERE category = 'node'")?;
    let mut rows = statement.query([])?;
    let mut nodes = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let stream = Stream::parse(&crate::store::streams::name(row, 0, 1)?);
        let Some(Stream::Node(node)) = stream else { continue };
        if let Some(Folded::Node(enrolled)) = load(&db.connection, &Stream::Node(node))?.map(|state| state.folded) {
            nodes.insert(node, enrolled.name);
        }
    }
    Ok(nodes)
}
