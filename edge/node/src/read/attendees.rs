//! Attendees: one of them, what a code stands for, and those that words find.

use std::sync::Arc;

use lanyard_domain::view::CodeMatch;
use lanyard_domain::{Attendee, AttendeeId, Folded, Order, Stream};

use super::state::load;
use super::{Read, ReadError};
use crate::engine::view::find_code;
use crate::search::{Query, candidates};
use crate::store::streams;

/// How far back the attendees that changed last are looked for, in entries.
const RECENT_ENTRIES: i64 = 2_000;
/// Attendees whose names are weighed against what was typed.
const WEIGHED: usize = 60;

impl Read<'_> {
    /// Reads an attendee; none when nothing was written about them.
    pub fn attendee(&self, id: AttendeeId) -> Result<Option<Attendee>, ReadError> {
        let state = load(self.db, &Stream::Attendee(id))?;
        Ok(state.and_then(|state| match state.folded {
            Folded::Attendee(attendee) => Some(Arc::unwrap_or_clone(attendee)),
            _ => None,
        }))
    }

    /// Reads these attendees, leaving out those not known here.
    pub fn attendees(&self, ids: &[AttendeeId]) -> Result<Vec<(AttendeeId, Attendee)>, ReadError> {
        let found = ids.iter().map(|id| Ok(self.attendee(*id)?.map(|attendee| (*id, attendee))));
        found.filter_map(Result::transpose).collect()
    }

    /// Finds what a folded code stands for.
    pub fn code(&self, folded: &str) -> Result<CodeMatch, ReadError> {
        Ok(find_code(self.db, folded)?)
    }

    /// Finds attendees by what somebody typed, by themselves or by an order of theirs, best first. Without
    /// words, those that changed last.
    pub fn search(&self, typed: &str, limit: usize) -> Result<Vec<(AttendeeId, Attendee)>, ReadError> {
        match Query::parse(typed) {
            Some(query) => {
                let mut people = self.attendees(&self.found(&query, limit.max(WEIGHED))?)?;
                people.sort_by_cached_key(|(_, attendee)| rank(&query, attendee));
                people.truncate(limit);
                Ok(people)
            }
            None if typed.trim().is_empty() => self.attendees(&self.recent(limit)?),
            None => Ok(Vec::new()),
        }
    }

    fn found(self, query: &Query, limit: usize) -> Result<Vec<AttendeeId>, ReadError> {
        let mut ids = Vec::new();
        for row in candidates(self.db, query)? {
            for id in self.people_of(row)? {
                if !ids.contains(&id) {
                    ids.push(id);
                }
                if ids.len() == limit {
                    return Ok(ids);
                }
            }
        }
        Ok(ids)
    }

    fn recent(self, limit: usize) -> Result<Vec<AttendeeId>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT s.category, s.key FROM entries e JOIN streams s ON s.id = e.stream \
             WHERE e.pos > (SELECT coalesce(max(pos), 0) FROM entries) - ?1 ORDER BY e.pos DESC",
        )?;
        let mut rows = statement.query([RECENT_ENTRIES])?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            match Stream::parse(&streams::name(row, 0, 1)?) {
                Some(Stream::Attendee(id)) if !ids.contains(&id) => ids.push(id),
                _ => {}
            }
            if ids.len() == limit {
                break;
            }
        }
        Ok(ids)
    }

    /// Reads attendees in order of id, for lists and reports; `after` is where the last page ended.
    pub fn attendees_after(
        &self,
        after: Option<AttendeeId>,
        limit: usize,
    ) -> Result<Vec<(AttendeeId, Attendee)>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT category, key FROM streams WHERE category = 'attendee' AND key > ?1 ORDER BY key LIMIT ?2",
        )?;
        let after = after.map_or_else(Vec::new, |id| id.0.to_vec());
        let mut rows = statement.query((after, i64::try_from(limit).unwrap_or(i64::MAX)))?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            if let Some(Stream::Attendee(id)) = Stream::parse(&streams::name(row, 0, 1)?) {
                ids.push(id);
            }
        }
        self.attendees(&ids)
    }

    /// The attendees behind a stream: the one it is about, or those on the seats of an order.
    fn people_of(self, row: i64) -> Result<Vec<AttendeeId>, ReadError> {
        match Stream::parse(&streams::name_of(self.db, row)?) {
            Some(Stream::Attendee(id)) => Ok(vec![id]),
            Some(Stream::Order(id)) => Ok(self.order(id)?.map_or_else(Vec::new, |order| people_on(&order))),
            _ => Ok(Vec::new()),
        }
    }
}

/// How well the name fits; who was erased comes last.
fn rank(query: &Query, attendee: &Attendee) -> u8 {
    attendee.person.as_ref().map_or(u8::MAX, |person| query.rank(&person.full_name()))
}

fn people_on(order: &Order) -> Vec<AttendeeId> {
    order.attendee.iter().chain(order.assigned.values()).chain(order.imported.keys()).copied().collect()
}
