//! What peers are told and sent: prefixes of entries and batches of what they lack.

use std::collections::BTreeMap;

use lanyard_sync::{Batch, BatchBuilder, Dot, Erasure, LogId, Part, Pushed, ScopeId, VersionVector};

use super::{Read, ReadError};
use crate::store::closed::ClosedLogs;
use crate::store::entries::EntryRow;
use crate::store::{StoreError, entries, erasures, forks, logs, meta};

/// Entries that are read at once.
const CHUNK: usize = 256;

impl Read<'_> {
    /// The scope of the database.
    pub fn scope(&self) -> Result<ScopeId, ReadError> {
        let scope = meta::get(self.db, meta::SCOPE)?.map(ScopeId);
        Ok(scope.ok_or_else(|| StoreError::damaged("the database names no scope"))?)
    }

    /// The first bytes of an entry's hash; none when it is not here.
    pub fn entry_prefix(&self, dot: Dot) -> Result<Option<[u8; 8]>, ReadError> {
        Ok(entries::stored_head(self.db, dot)?.map(|head| head.hash.prefix()))
    }

    /// Every log that is known to have two branches, with the first sequence number that differs.
    pub fn forks(&self) -> Result<BTreeMap<LogId, u64>, ReadError> {
        Ok(forks::all(self.db)?)
    }

    /// Logs that are over, and nodes that are retired.
    pub fn closed_logs(&self) -> Result<ClosedLogs, ReadError> {
        Ok(ClosedLogs::load(self.db)?)
    }

    /// Where a log is known to have two branches.
    pub fn fork_of(&self, log: LogId) -> Result<Option<u64>, ReadError> {
        Ok(self.forks()?.get(&log).copied())
    }

    /// Builds the next batch of what a vector lacks, in order of arrival; none when it lacks nothing.
    pub fn batch_after(&self, theirs: &VersionVector) -> Result<Option<Batch>, ReadError> {
        let Some(mut after) = self.before_first_missing(theirs)? else { return Ok(None) };
        let mut builder = BatchBuilder::new(self.scope()?);
        'reading: loop {
            let rows = entries::after(self.db, after, CHUNK)?;
            let Some(last) = rows.last() else { break };
            after = last.pos;
            for row in rows {
                if theirs.covers(&row.dot) {
                    continue;
                }
                if let Some(erasure) = self.unseen_erasure(&row, theirs)? {
                    builder.vouch(erasure);
                }
                let mut failure = None;
                let hash_of = |dot| {
                    entries::stored_head(self.db, dot)
                        .map_err(|error| failure = Some(error))
                        .ok()?
                        .map(|head| head.hash)
                };
                let pushed = builder.push(row.into(), hash_of);
                if let Some(error) = failure {
                    return Err(error.into());
                }
                if pushed.map_err(|error| StoreError::damaged(error.to_string()))? == Pushed::Full {
                    break 'reading;
                }
            }
        }
        Ok(builder.finish().map_err(|error| StoreError::damaged(error.to_string()))?)
    }

    /// The word that erased the personal part of an entry, unless whoever has this vector has the entry that
    /// says so.
    fn unseen_erasure(self, row: &EntryRow, theirs: &VersionVector) -> Result<Option<Erasure>, StoreError> {
        if !matches!(row.payload.personal, Some(Part::Absent { .. })) {
            return Ok(None);
        }
        let held = erasures::find(self.db, &row.header.stream)?;
        let is_seen = |entry: &Dot| theirs.covers(entry);
        Ok(held.filter(|held| !held.entry.as_ref().is_some_and(is_seen)).map(|held| held.erasure))
    }

    /// The position before the first entry that a vector lacks, found by one lookup a log.
    fn before_first_missing(self, theirs: &VersionVector) -> Result<Option<i64>, ReadError> {
        let mut first = None;
        for (log, head) in logs::vector(self.db)?.iter() {
            let sent = theirs.seq(&log);
            if head.seq <= sent {
                continue;
            }
            let pos = entries::position_of(self.db, log.dot(sent + 1))?;
            let pos =
                pos.ok_or_else(|| StoreError::damaged(format!("entry {} is missing", log.dot(sent + 1))))?;
            first = Some(first.map_or(pos, |first: i64| first.min(pos)));
        }
        Ok(first.map(|pos| pos - 1))
    }
}
