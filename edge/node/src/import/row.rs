//! One row of a list as the domain wants it, or the reason it cannot be.

use csv::StringRecord;
use lanyard_domain::import::{ImportRow, SourceSeat, SourceState};
use lanyard_domain::{Person, SeatTypeId};

use super::cells::{self, clean, shown};
use super::columns::{Columns, Field};
use super::seat_types::SeatTypeNames;

/// Most seats one row names.
pub(super) const SEATS_MAX: usize = 16;

/// Reads the record of one row.
pub(super) fn read(
    record: &StringRecord,
    columns: &Columns,
    headers: &StringRecord,
    names: &SeatTypeNames,
) -> Result<ImportRow, String> {
    if record.len() != columns.width {
        return Err(format!("{} cells where the header has {}", record.len(), columns.width));
    }
    let row = Row { record, columns, headers };
    let person = row.person()?;
    let code = row.cell(Field::Code)?;
    let order_code = row.cell(Field::OrderCode)?;
    Ok(ImportRow {
        external_key: row.key(&code, &person)?,
        codes: if code.is_empty() { Vec::new() } else { vec![code] },
        order_code: (!order_code.is_empty()).then_some(order_code),
        seats: row.seats(names)?,
        person,
    })
}

struct Row<'a> {
    record: &'a StringRecord,
    columns: &'a Columns,
    headers: &'a StringRecord,
}

impl Row<'_> {
    /// A cell cleaned, empty where the list has no such column.
    fn cell(&self, field: Field) -> Result<String, String> {
        let Some(at) = self.columns.place(field) else { return Ok(String::new()) };
        clean(&self.record[at], self.headers[at].trim())
    }

    fn person(&self) -> Result<Person, String> {
        let (mut first_name, mut last_name) = (self.cell(Field::FirstName)?, self.cell(Field::LastName)?);
        if first_name.is_empty() && last_name.is_empty() {
            (first_name, last_name) = split_name(&self.cell(Field::Name)?);
        }
        if first_name.is_empty() && last_name.is_empty() {
            return Err("no name".to_owned());
        }
        let email = optional(self.cell(Field::Email)?, cells::check_email)?;
        let language = optional(self.cell(Field::Language)?, cells::check_language)?;
        let company = optional(self.cell(Field::Company)?, |_| Ok(()))?;
        let pronouns = optional(self.cell(Field::Pronouns)?, |_| Ok(()))?;
        Ok(Person { first_name, last_name, email, company, pronouns, language, ..Person::default() })
    }

    /// What names the attendee for ever: the source's id, else the ticket code, else the e-mail.
    fn key(&self, code: &str, person: &Person) -> Result<String, String> {
        // A ticket code stays with the ticket when a source renumbers its attendees, so it goes first there.
        let id = self.cell(Field::Id)?;
        let plain = self.columns.source == super::Source::Plain;
        let first = if plain { [id.as_str(), code] } else { [code, id.as_str()] };
        if let Some(key) = first.into_iter().find(|key| !key.is_empty()) {
            return Ok(key.to_owned());
        }
        match person.email_key() {
            Some(email) if plain => Ok(email),
            Some(_) | None => Err("nothing names this row for a later list: no code and no id".to_owned()),
        }
    }

    fn seats(&self, names: &SeatTypeNames) -> Result<Vec<SourceSeat>, String> {
        let state = self.state()?;
        let written = self.cell(Field::SeatType)?;
        if written.is_empty() {
            return Err("no seat type".to_owned());
        }
        let variation = self.cell(Field::Variation)?;
        let seat_types = match names.find(&format!("{written} {variation}")) {
            Some(seat_type) => vec![seat_type.clone()],
            None => several(&written, names)?,
        };
        if seat_types.len() > SEATS_MAX {
            return Err(format!("more than {SEATS_MAX} seat types"));
        }
        Ok(seat_types.into_iter().map(|seat_type| SourceSeat { seat_type, state }).collect())
    }

    fn state(&self) -> Result<SourceState, String> {
        let word = self.cell(Field::State)?;
        let state = if word.is_empty() { SourceState::Paid } else { cells::state(&word)? };
        if state == SourceState::Cancelled || self.columns.place(Field::Paid).is_none() {
            return Ok(state);
        }
        let paid = cells::yes(&self.cell(Field::Paid)?)?;
        Ok(if paid { SourceState::Paid } else { SourceState::Unpaid })
    }
}

/// One seat type by its whole name, else several with a separator between.
fn several(written: &str, names: &SeatTypeNames) -> Result<Vec<SeatTypeId>, String> {
    if let Some(seat_type) = names.find(written) {
        return Ok(vec![seat_type.clone()]);
    }
    let parts = written.split([';', '|', '+', ',']).map(str::trim).filter(|part| !part.is_empty());
    let find = |part: &str| match names.find(part) {
        Some(seat_type) => Ok(seat_type.clone()),
        None => Err(format!("seat type “{}” is not configured; known are: {}", shown(part), names.known())),
    };
    parts.map(find).collect()
}

