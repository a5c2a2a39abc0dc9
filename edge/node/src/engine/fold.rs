//! Folding entries into the state of their stream: one more at the end, or all of them anew.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use lanyard_domain::event::EventError;
use lanyard_domain::{Account, Event, Folded, Placed, Stream};
use lanyard_sync::{CommandId, Dot, EPOCH_OPENED_KIND, ERASURE_KIND, Header, LogId, Payload, Reissued};
use rusqlite::Connection;

use super::reissued::ReissuedRows;
use super::states::Loaded;
use crate::fault::{Fault, is_planted};
use crate::release;
use crate::store::closed::ClosedLogs;
use crate::store::entries::EntryRow;
use crate::store::logs::LogRow;
use crate::store::states::Last;
use crate::store::{StoreError, contexts};

/// What an entry is to the fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// An event of this build.
    Event(Box<Event>),
    /// The opening of a log, which is about the log and not about the stream's state.
    Opening,
    /// A kind this build does not know, or bytes it cannot parse: kept, counted and skipped.
    Unknown,
}

/// Reads what an entry says, without its personal part where that is erased or about to be.
pub(crate) fn meaning(header: &Header, payload: &Payload, is_erased: bool) -> Meaning {
    if header.kind == EPOCH_OPENED_KIND {
        return Meaning::Opening;
    }
    let Some(facts) = payload.facts.bytes() else { return Meaning::Unknown };
    let personal = payload.personal.as_ref().filter(|_| !is_erased).and_then(|part| part.bytes());
    let version = release::parsed_as(&header.kind, header.version);
    match Event::parse(&header.kind, version, facts, personal) {
        Ok(event) => Meaning::Event(Box::new(event)),
        Err(EventError::Unknown | EventError::Malformed { .. }) => Meaning::Unknown,
    }
}

/// Where an entry stands, for the fold.
pub(crate) fn placed<'a>(
    logs: Logs<'_>,
    dot: Dot,
    header: &'a Header,
    sees: &'a dyn Fn(Dot) -> bool,
) -> Placed<'a> {
    let original = Reissued::from_ext(&header.ext).map_or(dot, |reissued| reissued.original);
    Placed {
        dot,
        account: logs.account(original.log),
        lamport: header.lamport,
        at_ms: header.at_ms,
        skew_ms: header.skew_ms,
        actor: &header.actor,
        desk: &header.desk,
        command: header.command,
        authority: logs.is_authority(dot.log),
        sees,
    }
}

/// Applies an entry that sorts after everything folded so far.
pub(crate) fn fold_next(loaded: &mut Loaded, meaning: &Meaning, at: &Placed<'_>) {
    match meaning {
        Meaning::Event(event) => {
            loaded.changed.note(&event.facts);
            if let Some(folded) = &mut loaded.folded {
                folded.apply(event, at);
            }
        }
        Meaning::Opening => {}
        Meaning::Unknown => loaded.unknown += 1,
    }
}

/// A stream folded from its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refolded {
    /// None for streams that are not folded.
    pub(crate) folded: Option<Folded>,
    pub(crate) readable: bool,
    pub(crate) unknown: u32,
    /// Where its last arrival stands, and the greatest canonical key.
    pub(crate) last: Option<Last>,
    /// Entries of a tally that were applied.
    pub(crate) applied: BTreeSet<(CommandId, u16)>,
}

/// The logs entries are of.
#[derive(Clone, Copy)]
pub(crate) struct Logs<'a> {
    /// Every log that has entries.
    pub(crate) rows: &'a BTreeMap<LogId, LogRow>,
    /// Those with two branches, with the first sequence number that differs.
    pub(crate) forks: &'a BTreeMap<LogId, u64>,
    /// Those that are over.
    pub(crate) closed: &'a ClosedLogs,
}

