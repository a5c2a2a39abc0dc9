//! Taking in the older log after a snapshot: entries whose states are here already.
//!
//! They are verified from the first one on like everything that comes from a peer, and lead to the heads that the
//! snapshot named. They are stored at the positions kept free for them, linked below what came since, and not folded.
//! What had to wait for them is folded anew once the last of them is here.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_sync::{
    Admitted, AdmittedEntry, Batch, Entry, KnownScope, LogId, Problem, StreamName, VersionVector,
};

use super::{Engine, ImportError};
use crate::store::base::{self, Base};
use crate::store::entries::Place;
use crate::store::{StoreError, contexts, entries, erasures, forks, sql, states, streams};

/// How far the older log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Entries that are here.
    pub fetched: u64,
    /// Entries that there are.
    pub of: u64,
    /// Streams that wait for them.
    pub pending: u64,
    /// Whether nothing can be decided before they are here.
    pub all_pending: bool,
}

/// Where the entries of a stream stand that are here.
struct Link {
    /// Number of the stream.
    stream: i64,
    /// The last one of the older log.
    below: Option<i64>,
    /// The first one that came since.
    above: Option<i64>,
}

impl Engine {
    /// How far the older log is; none when all of it is here.
    pub(crate) fn history(&self) -> Option<History> {
        self.base.as_ref().map(|base| History {
            fetched: base.fetched,
            of: base.entries,
            pending: self.waiting.up_to(base.streams).len() as u64,
            all_pending: self.waiting.is_all(),
        })
    }

    /// Stores a batch of the older log, or none of it; returns how far that is.
    pub(super) fn take_history(
        &mut self,
        batch: Batch,
    ) -> Result<Result<VersionVector, ImportError>, StoreError> {
        let Some(mut base) = self.base.take() else { return Ok(Ok(self.vector())) };
        let taken = self.admit_history(&base, batch).and_then(|admitted| match admitted {
            Ok(admitted) => self.store_history(&mut base, &admitted).map(Ok),
            Err(problem) => Ok(Err(problem)),
        });
        let is_whole = base.fetched == base.entries;
        self.base = Some(base);
        if let Err(problem) = taken? {
            return Ok(Err(ImportError::Problem(problem)));
        }
        if is_whole {
            self.end_history()?;
            return Ok(Ok(self.vector()));
        }
        Ok(Ok(self.history_vector()?))
    }

    /// How far the older log is, log by log.
    fn history_vector(&self) -> Result<VersionVector, StoreError> {
        let Some(base) = &self.base else { return Ok(self.vector()) };
        let known = base.history(&self.db, self.identity.scope, &self.logs)?;
        Ok(known.iter().filter_map(|(log, known)| Some((*log, known.head.head()?))).collect())
    }

    /// Verifies a batch against what is here of the older log.
    fn admit_history(&self, base: &Base, batch: Batch) -> Result<Result<Admitted, Problem>, StoreError> {
        let mut known = KnownScope::new(self.identity.scope, self.identity.organiser_key);
        known.logs = base.history(&self.db, self.identity.scope, &self.logs)?;
        known.forks.clone_from(&self.known.forks);
        let mut admitted = match self.admit(&known, batch)? {
            Ok(admitted) => admitted,
            Err(problem) => return Ok(Err(problem)),
        };
        // What comes beyond comes again with everything that is new.
        let folded = base.vector();
        admitted.entries.retain(|admitted| folded.covers(&admitted.entry.dot));
        for AdmittedEntry { entry, signature } in &mut admitted.entries {
            let log = entry.dot.log;
            let (Some(row), Some(head)) = (self.logs.get(&log), base.heads.get(&log)) else { continue };
            if admitted.logs.get(&log).is_none_or(|known| known.certificate != row.certificate) {
                return Ok(Err(Problem::BadSignature(entry.dot)));
            }
            if entry.dot.seq == head.seq {
                if entry.hash != head.hash {
                    return Ok(Err(Problem::Fork(entry.dot)));
                }
                *signature = Some(head.signature);
            }
            if self.find_folded(base, &entry.header.stream)?.is_none() {
                // The snapshot left out a stream.
                return Ok(Err(Problem::Malformed));
            }
        }
        Ok(Ok(admitted))
    }

    fn find_folded(&self, base: &Base, name: &StreamName) -> Result<Option<i64>, StoreError> {
        Ok(streams::find(&self.db, name)?.filter(|stream| base.lacks(*stream)))
    }

