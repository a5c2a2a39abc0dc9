//! Attendees: one of them, what a code stands for, and those that words find.

use lanyard_domain::view::CodeMatch;
use lanyard_domain::{Attendee, AttendeeId, Folded, SeatTypeId, Stream};
use rusqlite::Connection;

use super::Db;
use super::state::load;
use crate::engine::view::find_code;
use crate::project::Standing;
use crate::search::{Query, candidates};
use crate::store::{StoreError, streams};

/// An attendee with what a card shows.
#[derive(Clone, Debug)]
pub struct AttendeeRecord {
    /// Who.
    pub id: AttendeeId,
    /// Their state.
    pub state: Attendee,
    /// Entries folded.
    pub version: u64,
    /// False when a newer build wrote about them.
    pub readable: bool,
    /// Where they stand.
    pub standing: Standing,
}

/// What a list shows of an attendee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttendeeRow {
    /// Who.
    pub id: AttendeeId,
    /// First and last name.
    pub name: String,
    /// Company or institution.
    pub company: Option<String>,
    /// E-mail as given; masked by whoever shows it.
    pub email: Option<String>,
    /// What they hold, admission first.
    pub seat_types: Vec<SeatTypeId>,
    /// Where they stand.
    pub standing: Standing,
    /// When they came in by their first check-in that stands, Unix milliseconds.
    pub checked_in_at_ms: Option<i64>,
    /// Whether a good badge came out of a printer.
    pub badge_printed: bool,
}

/// Attendees found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Best first.
    pub rows: Vec<AttendeeRow>,
    /// Whether there are others.
    pub more: bool,
}

impl AttendeeRow {
    /// What a list shows of a state.
    pub fn of(id: AttendeeId, state: &Attendee) -> Self {
        let person = state.person.as_ref();
        let standing_check_in = state.check_ins.iter().find(|check_in| check_in.annulled.is_none());
        Self {
            id,
            name: person.map(lanyard_domain::Person::full_name).unwrap_or_default(),
            company: person.and_then(|person| person.company.clone()),
            email: person.and_then(|person| person.email.clone()),
            seat_types: state.entitlements(),
            standing: Standing::of(state),
            checked_in_at_ms: standing_check_in.map(|check_in| check_in.at.at_ms),
            badge_printed: state.active_badges().any(|badge| badge.printed_at_ms.is_some()),
        }
    }
}

/// Reads an attendee.
pub fn attendee(db: &Db, id: AttendeeId) -> Result<Option<AttendeeRecord>, StoreError> {
    let Some(state) = load(&db.connection, &Stream::Attendee(id))? else { return Ok(None) };
    let Folded::Attendee(attendee) = state.folded else { return Ok(None) };
    let standing = Standing::of(&attendee);
    Ok(Some(AttendeeRecord { id, state: *attendee, version: state.version, readable: state.readable, standing }))
}

/// Reads the rows of these attendees, leaving out those not known here.
pub fn rows(db: &Db, ids: &[AttendeeId]) -> Result<Vec<AttendeeRow>, StoreError> {
    let found = ids.iter().map(|id| Ok(attendee(db, *id)?.map(|record| AttendeeRow::of(*id, &record.state))));
    found.filter_map(Result::transpose).collect()
}

/// Finds what a folded code stands for.
pub fn by_code(db: &Db, folded_code: &str) -> Result<CodeMatch, StoreError> {
    find_code(&db.connection, folded_code)
}

/// Finds attendees by what somebody typed, by themselves or by an order of theirs.
pub fn search(db: &Db, query: &Query, limit: usize) -> Result<Found, StoreError> {
    let mut ids: Vec<AttendeeId> = Vec::new();
    for row in candidates(&db.connection, query)? {
        if ids.len() > limit {
            break;
        }
        for id in people_of(&db.connection, row)? {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    found(db, ids, limit)
}

/// The attendees that changed last.
pub fn recent(db: &Db, limit: usize) -> Result<Found, StoreError> {
    const SCANNED_MAX: i64 = 2_000;
    let mut statement = db.connection.prepare_cached(
        "SELECT s.category, s.key FROM entries e JOIN streams s ON s.id = e.stream \
         WHERE e.pos > (SELECT coalesce(max(pos), 0) FROM entries) - ?1 AND s.category = 'attendee' ORDER BY e.pos DESC",
    )?;
    let mut rows = statement.query([SCANNED_MAX])?;
    let mut ids = Vec::new();
    while let (Some(row), true) = (rows.next()?, ids.len() <= limit) {
        match Stream::parse(&streams::name(row, 0, 1)?) {
            Some(Stream::Attendee(id)) if !ids.contains(&id) => ids.push(id),
            _ => {}
        }
    }
    found(db, ids, limit)
}

/// Every attendee in order of id, for lists and reports; `after` is where the last page ended.
pub fn page(db: &Db, after: Option<AttendeeId>, limit: usize) -> Result<Found, StoreError> {
    let mut statement = db
        .connection
        .prepare_cached("SELECT category, key FROM streams WHERE category = 'attendee' AND key > ?1 ORDER BY key LIMIT ?2")?;
    let after = after.map_or_else(Vec::new, |id| id.0.to_vec());
    let mut rows = statement.query((after, i64::try_from(limit + 1).unwrap_or(i64::MAX)))?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(Stream::Attendee(id)) = Stream::parse(&streams::name(row, 0, 1)?) {
            ids.push(id);
        }
    }
    found(db, ids, limit)
}

fn found(db: &Db, mut ids: Vec<AttendeeId>, limit: usize) -> Result<Found, StoreError> {
    let more = ids.len() > limit;
    ids.truncate(limit);
    Ok(Found { rows: rows(db, &ids)?, more })
}

/// The attendees behind a stream: the one it is about, or those on the seats of an order.
fn people_of(db: &Connection, row: i64) -> Result<Vec<AttendeeId>, StoreError> {
    match Stream::parse(&streams::name_of(db, row)?) {
        Some(Stream::Attendee(id)) => Ok(vec![id]),
        Some(Stream::Order(id)) => {
            let Some(state) = load(db, &Stream::Order(id))? else { return Ok(Vec::new()) };
            let Folded::Order(order) = state.folded else { return Ok(Vec::new()) };
            let named = order.attendee.iter().chain(order.assigned.values()).chain(order.imported.keys());
            Ok(named.copied().collect())
        }
        _ => Ok(Vec::new()),
    }
}
