//! The engine: the one writer of a node's database.
//!
//! Responsible for deciding commands against the folded states, for appending what follows to the own
//! log, for taking in what peers wrote, and for keeping states and projections in step with the log, in
//! one transaction a group. It owns the connection that writes; nothing of it happens by itself, and it takes time
//! and entropy from its [`Surroundings`], so that a simulation can drive it.

mod adopt;
mod append;
mod change_locally;
mod closed;
#[cfg(test)]
mod closed_tests;
mod commit;
mod decide;
#[cfg(test)]
mod document_tests;
mod due;
mod epoch;
mod erase;
#[cfg(test)]
mod erase_tests;
pub(crate) mod fold;
pub(crate) mod folding;
#[cfg(test)]
mod fork_order_tests;
#[cfg(test)]
mod fork_tests;
pub(crate) mod fresh;
#[cfg(test)]
mod full_disk_tests;
mod healing;
mod history;
mod import;
mod indexing;
#[cfg(test)]
mod indexing_tests;
mod make_way;
mod open;
mod options;
mod peers;
mod published;
mod recovered;
mod refold;
#[cfg(test)]
mod refold_tests;
mod reissued;
mod set_aside;
#[cfg(test)]
mod snapshot_properties;
#[cfg(test)]
pub(crate) mod snapshot_tests;
pub(crate) mod states;
mod submission;
#[cfg(test)]
pub(crate) mod test_node;
#[cfg(test)]
mod tests;
mod upgrade;
#[cfg(test)]
mod upgrade_tests;
pub(crate) mod view;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lanyard_domain::{Account, Conference, FreshCheckIn};
use lanyard_sync::{KnownScope, LogId, LogWriter, NodeId, ScopeId, StreamName, VersionVector};
use rusqlite::Connection;

pub use append::WriteError;
pub use commit::GROUP_MAX;
pub use erase::Erasing;
pub use history::History;
pub use open::OpenError;
pub use options::Options;
pub use peers::Peer;
pub use published::{LogInfo, Published};
pub use submission::{
    Answer, Arrivals, Committed, EventLine, ImportError, LocalAnswer, LocalChange, PrintQuestion, PrintState,
    Reply, Submission, SubmitError, Submitted,
};

pub use crate::store::last_import::LastImport;

use crate::checked_heads::CheckedHeads;
use crate::clock::Surroundings;
use crate::identity::Identity;
use crate::project::arrivals::Tally;
use crate::read::Reader;
use crate::rebuild::{Rebuilt, rebuild};
use crate::store::base::Base;
use crate::store::closed::ClosedLogs;
use crate::store::logs::LogRow;
use crate::store::outcomes::Outcomes;
use crate::store::waiting::Waiting;
use crate::store::{StoreError, checkpoint, sql};
use fold::Logs;
use fresh::Fresh;
use peers::Peers;
use refold::LongFold;
use states::States;

/// The writer of one node's database.
pub struct Engine {
    db: Connection,
    path: PathBuf,
    identity: Identity,
    options: Options,
    surroundings: Surroundings,
    skew_ms: Option<i32>,
    log: LogWriter,
    /// How far a peer has the own log, while this node has less of it: nothing is decided.
    held_until_seq: Option<u64>,
    /// Nodes that may know what a restored HQ forgot: nothing is decided.
    waits_for: Arc<BTreeSet<NodeId>>,
    closed: ClosedLogs,
    /// What a snapshot brought, while the older log is still to come.
    base: Option<Base>,
    /// Streams that are to be folded anew.
    waiting: Waiting,
    /// The one of them that is being folded.
    long_fold: Option<Box<LongFold>>,
    /// The one that was begun last, and how many were put in place.
    long_begun: i64,
    long_folded: u64,
    /// Position of the last own entry, while its head is not signed.
    unsigned_pos: Option<i64>,
    logs: BTreeMap<LogId, LogRow>,
    log_infos: Arc<BTreeMap<LogId, LogInfo>>,
    known: KnownScope,
    /// Shared with who sends.
    checked: CheckedHeads,
    kinds: BTreeMap<String, i64>,
    outcomes: Outcomes,
    states: RefCell<States>,
    conference: Arc<Conference>,
    arrivals: Tally,
    position: i64,
    committed_position: i64,
    local_changes: u64,
    peers: Peers,
    fresh: Fresh,
    wal_pages: Arc<AtomicU64>,
    has_erasures: bool,
    /// Streams that are erased by a word that came ahead of its entry.
    erased_ahead: BTreeSet<StreamName>,
    erasing: Option<Erasing>,
    /// Rows of a snapshot whose words are still to be indexed.
    unindexed: u64,
}

