//! History: entries as people read them, of one stream or of the whole log.

use lanyard_domain::Stream;
use lanyard_sync::{CommandId, Dot, StreamName};

use super::Db;
use crate::store::entries::EntryRow;
use crate::store::{StoreError, entries, states, streams};

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
            position: crate::store::sql::counter(pos),
            dot,
            stream: header.stream,
            kind: header.kind,
            version: header.version,
            lamport: header.lamport,
            at_ms: header.at_ms,
            actor: header.actor,
            desk: header.desk,
            command: header.command,
            facts: payload.facts.bytes().map(text),
            personal: payload.personal.as_ref().and_then(|part| part.bytes()).map(text),
        }
    }
}

/// Reads the entries of a stream in canonical order.
pub fn of_stream(db: &Db, stream: &Stream) -> Result<Vec<EntryLine>, StoreError> {
    let Some(last) = states::get(&db.connection, &stream.name())?.and_then(|row| row.last) else {
        return Ok(Vec::new());
    };
    let mut rows = entries::of_stream(&db.connection, last.pos)?;
    rows.sort_by_key(|row| lanyard_sync::CanonicalKey::new(row.header.lamport, row.dot));
    Ok(rows.into_iter().map(EntryLine::from).collect())
}

/// Reads entries in order of arrival, after a position.
pub fn after(db: &Db, position: u64, limit: usize) -> Result<Vec<EntryLine>, StoreError> {
    let rows = entries::after(&db.connection, crate::store::sql::column(position), limit)?;
    Ok(rows.into_iter().map(EntryLine::from).collect())
}

/// Reads which streams changed after a position, in order of arrival.
pub fn changes(db: &Db, position: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
    let mut statement = db.connection.prepare_cached(
        "SELECT e.pos, s.category, s.key FROM entries e JOIN streams s ON s.id = e.stream WHERE e.pos > ?1 \
         ORDER BY e.pos LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query((crate::store::sql::column(position), limit))?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        let stream = Stream::parse(&streams::name(row, 1, 2)?);
        changes.push(Change { position: crate::store::sql::counter(position), stream });
    }
    Ok(changes)
}
