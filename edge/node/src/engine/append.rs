//! Appending to the own log: entry, contexts, fold, and at the end of a command its states and
//! projections; at the end of a commit the signature over the head.

use std::sync::Arc;

use lanyard_domain::{Event, Facts, Folded, Stream};
use lanyard_sync::{AppendError, CommandId, Dot, Draft, Entry, Erasure, Salted, Signature};

use super::Engine;
use super::fold::{Logs, Meaning, fold_next, placed};
use super::states::Loaded;
use crate::clock::Draws;
use crate::fault::{Fault, is_planted};
use crate::project::{Changed, Row, Rows, Standing};
use crate::release;
use crate::snapshot::TakenError;
use crate::store::entries::Place;
use crate::store::states::{Last, StateRow};
use crate::store::{StoreError, contexts, entries, erasures, states};

/// Why an entry was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// No entry can be made of it.
    #[error("no entry can be made of it")]
    Append(#[from] AppendError),
    /// A snapshot cannot be taken up.
    #[error("the snapshot cannot be taken up")]
    Snapshot(#[from] TakenError),
    /// What is to be decided on waits for entries that are still to come.
    #[error("the older log is still being fetched")]
    HistoryPending,
    /// What is to be decided on is being folded anew.
    #[error("the state is being folded anew")]
    FoldPending,
    /// The stream was written by a newer build.
    #[error("{stream} was written by a newer build; upgrade this node")]
    NeedsUpgrade {
        /// Which stream.
        stream: String,
    },
    /// Some nodes could not read it.
    #[error("{} cannot read this; upgrade them first", nodes.join(", "))]
    NodesTooOld {
        /// Their names.
        nodes: Vec<String>,
    },
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Where the entries of a command come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) command: CommandId,
    pub(super) actor: &'a str,
    pub(super) desk: &'a str,
    pub(super) at_ms: i64,
}

impl Engine {
    /// Appends an event and folds it.
    pub(super) fn append_event(
        &mut self,
        origin: &Origin<'_>,
        index: u16,
        stream: &Stream,
        event: Event,
        draws: &mut Draws,
    ) -> Result<Dot, WriteError> {
        let name = stream.name();
        let mut event = event;
        if self.has_erasures && event.personal.is_some() && erasures::is_name_erased(&self.db, &name)? {
            // The rules leave such words out as far as they see the erasure; one that came ahead they do not.
            event.personal = None;
        }
        if let Facts::AttendeeErased(erased) = &mut event.facts {
            erased.signature = Some(self.word_of_erasure(&name));
        }
        let form = release::form(event.facts.kind(), event.facts.version());
        self.refuse_what_others_cannot_read(stream, form.min_reader)?;
        let mut salted = |bytes| Salted { salt: draws.take(), bytes };
        let draft = Draft {
            stream: name,
            kind: event.facts.kind().to_owned(),
            version: form.version,
            min_reader: form.min_reader,
            at_ms: origin.at_ms,
            skew_ms: self.skew_ms,
            actor: origin.actor.to_owned(),
            desk: origin.desk.to_owned(),
            command: origin.command,
            index,
            facts: salted(event.facts.to_bytes()),
            personal: event.personal_bytes().map(salted),
            ext: Vec::new(),
        };
        self.append_draft(draft, &Meaning::Event(Box::new(event)))
    }

    /// HQ withholds what every node has to read until every node can.
    fn refuse_what_others_cannot_read(&self, stream: &Stream, min_reader: u16) -> Result<(), WriteError> {
        let is_for_all = matches!(stream, Stream::Conference | Stream::Seats(_));
        if min_reader <= 1 || !is_for_all || !self.identity.is_hq() {
            return Ok(());
        }
        let nodes = self.nodes_older_than(min_reader)?;
        if nodes.is_empty() { Ok(()) } else { Err(WriteError::NodesTooOld { nodes }) }
    }

    /// Appends an entry and folds what it says.
    pub(super) fn append_draft(&mut self, draft: Draft, meaning: &Meaning) -> Result<Dot, WriteError> {
        let entry = self.log.append(draft)?;
        let signature = self.log.must_sign().then(|| self.signed_head());
        let (log, kind, pos) = (self.own_row()?, self.kind(&entry.header.kind)?, self.position + 1);
        let context = &self.log.head().context;
        let mut states = self.states.borrow_mut();
        let loaded = states.touch(&self.db, &entry.header.stream)?;
        if !loaded.readable {
            return Err(WriteError::NeedsUpgrade { stream: entry.header.stream.to_string() });
        }
        let place = Place { pos, log, stream: loaded.row, previous: loaded.last.map(|last| last.pos), kind };
        entries::insert(&self.db, place, &entry, signature.as_ref())?;
        if let Some(delta) = &entry.header.context {
            contexts::insert(&self.db, log, entry.dot.seq, delta, |log| Some(self.logs.get(log)?.id))?;
        }
        let logs = Logs { rows: &self.logs, forks: &self.known.forks, closed: &self.closed };
        if !logs.counts(entry.dot, &entry.header) {
            // A retired node may still write again what it had on a branch that does not stand: kept, and not counted.
            loaded.changed.all = true;
        } else if may_apply(&self.db, logs, loaded, &entry)? {
            let sees = |dot: Dot| context.sees(&entry.dot, &dot) && !logs.hides(entry.dot.log, dot);
            fold_next(loaded, meaning, &placed(logs, entry.dot, &entry.header, &sees));
        }
        loaded.last = Some(Last { pos, key: entry.canonical_key() });
        let stream = loaded.row;
        drop(states);
        self.position = pos;
        self.unsigned_pos = signature.is_none().then_some(pos);
        if let Some(erasure) = Erasure::of_entry(&entry, &self.identity.certificate) {
            self.hold_erasure(stream, &erasure.stream, Some(pos), &erasure)?;
            self.refold(&erasure.stream)?;
        }
        Ok(entry.dot)
    }

