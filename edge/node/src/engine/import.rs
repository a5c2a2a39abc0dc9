//! Taking in what a peer sent: append, fold what sorts last, fold anew what does not. Nothing is
//! emitted: what follows from imported entries is in the fold.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use lanyard_domain::import::ROW_KIND;
use lanyard_sync::{
    Admitted, AdmittedEntry, Batch, Dot, ERASURE_KIND, Entry, Erasure, ForkNotice, KnownScope, LogContext,
    LogId, Part, Problem, SignedHead, StreamName, VersionVector, admit_with,
};

use super::append::may_apply;
use super::fold::{Logs, Meaning, fold_next, meaning, placed};
use super::fresh::is_here;
use super::healing::enrolled_by;
use super::{Engine, ImportError};
use crate::fault::{Fault, is_planted};
use crate::release;
use crate::store::entries::Place;
use crate::store::states::Last;
use crate::store::{StoreError, contexts, entries, erasures, last_import, logs, streams};

/// What is kept in mind while a batch is stored.
struct Storing<'a> {
    /// What the batch says is erased.
    erasures: &'a BTreeMap<StreamName, Erasure>,
    contexts: BTreeMap<LogId, LogContext>,
    to_refold: BTreeSet<StreamName>,
    /// Where the entries stand that erase.
    erased_at: BTreeMap<StreamName, i64>,
}

impl Engine {
    /// Stores a batch, or none of it.
    pub(super) fn import(&mut self, batch: Batch) -> Result<Result<VersionVector, ImportError>, StoreError> {
        self.know_own_head();
        match self.admit(&self.known, batch)? {
            Ok(admitted) => {
                // The entries follow the own ones of this group, whose head has to be signed before.
                self.sign_head()?;
                self.note_signed(&admitted);
                if !is_planted(Fault::BatchLost) {
                    self.store(admitted)?;
                }
                Ok(Ok(self.vector()))
            }
            Err(problem) => Ok(Err(ImportError::Problem(problem))),
        }
    }

    /// Verifies a batch against what is known of a scope, with what is stored here.
    pub(super) fn admit(
        &self,
        known: &KnownScope,
        batch: Batch,
    ) -> Result<Result<Admitted, Problem>, StoreError> {
        let failure = RefCell::new(None);
        let stored = |dot| {
            entries::stored_head(&self.db, dot).unwrap_or_else(|error| {
                failure.borrow_mut().get_or_insert(error);
                None
            })
        };
        let is_erased = |name: &StreamName| {
            erasures::is_name_erased(&self.db, name).unwrap_or_else(|error| {
                failure.borrow_mut().get_or_insert(error);
                false
            })
        };
        let admitted = admit_with(known, batch, &stored, &is_erased);
        failure.into_inner().map_or(Ok(admitted), Err)
    }

    /// What was admitted is signed by its writers, for whoever passes it on.
    fn note_signed(&self, admitted: &Admitted) {
        for AdmittedEntry { entry: Entry { dot, hash, .. }, signature } in &admitted.entries {
            if let (Some(signature), Some(known)) = (*signature, admitted.logs.get(&dot.log)) {
                let head = SignedHead { dot: *dot, hash: *hash, signature };
                self.checked.note(self.identity.scope, head, known.certificate.claims.public_key);
            }
        }
    }

    fn store(&mut self, admitted: Admitted) -> Result<(), StoreError> {
        let mut new: Vec<_> = admitted.logs.iter().filter(|(log, _)| !self.logs.contains_key(log)).collect();
        // In order of arrival: of a node's logs the last one is the one it writes to.
        new.sort_by_cached_key(|(log, _)| admitted.entries.iter().position(|one| one.entry.dot.log == **log));
        let mut unheard_of = BTreeSet::new();
        for (log, known) in new {
            if !self.logs.keys().any(|known| known.node == log.node) {
                unheard_of.insert(log.node);
            }
            let row = logs::insert(&self.db, *log, &known.certificate)?;
            self.insert_log(row);
        }
        let mut storing = Storing {
            erasures: &admitted.erasures,
            contexts: BTreeMap::new(),
            to_refold: BTreeSet::new(),
            erased_at: BTreeMap::new(),
        };
        for admitted in &admitted.entries {
            self.store_entry(admitted, &mut storing)?;
        }
        self.hold_erasures(&mut storing)?;
        let to_refold = storing.to_refold;
        if admitted.entries.iter().any(|admitted| admitted.entry.header.kind == ROW_KIND) {
            // A list imported elsewhere came after the last one here.
            last_import::forget(&self.db)?;
        }
        for name in &to_refold {
            self.refold(name)?;
        }
        self.save_touched()?;
        unheard_of.extend(admitted.entries.iter().filter_map(|admitted| enrolled_by(&admitted.entry)));
        self.wait_for_too(unheard_of)?;
        self.recover_outcomes(&admitted.entries)?;
        let own = admitted.logs.get(&self.own_log()).map(|known| known.head.clone());
        for known in admitted.logs.values() {
            self.log.observe(&known.head);
        }
        self.known.accept(admitted.logs);
        if let Some(head) = own {
            // A peer had more of this log than this node: it was rolled back and now goes on from there.
            self.take_up_log(head);
            self.release_writes_when_whole()?;
        }
        self.fresh.forget(|dot| is_here(&self.log, &self.known, dot));
        Ok(())
    }

