//! Rows of an attendee: words to be found by, codes, and conflicts.

use lanyard_domain::attendee::CheckIn;
use lanyard_domain::{Attendee, AttendeeId, access_code};
use rusqlite::Connection;

use super::{Changed, Row, insert_code, replace_words};
use crate::search::{self, Findable};
use crate::store::StoreError;

pub(super) fn project(
    db: &Connection,
    row: Row,
    id: AttendeeId,
    state: &Attendee,
    changed: Changed,
) -> Result<(), StoreError> {
    if changed.words || changed.all {
        project_words(db, row, state)?;
    }
    if changed.badges || changed.all {
        for badge in &state.badges {
            let printed = badge.badge_code.as_str();
            insert_code(db, &access_code::fold(printed), row, Some(printed))?;
        }
    }
    let contested = |check_in: &CheckIn| {
        !check_in.unseen_check_ins.is_empty() || !check_in.unseen_cancellations.is_empty()
    };
    if changed.all || state.check_ins.iter().any(contested) {
        project_conflicts(db, row.id, id, state)?;
    }
    Ok(())
}

fn project_words(db: &Connection, row: Row, state: &Attendee) -> Result<(), StoreError> {
    for code in &state.codes {
        insert_code(db, code, row, None)?;
    }
    let person = state.person.as_ref();
    let name_key = person.map(|person| name_key(&person.full_name())).filter(|key| !key.is_empty());
    let email_key = person.and_then(lanyard_domain::Person::email_key);
    db.prepare_cached(
        "INSERT INTO attendees (stream, name_key, email_key) VALUES (?1, ?2, ?3) \
         ON CONFLICT (stream) DO UPDATE SET name_key = ?2, email_key = ?3",
    )?
    .execute((row.id, name_key, email_key))?;
    let codes: Vec<&str> = state.codes.iter().map(String::as_str).collect();
    let words = search::document(&Findable {
        first_name: person.map_or("", |person| &person.first_name),
        last_name: person.map_or("", |person| &person.last_name),
        email: person.and_then(|person| person.email.as_deref()),
        company: person.and_then(|person| person.company.as_deref()),
        codes: &codes,
    });
    replace_words(db, row, &words)
}

/// A name as it is compared with others: folded, each part once, in order.
pub(crate) fn name_key(full_name: &str) -> String {
    let folded = search::fold(full_name);
    let mut parts: Vec<&str> = folded.split_whitespace().collect();
    parts.sort_unstable();
    parts.join(" ")
}

fn project_conflicts(db: &Connection, row: i64, id: AttendeeId, state: &Attendee) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM conflicts WHERE stream = ?1")?.execute([row])?;
    let mut insert =
        db.prepare_cached("INSERT INTO conflicts (id, stream, open, opened_at_ms) VALUES (?1, ?2, ?3, ?4)")?;
    for conflict in state.conflicts(id) {
        insert.execute((conflict.id.0.as_slice(), row, conflict.is_open(), conflict.opened_at_ms()))?;
    }
    Ok(())
}
