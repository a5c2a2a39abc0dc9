//! Conflicts: those that wait for a decision and those that were decided.

use std::cmp::Reverse;

use lanyard_domain::conflict::Conflict;
use lanyard_domain::{Attendee, AttendeeId, ConflictId, Stream};
use rusqlite::OptionalExtension;

use super::{Read, ReadError};
use crate::store::{sql, streams};

/// Most attendees of one answer.
const ATTENDEES_MAX: u32 = 500;

impl Read<'_> {
    /// Reads the attendees that are part of a conflict, those whose conflict opened last first.
    pub fn attendees_in_conflict(&self, only_open: bool) -> Result<Vec<(AttendeeId, Attendee)>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT stream FROM conflicts WHERE open OR NOT ?1 GROUP BY stream \
             ORDER BY max(opened_at_ms) DESC, stream LIMIT ?2",
        )?;
        let mut rows = statement.query((only_open, ATTENDEES_MAX))?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            ids.extend(self.attendee_at(row.get(0)?)?);
        }
        self.attendees(&ids)
    }

    /// Reads conflicts with whom they are about, those that opened last first.
    pub fn conflicts(&self, only_open: bool) -> Result<Vec<(Conflict, Attendee)>, ReadError> {
        let mut conflicts = Vec::new();
        for (id, attendee) in self.attendees_in_conflict(only_open)? {
            let of_attendee = attendee.conflicts(id).into_iter();
            let wanted = of_attendee.filter(|conflict| !only_open || conflict.is_open());
            conflicts.extend(wanted.map(|conflict| (conflict, attendee.clone())));
        }
        conflicts.sort_by_key(|(conflict, _)| (Reverse(conflict.opened_at_ms()), conflict.id));
        Ok(conflicts)
    }

    /// Finds whose conflict it is.
    pub fn attendee_of_conflict(&self, id: ConflictId) -> Result<Option<AttendeeId>, ReadError> {
        let mut statement = self.db.prepare_cached("SELECT stream FROM conflicts WHERE id = ?1")?;
        let stream = statement.query_row([id.0.as_slice()], |row| row.get(0)).optional()?;
        stream.map_or(Ok(None), |stream| self.attendee_at(stream))
    }

    /// Counts the conflicts that wait for a decision.
    pub fn open_conflicts(&self) -> Result<u64, ReadError> {
        let mut statement = self.db.prepare_cached("SELECT count(*) FROM conflicts WHERE open")?;
        let count: i64 = statement.query_row([], |row| row.get(0))?;
        Ok(sql::counter(count))
    }

    fn attendee_at(self, row: i64) -> Result<Option<AttendeeId>, ReadError> {
        Ok(match Stream::parse(&streams::name_of(self.db, row)?) {
            Some(Stream::Attendee(id)) => Some(id),
            _ => None,
        })
    }
}