    fn store_entry(&mut self, admitted: &AdmittedEntry, storing: &mut Storing<'_>) -> Result<(), StoreError> {
        let AdmittedEntry { entry, signature } = admitted;
        let entry = &*self.without_what_is_erased(entry, storing.erasures)?;
        let log = &self.logs[&entry.dot.log];
        let log = log.id;
        let (kind, pos) = (self.kind(&entry.header.kind)?, self.position + 1);
        let context = self.follow_context(&mut storing.contexts, entry, log)?;
        let mut states = self.states.borrow_mut();
        let name = &entry.header.stream;
        let loaded = states.touch(&self.db, name)?;
        let place = Place { pos, log, stream: loaded.row, previous: loaded.last.map(|last| last.pos), kind };
        entries::insert(&self.db, place, entry, signature.as_ref())?;
        let key = entry.canonical_key();
        let is_tally = loaded.folded.as_ref().is_some_and(lanyard_domain::Folded::is_tally);
        let logs = Logs { rows: &self.logs, forks: &self.known.forks, closed: &self.closed };
        let erases = entry.header.kind == ERASURE_KIND;
        let is_plain = entry.header.ext.is_empty() && !erases && !logs.is_beyond_a_fork(entry.dot);
        // A stream that is not folded, such as the refused scans of a desk, may be long and has no order.
        let has_order = loaded.folded.is_some();
        let sorts_last = is_plain && (!has_order || loaded.last.is_none_or(|last| last.key < key));
        let sorts_last = is_tally || sorts_last;
        let sorts_last = sorts_last || is_planted(Fault::LateEntryLast);
        let counts = logs.counts(entry.dot, &entry.header);
        let applies = counts && may_apply(&self.db, logs, loaded, entry)?;
        if !counts {
            // Kept and relayed: that it does not count is for the fold to say. Its stream may be new.
            loaded.changed.all = true;
        } else if !applies || !sorts_last || !loaded.readable || entry.header.min_reader > release::reader() {
            if erases {
                // It may have to wait until it is folded anew; the words go at once.
                let meaning = meaning(&entry.header, &entry.payload, true);
                fold_next(loaded, &meaning, &placed(logs, entry.dot, &entry.header, &|_| false));
            }
            storing.to_refold.insert(name.clone());
        } else if !storing.to_refold.contains(name) {
            let meaning: Meaning = meaning(&entry.header, &entry.payload, false);
            if meaning.may_name_what_was_reissued(logs) {
                storing.to_refold.insert(name.clone());
            } else {
                let sees = |dot: Dot| context.sees(&entry.dot, &dot) && !logs.hides(entry.dot.log, dot);
                fold_next(loaded, &meaning, &placed(logs, entry.dot, &entry.header, &sees));
            }
        }
        let last_key = loaded.last.map_or(key, |last| last.key.max(key));
        loaded.last = Some(Last { pos, key: last_key });
        drop(states);
        self.position = pos;
        if let Some(notice) = ForkNotice::of(entry) {
            storing.to_refold.extend(self.note_fork(notice.log, notice.from)?);
            storing.to_refold.extend(self.recall_written_again(entry)?);
        }
        storing.to_refold.extend(self.learn_closed(entry)?);
        if erases {
            storing.erased_at.entry(name.clone()).or_insert(pos);
        }
        Ok(())
    }

    /// An entry as it is kept: without its personal part where that is erased.
    pub(super) fn without_what_is_erased<'a>(
        &self,
        entry: &'a Entry,
        erasures: &BTreeMap<StreamName, Erasure>,
    ) -> Result<Cow<'a, Entry>, StoreError> {
        let name = &entry.header.stream;
        let has_words = matches!(entry.payload.personal, Some(Part::Present { .. }));
        let is_erased = has_words
            && (erasures.contains_key(name)
                || (self.has_erasures && erasures::is_name_erased(&self.db, name)?));
        if !is_erased {
            return Ok(Cow::Borrowed(entry));
        }
        let mut entry = entry.clone();
        entry.payload.personal = entry.payload.personal.as_ref().map(Part::erased);
        Ok(Cow::Owned(entry))
    }

    /// Takes up the erasures of a batch whose entries are stored.
    fn hold_erasures(&mut self, storing: &mut Storing<'_>) -> Result<(), StoreError> {
        for (name, erasure) in storing.erasures {
            // What came ahead for a stream that nobody has written to yet will come again with its entries.
            let Some(stream) = streams::find(&self.db, name)? else { continue };
            self.hold_erasure(stream, name, storing.erased_at.get(name).copied(), erasure)?;
            storing.to_refold.insert(name.clone());
        }
        Ok(())
    }

    /// Follows the context of a log to this entry.
    fn follow_context(
        &self,
        contexts: &mut BTreeMap<LogId, LogContext>,
        entry: &Entry,
        log: i64,
    ) -> Result<LogContext, StoreError> {
        let known = || self.known.logs.get(&entry.dot.log).map(|known| known.head.context.clone());
        let context = contexts.entry(entry.dot.log).or_insert_with(|| known().unwrap_or_default());
        if let Some(delta) = &entry.header.context {
            if !is_planted(Fault::ContextLost) {
                contexts::insert(&self.db, log, entry.dot.seq, delta, |log| Some(self.logs.get(log)?.id))?;
            }
            context.apply_delta(entry.dot.log, delta).map_err(|_| {
                StoreError::damaged(format!("the context of {} was admitted and does not apply", entry.dot))
            })?;
        }
        Ok(context.clone())
    }
}