    fn own_row(&self) -> Result<i64, StoreError> {
        let row = self.logs.get(&self.own_log());
        row.map(|row| row.id).ok_or_else(|| StoreError::damaged("the own log has no number"))
    }

    /// The number of a kind.
    pub(super) fn kind(&mut self, name: &str) -> Result<i64, StoreError> {
        if let Some(id) = self.kinds.get(name) {
            return Ok(*id);
        }
        self.db.prepare_cached("INSERT OR IGNORE INTO kinds (name) VALUES (?1)")?.execute([name])?;
        let mut statement = self.db.prepare_cached("SELECT id FROM kinds WHERE name = ?1")?;
        let id = statement.query_row([name], |row| row.get(0))?;
        drop(statement);
        self.kinds.insert(name.to_owned(), id);
        Ok(id)
    }

    /// Saves the states and projections that were touched.
    pub(super) fn save_touched(&mut self) -> Result<(), StoreError> {
        let touched = self.states.borrow_mut().take_touched();
        let mut in_order: Vec<_> = touched.into_iter().collect();
        // The full-text table gathers what comes in order of its rows, and writes out what it has at one that does not.
        in_order.sort_unstable_by_key(|(_, loaded)| loaded.row);
        for (name, mut loaded) in in_order {
            self.save(&mut loaded)?;
            self.states.borrow_mut().keep(name, loaded);
        }
        Ok(())
    }

    fn save(&mut self, loaded: &mut Loaded) -> Result<(), StoreError> {
        let Some(last) = loaded.last else { return Ok(()) };
        let standing = match &loaded.folded {
            Some(Folded::Attendee(attendee)) => Some(Standing::of(attendee)),
            _ => None,
        };
        self.arrivals.move_one(loaded.standing, standing);
        loaded.standing = standing;
        let row = StateRow {
            stream: loaded.row,
            last: Some(last),
            readable: loaded.readable,
            unknown: loaded.unknown,
            standing: standing.map(Standing::number),
            state: loaded.folded.as_ref().map(Folded::to_bytes),
        };
        let log =
            self.logs.get(&last.key.dot().log).ok_or_else(|| StoreError::damaged("a log has no number"))?;
        states::put(&self.db, &row, last, log.id)?;
        if let (Some(stream), Some(folded)) = (&loaded.stream, &loaded.folded) {
            let row = Row { id: loaded.row, is_new: loaded.is_new, is_of_many: false };
            Rows::of(stream, folded, loaded.changed, self.account()).write(&self.db, row)?;
            if let Folded::Conference(configured) = folded {
                self.conference = Arc::new(configured.conference.clone());
            }
        }
        loaded.is_new = false;
        loaded.changed = Changed::default();
        Ok(())
    }

    /// Signs the head of the own log, if it is not signed.
    pub(super) fn sign_head(&mut self) -> Result<(), StoreError> {
        let Some(pos) = self.unsigned_pos.take() else { return Ok(()) };
        let signature = self.signed_head();
        entries::sign(&self.db, pos, &signature)
    }

    /// Signs the head of the own log as it is.
    fn signed_head(&mut self) -> Signature {
        let signed = self.log.sign(&self.identity.key);
        self.checked.note(self.identity.scope, signed, self.identity.key.public_key());
        signed.signature
    }
}

/// Tells whether an entry is to be applied: those of a tally once each, by command and index.
pub(super) fn may_apply(
    db: &rusqlite::Connection,
    logs: Logs<'_>,
    loaded: &Loaded,
    entry: &Entry,
) -> Result<bool, StoreError> {
    if !loaded.folded.as_ref().is_some_and(Folded::is_tally) {
        return Ok(true);
    }
    if logs.is_powerless(entry.dot, &entry.header, &entry.payload) {
        return Ok(false);
    }
    tally(db, &entry.header.command, entry.header.index)
}

/// Notes an entry of a tally as applied; tells whether it was not.
pub(super) fn tally(db: &rusqlite::Connection, command: &CommandId, index: u16) -> Result<bool, StoreError> {
    let mut statement = db.prepare_cached("INSERT OR IGNORE INTO tallied (command, idx) VALUES (?1, ?2)")?;
    let is_first = statement.execute((command.as_bytes().as_slice(), index))? == 1;
    Ok(is_first || is_planted(Fault::TalliedTwice))
}
