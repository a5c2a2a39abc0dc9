//! History: entries as people read them, of one stream or of the whole log.

use std::collections::BTreeSet;

use lanyard_domain::Stream;
use lanyard_sync::{CommandId, Dot, Reissued, StreamName};

use super::{Read, ReadError};
use crate::engine::EventLine;
use crate::engine::fold::original;
use crate::store::entries::EntryRow;
use crate::store::{entries, sql, states, streams};

/// An entry in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryLine {
    /// Position in order of arrival here.
    pub position: u64,
    /// The entry.
    pub dot: Dot,
    /// What it is about.
    pub stream: StreamName,
    /// What happened: the kind's wire name.
    pub kind: String,
    /// Version of the kind.
    pub version: u16,
    /// Lamport time.
    pub lamport: u64,
    /// Writer's clock, Unix milliseconds.
    pub at_ms: i64,
    /// Who, as an id.
    pub actor: String,
    /// Where; empty when at no desk.
    pub desk: String,
    /// The command behind it.
    pub command: CommandId,
    /// The entry it stands for, where it was written again.
    pub stands_for: Option<Dot>,
    /// The facts as JSON; none once erased.
    pub facts: Option<String>,
    /// Names and free text as JSON.
    pub personal: Option<String>,
}

/// A stream that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Position of the entry.
    pub position: u64,
    /// What it is about; none for a category of a newer build.
    pub stream: Option<Stream>,
}

impl From<EntryRow> for EntryLine {
    fn from(row: EntryRow) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let EntryRow { pos, dot, header, payload, .. } = row;
        Self {
            position: sql::counter(pos),
            dot,
            stream: header.stream,
            kind: header.kind,
            version: header.version,
            lamport: header.lamport,
            at_ms: header.at_ms,
            actor: header.actor,
            desk: header.desk,
            command: header.command,
            stands_for: Reissued::from_ext(&header.ext).map(|reissued| reissued.original),
            facts: payload.facts.bytes().map(text),
            personal: payload.personal.as_ref().and_then(|part| part.bytes()).map(text),
        }
    }
}

impl EntryLine {
    /// The line without what it says.
    pub fn event_line(&self) -> EventLine {
        EventLine {
            dot: self.dot,
            kind: self.kind.clone(),
            at_ms: self.at_ms,
            desk: self.desk.clone(),
            actor: self.actor.clone(),
        }
    }
}

impl Read<'_> {
    /// Reads the entries of a stream in canonical order, without what they say.
    pub fn history(&self, stream: &Stream) -> Result<Vec<EventLine>, ReadError> {
        Ok(self.entries_of(stream)?.iter().map(EntryLine::event_line).collect())
    }

    /// Reads the entries of a stream in canonical order. What several wrote again is there once, as it counts.
    pub fn entries_of(&self, stream: &Stream) -> Result<Vec<EntryLine>, ReadError> {
        let Some(last) = states::get(self.db, &stream.name())?.and_then(|row| row.last) else {
            return Ok(Vec::new());
        };
        let mut rows = entries::of_stream(self.db, last.pos)?;
        rows.sort_by_key(EntryRow::canonical_key);
        let mut said = BTreeSet::new();
        rows.retain(|EntryRow { dot, header, .. }| {
            said.insert((original(*dot, header).log, header.command, header.index))
        });
        Ok(rows.into_iter().map(EntryLine::from).collect())
    }

    /// Reads entries in order of arrival, after a position.
    pub fn entries_after(&self, position: u64, limit: usize) -> Result<Vec<EntryLine>, ReadError> {
        let rows = entries::after(self.db, sql::column(position), limit)?;
        Ok(rows.into_iter().map(EntryLine::from).collect())
    }

    /// Finds what an entry is about.
    pub fn stream_of(&self, dot: Dot) -> Result<Option<Stream>, ReadError> {
        let Some(pos) = entries::position_of(self.db, dot)? else { return Ok(None) };
        Ok(entries::at(self.db, pos)?.and_then(|row| Stream::parse(&row.header.stream)))
    }

    /// Reads which streams changed after a position, in order of arrival.
    pub fn changes(&self, position: u64, limit: usize) -> Result<Vec<Change>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT e.pos, s.category, s.key FROM entries e JOIN streams s ON s.id = e.stream WHERE e.pos > ?1 \
             ORDER BY e.pos LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query((sql::column(position), limit))?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            let position: i64 = row.get(0)?;
            changes.push(Change {
                position: sql::counter(position),
                stream: Stream::parse(&streams::name(row, 1, 2)?),
            });
        }
        Ok(changes)
    }
}