impl Engine {
    /// The node's identity.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The scope it writes to.
    pub const fn scope(&self) -> ScopeId {
        self.identity.scope
    }

    /// The log it writes.
    pub const fn own_log(&self) -> LogId {
        self.log.head().log
    }

    /// The account whose seat rights it spends.
    pub fn account(&self) -> Account {
        if self.identity.is_hq() { Account::Hq } else { Account::Venue(self.own_log()) }
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the database for reading.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open_beside(&self.path, self.checked.clone())
    }

    /// What was chosen about it.
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// What this node has of every log.
    pub fn vector(&self) -> VersionVector {
        let mut vector = self.known.vector();
        if let Some(head) = self.log.head().head() {
            vector.set(self.own_log(), head);
        }
        vector
    }

    /// Every log, with what is known of its branches.
    const fn all_logs(&self) -> Logs<'_> {
        Logs { rows: &self.logs, forks: &self.known.forks, closed: &self.closed }
    }

    /// Position of the last entry in order of arrival.
    pub const fn position(&self) -> u64 {
        sql::counter(self.position)
    }

    /// What readers and live updates follow.
    pub fn published(&self) -> Published {
        Published {
            position: self.position(),
            local_changes: self.local_changes,
            vector: Arc::new(self.vector()),
            own_log: self.own_log(),
            conference: Arc::clone(&self.conference),
            logs: Arc::clone(&self.log_infos),
            arrivals: self.arrivals.arrivals(),
            skew_ms: self.skew_ms,
            peers: self.peers.known(),
            waits_for: Arc::clone(&self.waits_for),
            is_held: self.held_until_seq.is_some(),
            is_closed: self.closed.is_over(&self.own_log()),
            erasing: self.erasing,
            history: self.history(),
            folding: self.folding(),
            folded: self.long_folded,
            unindexed: self.unindexed,
            is_fresh: self.is_fresh(),
        }
    }

    /// Check-ins of the last commits that peers are to be told of.
    pub fn take_fresh(&mut self) -> Vec<FreshCheckIn> {
        self.fresh.take_to_tell()
    }

    /// The clock it was given, Unix milliseconds.
    pub fn now_ms(&mut self) -> i64 {
        self.surroundings.now_ms()
    }

    /// The connection, for rows that are in no log and that a repair takes over.
    pub(crate) const fn connection_for_repair(&self) -> &Connection {
        &self.db
    }

    /// Outcomes beside the connection they are kept over, for a repair.
    pub(crate) const fn outcomes_for_repair(&mut self) -> (&Connection, &mut Outcomes) {
        (&self.db, &mut self.outcomes)
    }

    /// The connection, to damage things in tests.
    #[cfg(test)]
    pub(crate) const fn connection(&self) -> &Connection {
        &self.db
    }

    /// Makes every state and projection again from the log, all at once for whoever reads.
    ///
    /// # Errors
    /// When the store fails or not every entry is here; everything is then as it was.
    pub fn rebuild(&mut self) -> Result<Rebuilt, StoreError> {
        if self.base.is_some() {
            return Err(StoreError::HistoryMissing);
        }
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        let rebuilt = rebuild(&self.db, self.account());
        self.db.execute_batch(if rebuilt.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        self.reload()?;
        rebuilt
    }

    /// Size of the write-ahead log after the last commit, in pages.
    pub(crate) fn wal_pages(&self) -> u64 {
        self.wal_pages.load(Ordering::Relaxed)
    }

    /// Moves commits into the database; returns whether all of them were moved.
    pub fn checkpoint(&self) -> Result<bool, StoreError> {
        checkpoint::copy(&self.db)
    }
}
