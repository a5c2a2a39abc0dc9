//! What a snapshot brought, while the entries it was folded from are still to come.
//!
//! Responsible for knowing up to where that is, and which positions are kept free for them. Once they are here, nothing
//! of it is left: the database is as if it had got them first.

use std::collections::BTreeMap;

use lanyard_sync::{
    Hash, KnownLog, LogContext, LogHead, LogId, ScopeId, Signature, StoredHead, VersionVector,
};
use rusqlite::Connection;

use super::logs::LogRow;
use super::{StoreError, contexts, meta, sql};

/// The last entry of a log that was folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BaseHead {
    /// Number of the log.
    pub(crate) log: i64,
    pub(crate) seq: u64,
    pub(crate) lamport: u64,
    pub(crate) hash: Hash,
    pub(crate) signature: Signature,
}

/// What a snapshot brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) heads: BTreeMap<LogId, BaseHead>,
    /// Entries it was folded from: as many positions are kept free.
    pub(crate) entries: u64,
    /// Those that are here, at the first positions.
    pub(crate) fetched: u64,
    /// Number of the last stream that it knew.
    pub(crate) streams: i64,
}

impl Base {
    /// Reads it; none when every entry is here that is folded.
    pub(crate) fn load(db: &Connection) -> Result<Option<Self>, StoreError> {
        let mut heads = BTreeMap::new();
        let mut statement = db.prepare_cached(
            "SELECT l.node, l.epoch, b.log, b.seq, b.lamport, b.hash, b.signature FROM base b \
             JOIN logs l ON l.id = b.log",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (seq, lamport): (i64, i64) = (row.get(3)?, row.get(4)?);
            let head = BaseHead {
                log: row.get(2)?,
                seq: sql::counter(seq),
                lamport: sql::counter(lamport),
                hash: sql::hash(row, 5)?,
                signature: Signature(sql::bytes(row, 6)?),
            };
            heads.insert(sql::log_id(row, 0, 1)?, head);
        }
        if heads.is_empty() {
            return Ok(None);
        }
        let entries = heads.values().map(|head| head.seq).sum();
        let fetched: i64 = db
            .prepare_cached("SELECT coalesce(max(pos), 0) FROM entries WHERE pos <= ?1")?
            .query_row([sql::column(entries)], |row| row.get(0))?;
        Ok(Some(Self {
            heads,
            entries,
            fetched: sql::counter(fetched),
            streams: meta::get(db, meta::BASE_STREAMS)?.unwrap_or(0),
        }))
    }

    /// Up to where each log was folded.
    pub(crate) fn vector(&self) -> VersionVector {
        let head = |head: &BaseHead| lanyard_sync::Head::new(head.seq, &head.hash);
        self.heads.iter().map(|(log, base)| (*log, head(base))).collect()
    }

    /// The first entries of the logs that somebody has to have before they can be sent what is here.
    pub(crate) fn floors(&self) -> BTreeMap<LogId, u64> {
        self.heads.iter().map(|(log, head)| (*log, head.seq + 1)).collect()
    }

    /// Whether entries of a stream may be missing.
    pub(crate) const fn lacks(&self, stream: i64) -> bool {
        stream <= self.streams
    }

    /// How far the entries are here: the heads that the next ones follow.
    pub(crate) fn history(
        &self,
        db: &Connection,
        scope: ScopeId,
        logs: &BTreeMap<LogId, LogRow>,
    ) -> Result<BTreeMap<LogId, KnownLog>, StoreError> {
        let mut known = BTreeMap::new();
        for (log, base) in &self.heads {
            let row = logs.get(log).ok_or_else(|| StoreError::damaged(format!("log {log} has no number")))?;
            if let Some(head) = last_up_to(db, scope, row, base.seq, logs)? {
                known.insert(*log, KnownLog { head, certificate: row.certificate.clone() });
            }
        }
        Ok(known)
    }
}

/// The last entry of a log up to a place; none when nothing of it is here.
fn last_up_to(
    db: &Connection,
    scope: ScopeId,
    row: &LogRow,
    up_to: u64,
    logs: &BTreeMap<LogId, LogRow>,
) -> Result<Option<LogHead>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT seq, hash, lamport FROM entries WHERE log = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1",
    )?;
    let mut rows = statement.query((row.id, sql::column(up_to)))?;
    let Some(last) = rows.next()? else { return Ok(None) };
    let (seq, lamport): (i64, i64) = (last.get(0)?, last.get(2)?);
    let (seq, hash) = (sql::counter(seq), sql::hash(last, 1)?);
    let mut seen = VersionVector::default();
    for peer in logs.values() {
        if let Some(head) = contexts::seen(db, row.id, seq, peer.id)? {
            seen.set(peer.log, head);
        }
    }
    let empty = LogHead::empty(scope, row.log);
    Ok(Some(LogHead { seq, hash, lamport: sql::counter(lamport), context: LogContext::new(seen), ..empty }))
}

/// Keeps the heads of a snapshot.
pub(crate) fn insert(db: &Connection, head: &BaseHead) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO base (log, seq, lamport, hash, signature) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((
        head.log,
        sql::column(head.seq),
        sql::column(head.lamport),
        head.hash.as_bytes().as_slice(),
        head.signature.as_bytes().as_slice(),
    ))?;
    Ok(())
}

/// Forgets the snapshot, once every entry is here.
pub(crate) fn forget(db: &Connection) -> Result<(), StoreError> {
    db.execute_batch("DELETE FROM base")?;
    meta::forget(db, meta::BASE_STREAMS)
}

/// The last entry of a log that was folded.
pub(crate) fn head(db: &Connection, log: i64) -> Result<Option<(u64, StoredHead)>, StoreError> {
    let mut statement = db.prepare_cached("SELECT seq, hash, lamport FROM base WHERE log = ?1")?;
    let mut rows = statement.query([log])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (seq, lamport): (i64, i64) = (row.get(0)?, row.get(2)?);
    let head = StoredHead { hash: sql::hash(row, 1)?, lamport: sql::counter(lamport) };
    Ok(Some((sql::counter(seq), head)))
}
