//! Rows of the log.

use lanyard_sync::limits::COUNTER_MAX;
use lanyard_sync::{
    CanonicalKey, Dot, Entry, Hash, Header, LogId, Part, Payload, Signature, StoredEntry, StoredHead,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use super::{StoreError, sql};
use crate::branch::Start;

/// Where a new entry goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) pos: i64,
    pub(crate) log: i64,
    pub(crate) stream: i64,
    pub(crate) previous: Option<i64>,
    pub(crate) kind: i64,
}

/// An entry as the log holds it.
#[derive(Clone, Debug)]
pub(crate) struct EntryRow {
    pub(crate) pos: i64,
    pub(crate) previous: Option<i64>,
    pub(crate) dot: Dot,
    pub(crate) header: Header,
    pub(crate) header_bytes: Vec<u8>,
    pub(crate) payload: Payload,
    pub(crate) hash: Hash,
    pub(crate) signature: Option<Signature>,
}

impl EntryRow {
    /// The place in canonical order.
    pub(crate) const fn canonical_key(&self) -> CanonicalKey {
        CanonicalKey::new(self.header.lamport, self.dot)
    }
}

impl From<EntryRow> for StoredEntry {
    fn from(row: EntryRow) -> Self {
        let EntryRow { dot, header_bytes, payload, hash, signature, .. } = row;
        Self { dot, header_bytes, payload, hash, signature }
    }
}

/// Appends a row.
pub(crate) fn insert(
    db: &Connection,
    place: Place,
    entry: &Entry,
    signature: Option<&Signature>,
) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached(
        "INSERT INTO entries (pos, log, seq, stream, previous, kind, lamport, at_ms, header, facts_salt, facts, \
         personal_salt, personal, hash, signature) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    let (facts_salt, facts) = part_columns(Some(&entry.payload.facts));
    let (personal_salt, personal) = part_columns(entry.payload.personal.as_ref());
    statement.execute(rusqlite::params![
        place.pos,
        place.log,
        sql::column(entry.dot.seq),
        place.stream,
        place.previous,
        place.kind,
        sql::column(entry.header.lamport),
        entry.header.at_ms,
        entry.header_bytes.as_slice(),
        facts_salt,
        facts,
        personal_salt,
        personal,
        entry.hash.as_bytes().as_slice(),
        signature.map(|signature| signature.as_bytes().as_slice()),
    ])?;
    Ok(())
}

fn part_columns(part: Option<&Part>) -> (Option<&[u8]>, Option<&[u8]>) {
    match part {
        Some(Part::Present { salt, bytes }) => (Some(salt), Some(bytes)),
        Some(Part::Absent { .. }) | None => (None, None),
    }
}

/// Puts the signature of a head to its entry.
pub(crate) fn sign(db: &Connection, pos: i64, signature: &Signature) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached("UPDATE entries SET signature = ?2 WHERE pos = ?1")?;
    statement.execute((pos, signature.as_bytes().as_slice()))?;
    Ok(())
}

/// Reads the entry at a position.
pub(crate) fn at(db: &Connection, pos: i64) -> Result<Option<EntryRow>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT e.pos, e.previous, l.node, l.epoch, e.seq, e.header, e.facts_salt, e.facts, e.personal_salt, \
         e.personal, e.hash, e.signature FROM entries e JOIN logs l ON l.id = e.log WHERE e.pos = ?1",
    )?;
    let mut rows = statement.query([pos])?;
    rows.next()?.map(read).transpose()
}

/// Reads where an entry stands in its stream and what its header says: the position before it, and the two.
pub(crate) fn header_at(db: &Connection, pos: i64) -> Result<Option<(Option<i64>, Dot, Header)>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT e.previous, l.node, l.epoch, e.seq, e.header FROM entries e JOIN logs l ON l.id = e.log \
         WHERE e.pos = ?1",
    )?;
    let mut rows = statement.query([pos])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (seq, header): (i64, Vec<u8>) = (row.get(3)?, row.get(4)?);
    let dot = sql::log_id(row, 1, 2)?.dot(sql::counter(seq));
    Ok(Some((row.get(0)?, dot, decode(dot, &header)?)))
}

