//! Rows of an order: codes and words to be found by, and the seats its owner has to give back.

use lanyard_domain::order::OrderState;
use lanyard_domain::{Account, AttendeeId, Order};
use rusqlite::Connection;

use super::{Changed, Row, insert_code, replace_words};
use crate::search::{self, Findable};
use crate::store::StoreError;

/// What is written about an order, as far as it changed.
#[derive(Debug)]
pub(crate) struct Rows {
    words: Option<WordRows>,
    registrant: Option<RegistrantRow>,
    hold: Option<HoldRow>,
}

#[derive(Debug)]
struct WordRows {
    codes: Vec<String>,
    /// None where there is nobody to find.
    words: Option<String>,
}

#[derive(Debug)]
struct RegistrantRow {
    attendee: Option<AttendeeId>,
    email_key: Option<String>,
}

/// That the owner gives seats back, from when on; none when it keeps them.
#[derive(Debug)]
struct HoldRow {
    owner: Account,
    until_ms: Option<i64>,
}

impl Rows {
    pub(super) fn of(state: &Order, changed: Changed, own: Account) -> Self {
        let is_changed = changed.words || changed.all;
        let hold = || HoldRow { owner: own, until_ms: release_due_ms(state) };
        Self {
            words: is_changed.then(|| WordRows::of(state)),
            registrant: is_changed.then(|| RegistrantRow::of(state)).flatten(),
            hold: (state.owner == Some(own)).then(hold),
        }
    }

    pub(super) fn write(&self, db: &Connection, row: Row) -> Result<(), StoreError> {
        if let Some(words) = &self.words {
            words.write(db, row)?;
        }
        if let Some(registrant) = &self.registrant {
            registrant.write(db, row.id)?;
        }
        self.hold.as_ref().map_or(Ok(()), |hold| hold.write(db, row.id))
    }
}

impl WordRows {
    fn of(state: &Order) -> Self {
        let mut codes: Vec<&str> = state.codes.iter().map(String::as_str).collect();
        if !state.access_code.is_empty() {
            codes.push(&state.access_code);
        }
        let person = state.registrant.as_ref();
        let has_words = !codes.is_empty() || person.is_some() || state.erased;
        let words = has_words.then(|| {
            search::document(&Findable {
                first_name: person.map_or("", |person| &person.first_name),
                last_name: person.map_or("", |person| &person.last_name),
                email: person.and_then(|person| person.email.as_deref()),
                company: None,
                codes: &codes,
            })
        });
        Self { words, codes: codes.into_iter().map(str::to_owned).collect() }
    }

    fn write(&self, db: &Connection, row: Row) -> Result<(), StoreError> {
        for code in &self.codes {
            insert_code(db, code, row, None)?;
        }
        self.words.as_ref().map_or(Ok(()), |words| replace_words(db, row, words))
    }
}

impl RegistrantRow {
    fn of(state: &Order) -> Option<Self> {
        let email_key = state.registrant.as_ref().and_then(lanyard_domain::Person::email_key);
        let is_told = state.attendee.is_some() || email_key.is_some() || state.erased;
        is_told.then_some(Self { attendee: state.attendee, email_key })
    }

    fn write(&self, db: &Connection, row: i64) -> Result<(), StoreError> {
        let attendee = self.attendee.as_ref().map(|attendee| attendee.0.as_slice());
        db.prepare_cached(
            "INSERT INTO registrants (stream, attendee, email_key) VALUES (?1, ?2, ?3) \
             ON CONFLICT (stream) DO UPDATE SET attendee = ?2, email_key = ?3",
        )?
        .execute((row, attendee, &self.email_key))?;
        Ok(())
    }
}

impl HoldRow {
    fn write(&self, db: &Connection, row: i64) -> Result<(), StoreError> {
        match self.until_ms {
            Some(until_ms) => db
                .prepare_cached(
                    "INSERT INTO holds (stream, owner, until_ms) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (stream) DO UPDATE SET owner = ?2, until_ms = ?3",
                )?
                .execute((row, self.owner.to_string(), until_ms))?,
            None => db.prepare_cached("DELETE FROM holds WHERE stream = ?1")?.execute([row])?,
        };
        Ok(())
    }
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