    fn store_history(&mut self, base: &mut Base, admitted: &Admitted) -> Result<(), StoreError> {
        let mut links: BTreeMap<StreamName, Link> = BTreeMap::new();
        let mut erased_at = BTreeMap::new();
        for AdmittedEntry { entry, signature } in &admitted.entries {
            let name = &entry.header.stream;
            let entry = &*self.without_what_is_erased(entry, &admitted.erasures)?;
            if !links.contains_key(name) {
                let stream = self.find_folded(base, name)?;
                let stream = stream.ok_or_else(|| StoreError::damaged(format!("{name} is not known")))?;
                links.insert(name.clone(), self.find_link(base, stream)?);
            }
            let link = links.get_mut(name).expect("it was put there");
            let pos = sql::column(base.fetched) + 1;
            let log = self.logs[&entry.dot.log].id;
            let kind = self.kind(&entry.header.kind)?;
            let place = Place { pos, log, stream: link.stream, previous: link.below, kind };
            entries::insert(&self.db, place, entry, signature.as_ref())?;
            link.below = Some(pos);
            base.fetched += 1;
            self.store_context(base, entry, log)?;
            self.recall_folded(entry, link.stream)?;
            if admitted.erasures.contains_key(name) && entry.header.kind == lanyard_sync::ERASURE_KIND {
                erased_at.entry(name.clone()).or_insert(pos);
            }
        }
        for (name, link) in &links {
            match (link.above, link.below) {
                (Some(above), below) => entries::follow(&self.db, above, below)?,
                (None, Some(below)) => states::follow(&self.db, link.stream, below)?,
                (None, None) => {}
            }
            self.states.borrow_mut().forget(name);
        }
        self.hold_history_erasures(admitted, &erased_at)?;
        self.recover_outcomes(&admitted.entries)
    }

    /// HQ ended logs, or forks were found, since the snapshot: its states may count entries that do not count, or
    /// count otherwise.
    fn recall_folded(&mut self, entry: &Entry, stream: i64) -> Result<(), StoreError> {
        let does_not_count = !self.all_logs().counts(entry.dot, &entry.header);
        let all_wait = self.waiting.is_all();
        if all_wait && (does_not_count || self.all_logs().is_beyond_a_fork(entry.dot)) {
            self.waiting.wait(&self.db, stream)?;
        }
        if all_wait && does_not_count {
            forks::forget_tallied(&self.db, &entry.header)?;
        }
        Ok(())
    }

    /// Entries of a log count otherwise from a place on: lets every stream wait if the snapshot folded such entries,
    /// because which streams they are in shows once they are here.
    pub(super) fn wait_for_entries_from(&mut self, log: LogId, from: u64) -> Result<(), StoreError> {
        let head = self.base.as_ref().and_then(|base| base.heads.get(&log));
        if head.is_some_and(|head| from <= head.seq) {
            self.waiting.wait_for_all(&self.db)?;
        }
        Ok(())
    }

    fn find_link(&self, base: &Base, stream: i64) -> Result<Link, StoreError> {
        let mut link = Link { stream, below: None, above: None };
        let mut next = states::last_pos(&self.db, stream)?;
        while let Some(pos) = next.filter(|pos| *pos > states::UNFETCHED) {
            if pos <= sql::column(base.entries) {
                link.below = Some(pos);
                break;
            }
            link.above = Some(pos);
            next = entries::previous(&self.db, pos)?;
        }
        Ok(link)
    }

    /// Keeps what an entry had seen. The head of a log has what the snapshot said until then.
    fn store_context(&self, base: &Base, entry: &Entry, log: i64) -> Result<(), StoreError> {
        let is_head = base.heads.get(&entry.dot.log).is_some_and(|head| head.seq == entry.dot.seq);
        if is_head {
            contexts::forget(&self.db, log, entry.dot.seq)?;
        }
        let Some(delta) = &entry.header.context else { return Ok(()) };
        contexts::insert(&self.db, log, entry.dot.seq, delta, |log| Some(self.logs.get(log)?.id))
    }

    /// An erasure that the snapshot knew gets its entry; one that came ahead since is news.
    fn hold_history_erasures(
        &mut self,
        admitted: &Admitted,
        erased_at: &BTreeMap<StreamName, i64>,
    ) -> Result<(), StoreError> {
        for (name, erasure) in &admitted.erasures {
            let Some(stream) = streams::find(&self.db, name)? else { continue };
            let was_known = erasures::is_erased(&self.db, stream)?;
            let entry = erased_at.get(name).copied();
            if !was_known {
                self.waiting.wait(&self.db, stream)?;
            }
            if !was_known || entry.is_some() {
                self.hold_erasure(stream, name, entry, erasure)?;
            }
        }
        Ok(())
    }

    /// Every entry is here: folds anew what waited, and forgets that there was a snapshot.
    fn end_history(&mut self) -> Result<(), StoreError> {
        let Some(base) = self.base.take() else { return Ok(()) };
        base::forget(&self.db)?;
        self.known.floors.clear();
        // The opening of the own log is the first of its stream if nobody enrolled the node.
        let first_after = sql::column(base.entries) + 1;
        if entries::previous(&self.db, first_after)? == Some(states::UNFETCHED) {
            entries::follow(&self.db, first_after, None)?;
        }
        let mut names = BTreeSet::new();
        for stream in self.waiting.up_to(base.streams) {
            self.waiting.end(&self.db, stream)?;
            names.insert(streams::name_of(&self.db, stream)?);
        }
        self.waiting.end_for_all(&self.db)?;
        self.forget_rows(&names)?;
        for name in &names {
            self.refold(name)?;
        }
        self.save_touched()?;
        if self.has_erasures {
            self.begin_erasing()?;
        }
        tracing::info!(entries = base.entries, waited = names.len(), "the older log is here");
        Ok(())
    }
}