/// Reads the entries after a position, in order of arrival.
pub(crate) fn after(db: &Connection, pos: i64, limit: usize) -> Result<Vec<EntryRow>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT e.pos, e.previous, l.node, l.epoch, e.seq, e.header, e.facts_salt, e.facts, e.personal_salt, \
         e.personal, e.hash, e.signature FROM entries e JOIN logs l ON l.id = e.log WHERE e.pos > ?1 \
         ORDER BY e.pos LIMIT ?2",
    )?;
    let mut rows = statement.query((pos, i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read(row)?);
    }
    Ok(entries)
}

/// Reads the entries of a log from a sequence number on.
pub(crate) fn of_log(db: &Connection, log: i64, from: u64) -> Result<Vec<EntryRow>, StoreError> {
    of_log_between(db, log, from, COUNTER_MAX)
}

/// Reads the entries of a log from a sequence number on and before another one.
pub(crate) fn of_log_between(
    db: &Connection,
    log: i64,
    from: u64,
    before: u64,
) -> Result<Vec<EntryRow>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT pos FROM entries WHERE log = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq")?;
    let mut rows = statement.query((log, sql::column(from), sql::column(before)))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.extend(at(db, row.get(0)?)?);
    }
    Ok(entries)
}

/// Links an entry to another one as that before it in its stream.
pub(crate) fn follow(db: &Connection, pos: i64, previous: Option<i64>) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE entries SET previous = ?2 WHERE pos = ?1")?.execute((pos, previous))?;
    Ok(())
}

/// Where the entry stands that arrived before in the same stream.
pub(crate) fn previous(db: &Connection, pos: i64) -> Result<Option<i64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT previous FROM entries WHERE pos = ?1")?;
    Ok(statement.query_row([pos], |row| row.get(0)).optional()?.flatten())
}

/// A row of the log, however much of it can be read.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) pos: i64,
    /// Which entry it is, where that can be read.
    pub(crate) dot: Option<Dot>,
    /// The entry, or what is wrong with it.
    pub(crate) entry: Result<EntryRow, StoreError>,
}

/// Reads the rows after a position, in order of arrival, each as far as it can be read. A page that cannot be read
/// ends it, with the page as its last row.
pub(crate) fn found_after(db: &Connection, pos: i64, limit: usize) -> Result<Vec<Found>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT e.pos, e.previous, l.node, l.epoch, e.seq, e.header, e.facts_salt, e.facts, e.personal_salt, \
         e.personal, e.hash, e.signature FROM entries e LEFT JOIN logs l ON l.id = e.log WHERE e.pos > ?1 \
         ORDER BY e.pos LIMIT ?2",
    )?;
    let mut rows = statement.query((pos, i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut found = Vec::new();
    loop {
        match rows.next() {
            Ok(None) => return Ok(found),
            Ok(Some(row)) => {
                let dot = sql::log_id(row, 2, 3).ok().zip(row.get::<_, i64>(4).ok());
                let dot = dot.map(|(log, seq)| log.dot(sql::counter(seq)));
                found.push(Found { pos: row.get(0)?, dot, entry: read(row) });
            }
            Err(error) => {
                found.push(Found { pos: i64::MAX, dot: None, entry: Err(error.into()) });
                return Ok(found);
            }
        }
    }
}

/// Reads the entries of a stream by following it back from its last position, as far as they are here; latest arrival
/// first.
pub(crate) fn of_stream(db: &Connection, last_pos: i64) -> Result<Vec<EntryRow>, StoreError> {
    let mut entries = Vec::new();
    let mut next = Some(last_pos).filter(|pos| *pos > 0);
    while let Some(pos) = next {
        let row = at(db, pos)?.ok_or_else(|| missing(pos))?;
        next = row.previous.filter(|previous| *previous < pos && *previous > 0);
        entries.push(row);
    }
    Ok(entries)
}

/// Whether a stream has more entries than so many, by following it back from its last position.
pub(crate) fn are_more_than(db: &Connection, last_pos: i64, most: usize) -> Result<bool, StoreError> {
    let mut next = Some(last_pos).filter(|pos| *pos > 0);
    for _ in 0..most {
        let Some(pos) = next else { return Ok(false) };
        next = previous(db, pos)?.filter(|previous| *previous < pos && *previous > 0);
    }
    Ok(next.is_some())
}

/// What is said where a stream leads to an entry that is not here.
pub(crate) fn missing(pos: i64) -> StoreError {
    StoreError::damaged(format!("the entry at position {pos} is missing"))
}

/// Finds where an entry stands.
pub(crate) fn position_of(db: &Connection, dot: Dot) -> Result<Option<i64>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT e.pos FROM logs l JOIN entries e ON e.log = l.id AND e.seq = ?3 WHERE l.node = ?1 AND l.epoch = ?2",
    )?;
    let (node, epoch) = (dot.log.node.as_bytes().as_slice(), sql::column(dot.log.epoch.0));
    Ok(statement.query_row((node, epoch, sql::column(dot.seq)), |row| row.get(0)).optional()?)
}

