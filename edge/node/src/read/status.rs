//! Status: vectors, what waits to be sent, sums.

use std::collections::BTreeMap;

use lanyard_domain::fold::EnrolledNode;
use lanyard_domain::{Folded, Stream};
use lanyard_sync::{LogId, NodeId, VersionVector};
use rusqlite::OptionalExtension as _;

use super::state::load;
use super::{Read, ReadError};
use crate::engine::Arrivals;
use crate::project::arrivals::Tally;
use crate::store::{StoreError, entries, logs, sql, streams};

/// Entries of this node that a peer does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsent {
    /// How many.
    pub entries: u64,
    /// Writing time of the oldest, Unix milliseconds.
    pub oldest_ms: Option<i64>,
}

impl Read<'_> {
    /// Reads what this node has of every log.
    pub fn vector(&self) -> Result<VersionVector, ReadError> {
        Ok(logs::vector(self.db)?)
    }

    /// Counts all entries.
    pub fn entries(&self) -> Result<u64, ReadError> {
        Ok(sql::counter(entries::last_position(self.db)?))
    }

    /// Reads how many of how many are in.
    pub fn arrivals(&self) -> Result<Arrivals, ReadError> {
        Ok(Tally::load(self.db)?.arrivals())
    }

    /// Reads what a peer said last that it has, as far as it was written down.
    pub fn heard_from(&self, peer: NodeId) -> Result<Option<VersionVector>, ReadError> {
        let mut statement = self.db.prepare_cached("SELECT vector FROM peers WHERE node = ?1")?;
        let vector: Option<Vec<u8>> =
            statement.query_row([peer.as_bytes().as_slice()], |row| row.get(0)).optional()?;
        let decode = |bytes: Vec<u8>| VersionVector::decode(&bytes);
        let vector = vector.map(decode).transpose();
        Ok(vector.map_err(|_| StoreError::damaged("the vector of a peer cannot be read"))?)
    }

    /// Counts the entries of a log that a vector lacks.
    pub fn unsent(&self, own: &LogId, theirs: &VersionVector) -> Result<Unsent, ReadError> {
        let (have, sent) = (self.vector()?.seq(own), theirs.seq(own));
        if have <= sent {
            return Ok(Unsent::default());
        }
        let oldest = entries::position_of(self.db, own.dot(sent + 1))?;
        let oldest = oldest.map_or(Ok(None), |pos| entries::at(self.db, pos))?;
        Ok(Unsent { entries: have - sent, oldest_ms: oldest.map(|row| row.header.at_ms) })
    }

    /// Reads the nodes HQ enrolled, with their names.
    pub fn enrolled(&self) -> Result<BTreeMap<NodeId, String>, ReadError> {
        self.of_nodes(|node| node.name.clone())
    }

    /// Reads which reader each node is, as it said.
    pub fn readers(&self) -> Result<BTreeMap<NodeId, u16>, ReadError> {
        self.of_nodes(EnrolledNode::reader)
    }

    fn of_nodes<T>(self, wanted: impl Fn(&EnrolledNode) -> T) -> Result<BTreeMap<NodeId, T>, ReadError> {
        let mut nodes = BTreeMap::new();
        for name in streams::of_category(self.db, "node")? {
            let Some(Stream::Node(node)) = Stream::parse(&name) else { continue };
            if let Some(Folded::Node(enrolled)) =
                load(self.db, &Stream::Node(node))?.map(|state| state.folded)
            {
                nodes.insert(node, wanted(&enrolled));
            }
        }
        Ok(nodes)
    }
}
