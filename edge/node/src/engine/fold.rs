//! Folding an entry into the state of its stream: what it says, where it stands, and one more at the end.

use std::collections::BTreeMap;

use lanyard_domain::event::EventError;
use lanyard_domain::{Account, Event, Placed};
use lanyard_sync::{Dot, EPOCH_OPENED_KIND, Header, LogId, Payload, Reissued};

use super::states::Loaded;
use crate::release;
use crate::store::closed::ClosedLogs;
use crate::store::logs::LogRow;

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

impl Meaning {
    /// Whether it names entries, of which several may have been written again for one: which of them is in the state,
    /// all entries of the stream tell.
    pub(crate) fn may_name_what_was_reissued(&self, logs: Logs<'_>) -> bool {
        !logs.forks.is_empty() && matches!(self, Self::Event(event) if event.facts.names_entries())
    }
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

/// The entry that an entry stands for: another one where it was written again.
pub(crate) fn original(dot: Dot, header: &Header) -> Dot {
    Reissued::from_ext(&header.ext).map_or(dot, |reissued| reissued.original)
}

/// Where an entry stands, for the fold.
pub(crate) fn placed<'a>(
    logs: Logs<'_>,
    dot: Dot,
    header: &'a Header,
    sees: &'a dyn Fn(Dot) -> bool,
) -> Placed<'a> {
    let original = original(dot, header);
    Placed {
        dot,
        account: logs.account(original.log),
        lamport: header.lamport,
        at_ms: header.at_ms,
        skew_ms: header.skew_ms,
        actor: &header.actor,
        desk: &header.desk,
        command: header.command,
        // Whoever writes it again does not add to what it may say.
        authority: logs.is_authority(dot.log) && logs.is_authority(original.log),
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

    /// Whether an entry counts: neither its log nor that of the entry it stands for was over before it.
    pub(crate) fn counts(&self, dot: Dot, header: &Header) -> bool {
        !self.closed.is_beyond(dot) && !self.closed.is_beyond(original(dot, header))
    }

    /// Whether an entry says what counts only from HQ, as somebody else wrote it again. It is passed over, so that it does
    /// not stand for what HQ itself wrote again.
    pub(crate) fn is_powerless(&self, dot: Dot, header: &Header, payload: &Payload) -> bool {
        !self.is_authority(dot.log)
            && self.is_authority(original(dot, header).log)
            && matches!(meaning(header, payload, true), Meaning::Event(event) if event.facts.need_authority())
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