/// Finds where a log was signed from an entry on.
pub(crate) fn signed_from(db: &Connection, dot: Dot) -> Result<Option<u64>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT e.seq FROM logs l JOIN entries e ON e.log = l.id AND e.seq >= ?3 \
         WHERE l.node = ?1 AND l.epoch = ?2 AND e.signature IS NOT NULL ORDER BY e.seq LIMIT 1",
    )?;
    let (node, epoch) = (dot.log.node.as_bytes().as_slice(), sql::column(dot.log.epoch.0));
    let seq: Option<i64> =
        statement.query_row((node, epoch, sql::column(dot.seq)), |row| row.get(0)).optional()?;
    Ok(seq.map(sql::counter))
}

/// Finds the hash and lamport time of an entry.
pub(crate) fn stored_head(db: &Connection, dot: Dot) -> Result<Option<StoredHead>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT e.hash, e.lamport FROM logs l JOIN entries e ON e.log = l.id AND e.seq = ?3 \
         WHERE l.node = ?1 AND l.epoch = ?2 \
         UNION ALL SELECT b.hash, b.lamport FROM logs l JOIN base b ON b.log = l.id AND b.seq = ?3 \
         WHERE l.node = ?1 AND l.epoch = ?2",
    )?;
    let (node, epoch) = (dot.log.node.as_bytes().as_slice(), sql::column(dot.log.epoch.0));
    let mut rows = statement.query((node, epoch, sql::column(dot.seq)))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let lamport: i64 = row.get(1)?;
    Ok(Some(StoredHead { hash: sql::hash(row, 0)?, lamport: sql::counter(lamport) }))
}

/// Reads what tells which of two branches stands, of the entry that one of them begins with.
pub(crate) fn branch_start(db: &Connection, dot: Dot) -> Result<Option<Start>, StoreError> {
    let Some(pos) = position_of(db, dot)? else { return Ok(None) };
    let row = at(db, pos)?.ok_or_else(|| missing(pos))?;
    Ok(Some(Start::new(row.header.at_ms, row.hash.prefix())))
}

/// The last position, 0 when there is none.
pub(crate) fn last_position(db: &Connection) -> Result<i64, StoreError> {
    let mut statement = db.prepare_cached("SELECT coalesce(max(pos), 0) FROM entries")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

fn read(row: &Row<'_>) -> Result<EntryRow, StoreError> {
    let log: LogId = sql::log_id(row, 2, 3)?;
    let seq: i64 = row.get(4)?;
    let dot = log.dot(sql::counter(seq));
    let header_bytes: Vec<u8> = row.get(5)?;
    let header = decode(dot, &header_bytes)?;
    let facts = part(row, 6, header.facts)?;
    let personal = header.personal.map(|commitment| part(row, 8, commitment)).transpose()?;
    let signature = match row.get_ref(11)? {
        ValueRef::Null => None,
        _ => Some(Signature(sql::bytes(row, 11)?)),
    };
    Ok(EntryRow {
        pos: row.get(0)?,
        previous: row.get(1)?,
        dot,
        header,
        header_bytes,
        payload: Payload { facts, personal },
        hash: sql::hash(row, 10)?,
        signature,
    })
}

fn decode(dot: Dot, header: &[u8]) -> Result<Header, StoreError> {
    let unreadable =
        |error| StoreError::damaged(format!("the header of entry {dot} cannot be read: {error}"));
    Header::decode(header).map_err(unreadable)
}

fn part(row: &Row<'_>, at: usize, commitment: Hash) -> Result<Part, StoreError> {
    match row.get_ref(at)? {
        ValueRef::Null => Ok(Part::Absent { commitment }),
        _ => Ok(Part::Present { salt: sql::bytes(row, at)?, bytes: row.get(at + 1)? }),
    }
}