/// Takes a whole name apart: `Last, First`, else at the first blank; one word is a first name.
fn split_name(name: &str) -> (String, String) {
    let (first, last) = match name.split_once(',') {
        Some((last, first)) => (first, last),
        None => name.split_once(' ').unwrap_or((name, "")),
    };
    (first.trim().to_owned(), last.trim().to_owned())
}

fn optional(cell: String, check: fn(&str) -> Result<(), String>) -> Result<Option<String>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    check(&cell)?;
    Ok(Some(cell))
}

#[cfg(test)]
mod tests {
    use super::super::seat_types::tests::names;
    use super::*;

    fn row(header: &str, line: &str) -> Result<ImportRow, String> {
        let headers: StringRecord = header.split(',').collect();
        let (columns, _) =
            Columns::read(&header.split(',').collect::<Vec<_>>()).expect("the header is whole");
        read(&line.split(',').collect(), &columns, &headers, &names())
    }

    const PLAIN: &str = "first_name,last_name,email,seat_types,code,paid";

    #[test]
    fn a_plain_row_becomes_an_attendee_with_its_seats() {
        let row = row(PLAIN, "Zoë, Lüth ,zoe@example.org,ga;WS,AB-12,no").expect("the row is sound");
        assert_eq!((row.person.first_name.as_str(), row.person.last_name.as_str()), ("Zoë", "Lüth"));
        assert_eq!((row.external_key.as_str(), row.codes.as_slice()), ("AB-12", &["AB-12".to_owned()][..]));
        let seats: Vec<_> = row.seats.iter().map(|seat| (seat.seat_type.as_str(), seat.state)).collect();
        assert_eq!(seats, [("ga", SourceState::Unpaid), ("ws", SourceState::Unpaid)]);
    }

    #[test]
    fn pronouns_are_taken_where_a_list_has_them() {
        let pronouns =
            |header: &str, line: &str| row(header, line).expect("the row is sound").person.pronouns;
        let header = "name,pronouns,seat_type,code";
        assert_eq!(pronouns(header, "Ada,she/her,ga,X").as_deref(), Some("she/her"));
        assert_eq!(pronouns(header, "Ada,,ga,X"), None);
        assert_eq!(pronouns("name,Pronomen,Ticketart,code", "Ada,sie/ihr,ga,X").as_deref(), Some("sie/ihr"));
    }

    #[test]
    fn an_eventbrite_row_keeps_its_barcode_order_and_state() {
        let header = "Order #,First Name,Last Name,Email,Ticket Type,Barcode #,Attendee Status";
        let row = row(header, "991,Ana,Lima,ana@example.org,Early Bird,123456,Not Attending").expect("sound");
        assert_eq!((row.external_key.as_str(), row.order_code.as_deref()), ("123456", Some("991")));
        assert_eq!(row.seats[0].state, SourceState::Cancelled);
    }

    #[test]
    fn a_pretix_row_joins_product_and_variation() {
        let header = "Order code,Status,Product,Variation,Attendee name,Attendee email,Secret";
        let row = row(header, "A1B2C,paid,CQRS Workshop,day 1,小明,,s3cr3t").expect("the row is sound");
        assert_eq!(row.seats[0].seat_type.as_str(), "ws");
        assert_eq!((row.person.first_name.as_str(), row.person.email), ("小明", None));
    }

    #[test]
    fn faults_of_a_row_are_said_in_words() {
        let reason = |line: &str| row(PLAIN, line).expect_err("the row is at fault");
        assert_eq!(reason(",,a@b.c,ga,X,yes"), "no name");
        assert_eq!(
            reason("A,B,a@b.c,gold,X,yes").split(';').next(),
            Some("seat type “gold” is not configured")
        );
        assert_eq!(reason("A,B,a@b.c,,X,yes"), "no seat type");
        assert_eq!(reason("A,B,nobody,ga,X,yes"), "the e-mail address is none");
        assert_eq!(reason("A,B,a@b.c,ga,X"), "5 cells where the header has 6");
        assert_eq!(reason("A,B,,ga,,yes"), "nothing names this row for a later list: no code and no id");
        assert_eq!(reason("A,B,a@b.c,ga,X,perhaps"), "“perhaps” is neither yes nor no");
    }

    #[test]
    fn whole_names_are_taken_apart_once() {
        assert_eq!(split_name("Maria da Silva"), ("Maria".to_owned(), "da Silva".to_owned()));
        assert_eq!(split_name("Lovelace, Ada"), ("Ada".to_owned(), "Lovelace".to_owned()));
        assert_eq!(split_name("Sukarno"), ("Sukarno".to_owned(), String::new()));
    }
}
