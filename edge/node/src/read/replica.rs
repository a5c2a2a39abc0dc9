//! What peers are told and sent: prefixes of entries and batches of what they lack. Nothing damaged is sent: what
//! arrived before the first damaged entry is, and then that entry is told as an error.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_sync::{Batch, Dot, Erasure, Head, LogId, Part, Pushed, ScopeId, VersionVector};

use super::sending::Sending;
use super::{Read, ReadError};
use crate::branch::Start;
use crate::store::base::Base;
use crate::store::closed::{self, ClosedLogs};
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

    /// What tells which of two branches stands, of the entry that one of them begins with; none when it is not here.
    pub fn branch_start(&self, dot: Dot) -> Result<Option<Start>, ReadError> {
        Ok(entries::branch_start(self.db, dot)?)
    }

    /// The last entry of a log; none when none is here.
    pub fn head_of(&self, log: LogId) -> Result<Option<Head>, ReadError> {
        Ok(logs::vector(self.db)?.head(&log))
    }

    /// Every log that is known to have two branches, with the first sequence number that differs.
    pub fn forks(&self) -> Result<BTreeMap<LogId, u64>, ReadError> {
        Ok(forks::all(self.db)?)
    }

    /// Logs that are over, and nodes that are retired.
    pub fn closed_logs(&self) -> Result<ClosedLogs, ReadError> {
        Ok(ClosedLogs::load(self.db)?)
    }

    /// The logs nobody writes to any more, as far as is known here: HQ ended them, or a later one of their node came.
    pub fn past_logs(&self) -> Result<BTreeSet<LogId>, ReadError> {
        Ok(closed::past_logs(self.db)?)
    }

    /// Where a log is known to have two branches.
    pub fn fork_of(&self, log: LogId) -> Result<Option<u64>, ReadError> {
        Ok(self.forks()?.get(&log).copied())
    }

    /// What was found to be damaged when it was to be sent.
    pub fn damage(&self) -> Result<Option<String>, ReadError> {
        Ok(meta::get(self.db, meta::DAMAGED)?)
    }

    /// The first entries that can be sent of logs whose older entries are still to come.
    pub fn floors(&self) -> Result<BTreeMap<LogId, u64>, ReadError> {
        Ok(Base::load(self.db)?.map(|base| base.floors()).unwrap_or_default())
    }

    /// How far the older log is and how far it has to come, log by log; none when every entry is here.
    pub fn wanted_history(&self) -> Result<Option<(VersionVector, VersionVector)>, ReadError> {
        let Some(base) = Base::load(self.db)? else { return Ok(None) };
        let known = base.history(self.db, self.scope()?, &logs::all(self.db)?)?;
        let have = known.iter().filter_map(|(log, known)| Some((*log, known.head.head()?)));
        Ok(Some((have.collect(), base.vector())))
    }

    /// Builds the next batch of what a vector lacks, in order of arrival; none when it lacks nothing, or something
    /// that is still to come here.
    ///
    /// # Errors
    /// When the first entry to be sent is damaged, or the store cannot be read.
    pub fn batch_after(&self, theirs: &VersionVector) -> Result<Option<Batch>, ReadError> {
        self.batch_between(theirs, None)
    }

    /// Builds the next batch of what a vector lacks of what another one has; each log ends where it was next signed.
    ///
    /// # Errors
    /// As [`Self::batch_after`].
    pub fn history_after(
        &self,
        theirs: &VersionVector,
        until: &VersionVector,
    ) -> Result<Option<Batch>, ReadError> {
        let here = self.vector()?;
        let mut ends = VersionVector::default();
        for (log, head) in until.iter() {
            let Some(last) = here.head(&log).filter(|_| theirs.seq(&log) < head.seq) else { continue };
            let seq = entries::signed_from(self.db, log.dot(head.seq))?.unwrap_or(last.seq);
            ends.set(log, Head { seq, ..head });
        }
        self.batch_between(theirs, Some(&ends))
    }

    fn batch_between(
        self,
        theirs: &VersionVector,
        until: Option<&VersionVector>,
    ) -> Result<Option<Batch>, ReadError> {
        let is_sent = |dot: &Dot| theirs.covers(dot) || until.is_some_and(|until| !until.covers(dot));
        if self.floors()?.iter().any(|(log, floor)| theirs.seq(log) + 1 < *floor) {
            return Ok(None);
        }
        let Some(mut after) = self.before_first_missing(theirs, until)? else { return Ok(None) };
        let mut sending = Sending::begin(self)?;
        let damage = 'reading: loop {
            let found = entries::found_after(self.db, after, CHUNK)?;
            let Some(last) = found.last() else { break None };
            after = last.pos;
            for row in found {
                if row.dot.as_ref().is_some_and(is_sent) {
                    continue;
                }
                let erasure = match &row.entry {
                    Ok(entry) => self.unseen_erasure(entry, theirs)?,
                    Err(_) => None,
                };
                if let Some(erasure) = erasure {
                    sending.vouch(erasure);
                }
                match row.entry.and_then(|entry| sending.push(entry.into())) {
                    Ok(Pushed::Taken) => {}
                    Ok(Pushed::Full) => break 'reading None,
                    Err(error) => break 'reading Some(error),
                }
            }
        };
        match (sending.finish()?, damage) {
            (Some(batch), _) => Ok(Some(batch)),
            (None, Some(damage)) => Err(damage.into()),
            (None, None) => Err(StoreError::damaged("no signed head follows what is to be sent").into()),
        }
    }

    /// The word that erased the personal part of an entry, unless whoever has this vector has the entry that
    /// says so.
    pub(crate) fn unseen_erasure(
        self,
        row: &EntryRow,
        theirs: &VersionVector,
    ) -> Result<Option<Erasure>, StoreError> {
        if !matches!(row.payload.personal, Some(Part::Absent { .. })) {
            return Ok(None);
        }
        let held = erasures::find(self.db, &row.header.stream)?;
        let is_seen = |entry: &Dot| theirs.covers(entry);
        Ok(held.filter(|held| !held.entry.as_ref().is_some_and(is_seen)).map(|held| held.erasure))
    }

    /// The position before the first entry that a vector lacks, found by one lookup a log.
    fn before_first_missing(
        self,
        theirs: &VersionVector,
        until: Option<&VersionVector>,
    ) -> Result<Option<i64>, ReadError> {
        let mut first = None;
        for (log, head) in logs::vector(self.db)?.iter() {
            let sent = theirs.seq(&log);
            if until.map_or(head.seq, |until| head.seq.min(until.seq(&log))) <= sent {
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
