//! Rows of an order: codes and words to be found by, and the seats its owner has to give back.

use lanyard_domain::order::OrderState;
use lanyard_domain::{Account, Order};
use rusqlite::Connection;

use super::{Changed, Row, insert_code, replace_words};
use crate::search::{self, Findable};
use crate::store::StoreError;

pub(super) fn project(
    db: &Connection,
    row: Row,
    state: &Order,
    changed: Changed,
    own: Account,
) -> Result<(), StoreError> {
    if changed.words || changed.all {
        project_words(db, row, state)?;
        project_registrant(db, row, state)?;
    }
    if state.owner == Some(own) {
        project_hold(db, row.id, state, own)?;
    }
    Ok(())
}

fn project_words(db: &Connection, row: Row, state: &Order) -> Result<(), StoreError> {
    let mut codes: Vec<&str> = state.codes.iter().map(String::as_str).collect();
    if !state.access_code.is_empty() {
        codes.push(&state.access_code);
    }
    for code in &codes {
        insert_code(db, code, row, None)?;
    }
    if codes.is_empty() && state.registrant.is_none() && !state.erased {
        return Ok(());
    }
    let person = state.registrant.as_ref();
    let words = search::document(&Findable {
        first_name: person.map_or("", |person| &person.first_name),
        last_name: person.map_or("", |person| &person.last_name),
        email: person.and_then(|person| person.email.as_deref()),
        company: None,
        codes: &codes,
    });
    replace_words(db, row, &words)
}

fn project_registrant(db: &Connection, row: Row, state: &Order) -> Result<(), StoreError> {
    let email_key = state.registrant.as_ref().and_then(lanyard_domain::Person::email_key);
    if state.attendee.is_none() && email_key.is_none() && !state.erased {
        return Ok(());
    }
    let attendee = state.attendee.as_ref().map(|attendee| attendee.0.as_slice());
    db.prepare_cached(
        "INSERT INTO registrants (stream, attendee, email_key) VALUES (?1, ?2, ?3) \
         ON CONFLICT (stream) DO UPDATE SET attendee = ?2, email_key = ?3",
    )?
    .execute((row.id, attendee, email_key))?;
    Ok(())
}

fn project_hold(db: &Connection, row: i64, state: &Order, own: Account) -> Result<(), StoreError> {
    match release_due_ms(state) {
        Some(until_ms) => db
            .prepare_cached(
                "INSERT INTO holds (stream, owner, until_ms) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (stream) DO UPDATE SET owner = ?2, until_ms = ?3",
            )?
            .execute((row, own.to_string(), until_ms))?,
        None => db.prepare_cached("DELETE FROM holds WHERE stream = ?1")?.execute([row])?,
    };
    Ok(())
}

/// From when on the owner gives back what the order holds; none when it keeps it.
fn release_due_ms(state: &Order) -> Option<i64> {
    match state.state {
        OrderState::Cancelled if !state.released => Some(0),
        OrderState::Placed if state.paid_minor == 0 && !state.is_complimentary() => Some(state.expires_ms),
        OrderState::Unknown
        | OrderState::Imported
        | OrderState::Placed
        | OrderState::Confirmed
        | OrderState::Cancelled
        | OrderState::Expired => None,
    }
}