impl Logs<'_> {
    /// Whether a log is HQ's.
    pub(crate) fn is_authority(&self, log: LogId) -> bool {
        self.rows.get(&log).is_some_and(|row| row.authority)
    }

    /// The account whose seat rights the entries of a log spend.
    fn account(&self, log: LogId) -> Account {
        if self.is_authority(log) { Account::Hq } else { Account::Venue(log) }
    }

    /// Whether nobody but the log's writer can be said to have seen an entry: a context names a place in a
    /// log, and from a fork on the same place is two entries.
    pub(crate) fn hides(&self, writer: LogId, dot: Dot) -> bool {
        writer != dot.log && self.is_beyond_a_fork(dot)
    }

    /// Whether an entry comes after the place where its log has two branches.
    pub(crate) fn is_beyond_a_fork(&self, dot: Dot) -> bool {
        self.forks.get(&dot.log).is_some_and(|from| *from <= dot.seq)
    }
}

/// Folds all entries of a stream, given in any order. An erasure among them, or one that came ahead of its
/// entry, counts for all of them, so that it makes no difference which personal parts are still here.
pub(crate) fn fold_stream(
    db: &Connection,
    logs: Logs<'_>,
    stream: Option<&Stream>,
    mut rows: Vec<EntryRow>,
    is_erased_ahead: bool,
) -> Result<Refolded, StoreError> {
    rows.sort_by_key(EntryRow::canonical_key);
    let pos = rows.iter().map(|row| row.pos).max();
    let last = pos.zip(rows.last()).map(|(pos, row)| Last { pos, key: row.canonical_key() });
    let folded = stream.and_then(Folded::empty);
    let is_tally = folded.as_ref().is_some_and(Folded::is_tally);
    let mut refolded = Refolded { folded, readable: true, unknown: 0, last, applied: BTreeSet::new() };
    if is_planted(Fault::WallClock) {
        rows.sort_by_key(|row| row.header.at_ms);
    }
    let mut reissued = ReissuedRows::of(&rows);
    let is_erased = is_erased_ahead || rows.iter().any(|row| row.header.kind == ERASURE_KIND);
    for row in rows.iter().filter(|row| !logs.closed.is_beyond(row.dot)) {
        if row.header.min_reader > release::reader() {
            refolded.readable = false;
            break;
        }
        if is_tally && !refolded.applied.insert((row.header.command, row.header.index)) {
            continue;
        }
        if reissued.is_there_already(row) {
            continue;
        }
        match meaning(&row.header, &row.payload, is_erased) {
            Meaning::Event(event) => {
                if let Some(folded) = &mut refolded.folded {
                    let event = Event { facts: event.facts.renamed(|dot| reissued.present(dot)), ..*event };
                    apply(db, logs, folded, &event, row, &reissued)?;
                }
            }
            Meaning::Opening => {}
            Meaning::Unknown => refolded.unknown += 1,
        }
    }
    Ok(refolded)
}

fn apply(
    db: &Connection,
    logs: Logs<'_>,
    folded: &mut Folded,
    event: &Event,
    row: &EntryRow,
    reissued: &ReissuedRows,
) -> Result<(), StoreError> {
    let log = logs
        .rows
        .get(&row.dot.log)
        .ok_or_else(|| StoreError::damaged(format!("log {} is not known", row.dot.log)))?;
    let failure = RefCell::new(None);
    let sees = |dot: Dot| {
        if logs.hides(row.dot.log, dot) && reissued.original(row.dot).is_none() {
            return false;
        }
        if let Some(original) = reissued.original(row.dot) {
            return original.sees(dot, reissued.original(dot));
        }
        if dot.log == row.dot.log {
            return dot.seq < row.dot.seq;
        }
        let Some(peer) = logs.rows.get(&dot.log) else { return false };
        match contexts::seen(db, log.id, row.dot.seq, peer.id) {
            Ok(seen) => seen.is_some_and(|head| dot.seq <= head.seq),
            Err(error) => {
                failure.borrow_mut().get_or_insert(error);
                false
            }
        }
    };
    folded.apply(event, &placed(logs, row.dot, &row.header, &sees));
    failure.into_inner().map_or(Ok(()), Err)
}
