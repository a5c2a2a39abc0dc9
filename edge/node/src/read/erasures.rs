//! Who was erased, and which nodes have removed it.

use std::collections::BTreeMap;

use lanyard_domain::{Folded, Stream};
use lanyard_sync::{Dot, LogId, NodeId};
use serde::Serialize;

use super::state::load;
use super::{Read, ReadError};
use crate::store::{StoreError, contexts, logs, sql};

/// How far erasures are, over all nodes as far as this one knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Erasures {
    /// Attendees that were erased.
    pub attendees: u64,
    /// Streams that are erased here by a word that came ahead of its entry, in the midst of catching up.
    pub ahead: u64,
    /// Every node that has written here, by name.
    pub nodes: Vec<NodeErasures>,
}

/// How far one node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeErasures {
    /// What people call it.
    pub node: String,
    /// Attendees whose words it has not said to have removed.
    pub remaining: u64,
}

impl Read<'_> {
    /// Tells which nodes have removed what was erased.
    pub fn erasures(&self) -> Result<Erasures, ReadError> {
        let erased = self.erased()?;
        let all = logs::all(self.db)?;
        let mut latest: BTreeMap<NodeId, &logs::LogRow> = BTreeMap::new();
        for row in all.values() {
            let last = latest.entry(row.log.node).or_insert(row);
            if row.id > last.id {
                *last = row;
            }
        }
        let mut nodes = Vec::new();
        for row in latest.into_values() {
            let node =
                NodeErasures { node: row.name.clone(), remaining: self.remaining(row, &all, &erased)? };
            nodes.push(node);
        }
        nodes.sort_by(|one, other| one.node.cmp(&other.node));
        let attendees = erased.values().map(|seqs| seqs.len() as u64).sum();
        Ok(Erasures { attendees, ahead: crate::store::erasures::ahead(self.db)?.len() as u64, nodes })
    }

    /// Sequence numbers of the entries that erase attendees, by log.
    fn erased(self) -> Result<BTreeMap<LogId, Vec<u64>>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT l.node, l.epoch, e.seq FROM erasures r JOIN streams s ON s.id = r.stream \
             JOIN entries e ON e.pos = r.entry JOIN logs l ON l.id = e.log WHERE s.category = 'attendee'",
        )?;
        let mut rows = statement.query([])?;
        let mut erased: BTreeMap<LogId, Vec<u64>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get(2)?;
            erased.entry(sql::log_id(row, 0, 1)?).or_default().push(sql::counter(seq));
        }
        Ok(erased)
    }

    /// Counts what a node had not seen when it last said that everything is gone from it.
    fn remaining(
        self,
        node: &logs::LogRow,
        all: &BTreeMap<LogId, logs::LogRow>,
        erased: &BTreeMap<LogId, Vec<u64>>,
    ) -> Result<u64, StoreError> {
        let said = self.erased_up_to(node.log)?;
        let mut remaining = 0;
        for (log, seqs) in erased {
            let seen = match said {
                None => 0,
                Some(said) if said.log == *log => said.seq,
                Some(said) => match all.get(log) {
                    Some(peer) => {
                        contexts::seen(self.db, node.id, said.seq, peer.id)?.map_or(0, |head| head.seq)
                    }
                    None => 0,
                },
            };
            remaining += seqs.iter().filter(|seq| **seq > seen).count() as u64;
        }
        Ok(remaining)
    }

    /// The last word of a log that everything is gone; that of an earlier epoch is about another database.
    fn erased_up_to(self, log: LogId) -> Result<Option<Dot>, StoreError> {
        let state = load(self.db, &Stream::Node(log.node))?;
        let said = state.and_then(|state| match state.folded {
            Folded::Node(node) => node.erased_up_to,
            _ => None,
        });
        Ok(said.filter(|said| said.log == log))
    }
}
