//! What a commit makes known to everybody else in the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lanyard_domain::{Account, Conference};
use lanyard_sync::{LogId, NodeId, VersionVector};

use super::{Arrivals, Erasing, History, Peer};
use crate::store::logs::LogRow;

/// The state of things after a commit; cheap to clone.
#[derive(Clone, Debug)]
pub struct Published {
    /// Position of the last entry in order of arrival.
    pub position: u64,
    /// Number of commits that changed local tables.
    pub local_changes: u64,
    /// What this node has of every log.
    pub vector: Arc<VersionVector>,
    /// The log this node writes.
    pub own_log: LogId,
    /// The conference as configured.
    pub conference: Arc<Conference>,
    /// Every log of the scope that has entries here.
    pub logs: Arc<BTreeMap<LogId, LogInfo>>,
    /// How many of how many are in.
    pub arrivals: Arrivals,
    /// How far this node's clock is ahead of HQ's, milliseconds, where known.
    pub skew_ms: Option<i32>,
    /// What peers have, as they last said.
    pub peers: Arc<BTreeMap<NodeId, Peer>>,
    /// Nodes that a restored HQ waits for before it decides again.
    pub waits_for: Arc<BTreeSet<NodeId>>,
    /// Whether a peer has entries of the own log that are not here: nothing is decided until they are.
    pub is_held: bool,
    /// Whether HQ ended the log of this node: nothing is decided any more.
    pub is_closed: bool,
    /// How far the removal of what is erased is; none when there is nothing to remove.
    pub erasing: Option<Erasing>,
    /// How far the older log is after a snapshot; none when every entry is here.
    pub history: Option<History>,
    /// Long streams that are being folded anew beside the work and are not decided on meanwhile.
    pub folding: u64,
    /// Number of those that were put in place since the start: what is read of them changed without an entry.
    pub folded: u64,
    /// Attendees and orders of a snapshot that are still to be indexed: a search finds them, and takes longer.
    pub unindexed: u64,
    /// Whether nothing is here but the opening of the own log.
    pub is_fresh: bool,
}

/// Who writes a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogInfo {
    /// What people call its writer.
    pub name: String,
    /// Whether its writer is HQ.
    pub authority: bool,
    /// Place among the logs in order of arrival here.
    pub arrival: i64,
}

impl LogInfo {
    pub(crate) fn of(row: &LogRow) -> Self {
        Self { name: row.name.clone(), authority: row.authority, arrival: row.id }
    }
}

impl Published {
    /// Whether this node may decide: its log goes on, and it waits for nobody.
    pub fn decides(&self) -> bool {
        let has_states = self.history.is_none_or(|history| !history.all_pending);
        !self.is_closed && self.waits_for.is_empty() && has_states
    }

    /// The account whose seat rights this node spends.
    pub fn own_account(&self) -> Account {
        let is_hq = self.logs.get(&self.own_log).is_some_and(|info| info.authority);
        if is_hq { Account::Hq } else { Account::Venue(self.own_log) }
    }

    /// What people call the writer of a log; a short form of its id while it is unknown.
    pub fn log_name(&self, log: &LogId) -> String {
        self.logs.get(log).map_or_else(|| self.node_name(&log.node), |info| info.name.clone())
    }

    /// What people call a node; a short form of its id while it is unknown.
    pub fn node_name(&self, node: &NodeId) -> String {
        let known = self.logs.iter().find(|(log, _)| log.node == *node);
        known.map_or_else(|| node.to_string()[..8].to_owned(), |(_, info)| info.name.clone())
    }

    /// HQ's node, once an entry of it arrived.
    pub fn authority_node(&self) -> Option<NodeId> {
        self.logs.iter().find(|(_, info)| info.authority).map(|(log, _)| log.node)
    }

    /// What people call whoever an account belongs to.
    pub fn account_name(&self, account: &Account) -> String {
        match account {
            Account::Venue(log) => self.log_name(log),
            Account::Hq => {
                let hq = self.logs.values().find(|info| info.authority);
                hq.map_or_else(|| "HQ".to_owned(), |info| info.name.clone())
            }
        }
    }
}
