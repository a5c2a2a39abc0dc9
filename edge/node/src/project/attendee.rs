//! Rows of an attendee: words to be found by, codes, and conflicts.

use lanyard_domain::attendee::{Badge, CheckIn};
use lanyard_domain::{Attendee, AttendeeId, Conflict, ConflictId, access_code};
use rusqlite::Connection;

use super::{Changed, Row, insert_code, replace_words};
use crate::search::{self, Findable};
use crate::store::StoreError;

/// What is written about an attendee, as far as it changed.
#[derive(Debug)]
pub(crate) struct Rows {
    words: Option<WordRows>,
    /// Folded, and as printed.
    badges: Vec<(String, String)>,
    conflicts: Option<Vec<ConflictRow>>,
}

#[derive(Debug)]
struct WordRows {
    codes: Vec<String>,
    name_key: Option<String>,
    email_key: Option<String>,
    words: String,
}

#[derive(Debug)]
struct ConflictRow {
    id: ConflictId,
    is_open: bool,
    opened_at_ms: i64,
}

impl Rows {
    pub(super) fn of(id: AttendeeId, state: &Attendee, changed: Changed) -> Self {
        let badges = if changed.badges || changed.all { &state.badges[..] } else { &[] };
        let badge = |badge: &Badge| {
            let printed = badge.badge_code.as_str();
            (access_code::fold(printed), printed.to_owned())
        };
        let contested = |check_in: &CheckIn| {
            !check_in.unseen_check_ins.is_empty() || !check_in.unseen_cancellations.is_empty()
        };
        let has_conflicts = changed.all || state.check_ins.iter().any(contested);
        Self {
            words: (changed.words || changed.all).then(|| WordRows::of(state)),
            badges: badges.iter().map(badge).collect(),
            conflicts: has_conflicts.then(|| conflicts(id, state)),
        }
    }

    pub(super) fn write(&self, db: &Connection, row: Row) -> Result<(), StoreError> {
        if let Some(words) = &self.words {
            words.write(db, row)?;
        }
        for (folded, printed) in &self.badges {
            insert_code(db, folded, row, Some(printed))?;
        }
        if let Some(conflicts) = &self.conflicts {
            write_conflicts(db, row, conflicts)?;
        }
        Ok(())
    }
}

impl WordRows {
    fn of(state: &Attendee) -> Self {
        let person = state.person.as_ref();
        let codes: Vec<&str> = state.codes.iter().map(String::as_str).collect();
        let words = search::document(&Findable {
            first_name: person.map_or("", |person| &person.first_name),
            last_name: person.map_or("", |person| &person.last_name),
            email: person.and_then(|person| person.email.as_deref()),
            company: person.and_then(|person| person.company.as_deref()),
            codes: &codes,
        });
        Self {
            name_key: person.map(|person| name_key(&person.full_name())).filter(|key| !key.is_empty()),
            email_key: person.and_then(lanyard_domain::Person::email_key),
            words,
            codes: codes.into_iter().map(str::to_owned).collect(),
        }
    }

    fn write(&self, db: &Connection, row: Row) -> Result<(), StoreError> {
        for code in &self.codes {
            insert_code(db, code, row, None)?;
        }
        db.prepare_cached(
            "INSERT INTO attendees (stream, name_key, email_key) VALUES (?1, ?2, ?3) \
             ON CONFLICT (stream) DO UPDATE SET name_key = ?2, email_key = ?3",
        )?
        .execute((row.id, &self.name_key, &self.email_key))?;
        replace_words(db, row, &self.words)
    }
}

/// A name as it is compared with others: folded, each part once, in order.
pub(crate) fn name_key(full_name: &str) -> String {
    let folded = search::fold(full_name);
    let mut parts: Vec<&str> = folded.split_whitespace().collect();
    parts.sort_unstable();
    parts.join(" ")
}

fn conflicts(id: AttendeeId, state: &Attendee) -> Vec<ConflictRow> {
    let row = |conflict: Conflict| ConflictRow {
        id: conflict.id,
        is_open: conflict.is_open(),
        opened_at_ms: conflict.opened_at_ms(),
    };
    state.conflicts(id).into_iter().map(row).collect()
}

fn write_conflicts(db: &Connection, row: Row, conflicts: &[ConflictRow]) -> Result<(), StoreError> {
    if !row.is_new {
        db.prepare_cached("DELETE FROM conflicts WHERE stream = ?1")?.execute([row.id])?;
    }
    for ConflictRow { id, is_open, opened_at_ms } in conflicts {
        db.prepare_cached("INSERT INTO conflicts (id, stream, open, opened_at_ms) VALUES (?1, ?2, ?3, ?4)")?
            .execute((id.0.as_slice(), row.id, is_open, opened_at_ms))?;
    }
    Ok(())
}
