//! Opening: migrations, continuity, the own epoch, and what is kept in memory. The log is not read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lanyard_domain::{Folded, Stream};
use lanyard_sync::{Epoch, KnownLog, KnownScope, LogHead, LogId, LogWriter, ScopeId};
use rusqlite::Connection;

use super::append::WriteError;
use super::epoch::EpochReason;
use super::fresh::Fresh;
use super::peers::Peers;
use super::states::States;
use super::{Engine, LogInfo, Options};
use crate::checked_heads::CheckedHeads;
use crate::clock::{Draws, Surroundings};
use crate::identity::Identity;
use crate::project::arrivals::Tally;
use crate::search::unindexed;
use crate::store::base::Base;
use crate::store::closed::ClosedLogs;
use crate::store::downgrade::refuse_newer;
use crate::store::incarnation::{self, AdvanceError, Continuity};
use crate::store::migrate::migrate;
use crate::store::outcomes::Outcomes;
use crate::store::waiting::Waiting;
use crate::store::{
    MigrateError, StoreError, entries, forks, logs, meta, open_for_reading, open_for_writing, sql,
};

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database failed.
    #[error("the database cannot be opened")]
    Store(#[from] StoreError),
    /// Its version does not fit this build.
    #[error("the database does not fit this build")]
    Migrate(#[from] MigrateError),
    /// It belongs to another conference.
    #[error("the database belongs to another conference ({found}); use another data directory")]
    OtherScope {
        /// The scope it belongs to.
        found: ScopeId,
    },
    /// The next incarnation cannot be written.
    #[error("the node's incarnation cannot be written")]
    Incarnation(#[from] AdvanceError),
    /// A new epoch cannot be opened.
    #[error("a new epoch cannot be opened")]
    Epoch(#[from] WriteError),
}

impl Engine {
    /// Opens a node's database, making it when there is none. A new node, and one whose database was
    /// copied or restored, opens a new epoch before it writes anything else.
    pub fn open(
        path: &Path,
        identity: Identity,
        options: Options,
        mut surroundings: Surroundings,
    ) -> Result<Self, OpenError> {
        if path.exists() {
            // By a connection that cannot write: even closing another one may move commits into the database.
            refuse_newer(&open_for_reading(path, options.cache_kib)?)?;
        }
        let mut db = open_for_writing(path, options.cache_kib)?;
        migrate(&mut db)?;
        let wal_pages = count_wal_pages(&mut db)?;
        check_scope(&db, identity.scope)?;
        let continuity = incarnation::examine(&db, path, &options.machine)?;
        let draws = &mut Draws::new(&surroundings.seed());
        let scope = identity.scope;
        let placeholder = LogId { node: identity.node, epoch: Epoch(0) };
        let mut engine = Self {
            path: path.to_owned(),
            checked: CheckedHeads::default(),
            known: KnownScope::new(scope, identity.organiser_key),
            log: LogWriter::new(scope, LogHead::empty(scope, placeholder)),
            states: RefCell::new(States::new(options.states_cached)),
            db,
            identity,
            options,
            surroundings,
            skew_ms: None,
            held_until_seq: None,
            waits_for: Arc::default(),
            closed: ClosedLogs::default(),
            base: None,
            waiting: Waiting::default(),
            long_fold: None,
            long_begun: 0,
            long_folded: 0,
            unsigned_pos: None,
            logs: BTreeMap::new(),
            log_infos: Arc::default(),
            kinds: BTreeMap::new(),
            outcomes: Outcomes::default(),
            conference: Arc::default(),
            arrivals: Tally::default(),
            position: 0,
            committed_position: 0,
            local_changes: 0,
            peers: Peers::default(),
            fresh: Fresh::default(),
            wal_pages,
            has_erasures: false,
            erased_ahead: BTreeSet::new(),
            erasing: None,
            unindexed: 0,
        };
        engine.reload()?;
        engine.take_over()?;
        engine.peers = Peers::load(&engine.db)?;
        let is_known = engine.known.logs.contains_key(&engine.own_log());
        let reason = match continuity {
            Continuity::Broken => Some(EpochReason::Restored),
            _ if engine.held_until_seq.is_some() => Some(EpochReason::SetBack),
            Continuity::Shown if is_known => None,
            _ => Some(EpochReason::Enrolled),
        };
        if continuity == Continuity::Broken && engine.identity.is_hq() {
            engine.begin_healing()?;
        }
        if let Some(reason) = reason {
            engine.open_epoch(reason, draws)?;
        }
        engine.tell_reader(draws)?;
        incarnation::advance(&engine.db, path, &engine.options.machine, draws.take())?;
        Ok(engine)
    }

    /// Reads what is kept in memory from the tables, at the start and after a failed commit.
    pub(super) fn reload(&mut self) -> Result<(), StoreError> {
        self.states.borrow_mut().clear();
        self.logs = logs::all(&self.db)?;
        self.log_infos = Arc::new(self.logs.values().map(|row| (row.log, LogInfo::of(row))).collect());
        self.known.logs = logs::known(&self.db, self.identity.scope, &self.logs)?;
        self.known.forks = forks::all(&self.db)?;
        self.closed = ClosedLogs::load(&self.db)?;
        self.base = Base::load(&self.db)?;
        self.take_up_waiting(Waiting::load(&self.db)?);
        self.known.floors = self.base.as_ref().map(Base::floors).unwrap_or_default();
        self.position = entries::last_position(&self.db)?;
        self.committed_position = self.position;
        self.arrivals = Tally::load(&self.db)?;
        self.kinds = load_kinds(&self.db)?;
        self.outcomes = Outcomes::load(&self.db)?;
        self.unsigned_pos = None;
        self.unindexed = unindexed::count(&self.db)?;
        self.reload_erasures()?;
        let conference = self.states.borrow_mut().folded(&self.db, &Stream::Conference)?;
        if let Some(Folded::Conference(configured)) = conference {
            self.conference = Arc::new(configured.conference.clone());
        }
        self.held_until_seq = meta::get::<i64>(&self.db, meta::HELD_UNTIL_SEQ)?.map(sql::counter);
        self.load_healing()?;
        let own = match meta::get::<i64>(&self.db, meta::OWN_EPOCH)? {
            Some(epoch) => LogId { node: self.identity.node, epoch: Epoch(sql::counter(epoch)) },
            None => self.own_log(),
        };
        let head = match self.known.logs.get(&own) {
            Some(known) => known.head.clone(),
            None => LogHead::empty(self.identity.scope, own),
        };
        self.take_up_log(head);
        Ok(())
    }

    /// Goes on writing at a head, having seen everything that is stored.
    pub(super) fn take_up_log(&mut self, head: LogHead) {
        self.log = LogWriter::new(self.identity.scope, head);
        for known in self.known.logs.values() {
            self.log.observe(&known.head);
        }
    }

    /// Takes a new log into the tables kept in memory.
    pub(super) fn insert_log(&mut self, row: logs::LogRow) {
        let infos = Arc::make_mut(&mut self.log_infos);
        infos.insert(row.log, LogInfo::of(&row));
        self.logs.insert(row.log, row);
    }

    /// Brings what is known of the own log up to the head that was written.
    pub(super) fn know_own_head(&mut self) {
        let head = self.log.head().clone();
        let certificate = self.identity.certificate.clone();
        self.known.logs.insert(head.log, KnownLog { head, certificate });
    }
}

fn check_scope(db: &Connection, scope: ScopeId) -> Result<(), OpenError> {
    match meta::get::<[u8; 16]>(db, meta::SCOPE)? {
        Some(found) if found != scope.0 => Err(OpenError::OtherScope { found: ScopeId(found) }),
        Some(_) => Ok(()),
        None => Ok(meta::set(db, meta::SCOPE, scope.0)?),
    }
}

/// Keeps the size of the write-ahead log, in pages, as of the last commit.
fn count_wal_pages(db: &mut Connection) -> Result<Arc<AtomicU64>, StoreError> {
    let pages = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&pages);
    db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
        counted.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }))?;
    Ok(pages)
}

fn load_kinds(db: &Connection) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT name, id FROM kinds")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
