//! What the columns of a list mean: Eventbrite's, pretix's, or plain headers in English and German.
//!
//! Headers are compared without case, blanks and punctuation. Where a source has two columns for the same
//! thing, the one named first here is read (an attendee's e-mail before the buyer's).

use serde::Serialize;

use super::fault::FileFault;
use super::report::ColumnReport;
use crate::search::fold;

/// Whose export a list is. The word is part of every attendee's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Eventbrite's attendee report.
    Eventbrite,
    /// Pretix's order positions or check-in list.
    Pretix,
    /// Anything else with readable headers.
    Plain,
}

/// What a column says about an attendee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Names the attendee in the source for ever.
    Id,
    /// Given names.
    FirstName,
    /// Family names.
    LastName,
    /// The whole name in one cell.
    Name,
    /// E-mail.
    Email,
    /// Company or institution.
    Company,
    /// Pronouns, for the badge.
    Pronouns,
    /// Preferred language.
    Language,
    /// What was bought.
    SeatType,
    /// Which kind of what was bought.
    Variation,
    /// The code on the ticket.
    Code,
    /// The order it belongs to.
    OrderCode,
    /// How the order or ticket stands.
    State,
    /// Whether it is paid.
    Paid,
}

type Names = &'static [(Field, &'static [&'static str])];

const EVENTBRITE: Names = &[
    (Field::FirstName, &["first name", "attendee first name"]),
    (Field::LastName, &["last name", "attendee last name", "surname"]),
    (Field::Name, &["name", "attendee name"]),
    (Field::Email, &["email", "attendee email", "email address"]),
    (Field::Company, &["company", "work company"]),
    (Field::Pronouns, &["pronouns", "your pronouns"]),
    (Field::SeatType, &["ticket type"]),
    (Field::Code, &["barcode #", "barcode", "barcode number"]),
    (Field::Id, &["attendee #", "attendee id"]),
    (Field::OrderCode, &["order #", "order no.", "order id"]),
    (Field::State, &["attendee status", "status"]),
];

const PRETIX: Names = &[
    (Field::FirstName, &["attendee name: given name", "given name", "attendee given name"]),
    (Field::LastName, &["attendee name: family name", "family name", "attendee family name"]),
    (Field::Name, &["attendee name", "name", "teilnehmername", "name des teilnehmers"]),
    (Field::Email, &["attendee email", "attendee e-mail", "e-mail", "email", "e-mail-adresse"]),
    (Field::Company, &["company", "attendee company", "firma"]),
    (Field::Pronouns, &["pronouns", "pronomen"]),
    (Field::SeatType, &["product", "produkt"]),
    (Field::Variation, &["variation", "variante"]),
    (Field::Code, &["secret", "ticket secret", "ticket-code", "ticketcode"]),
    (Field::OrderCode, &["order code", "bestellnummer", "bestellcode"]),
    (Field::State, &["status", "order status"]),
    (Field::Paid, &["paid", "bezahlt"]),
    (Field::Language, &["order locale", "language", "sprache"]),
];

const PLAIN: Names = &[
    (Field::Id, &["id", "external id", "external key", "key", "attendee id", "teilnehmernummer"]),
    (Field::FirstName, &["first name", "given name", "forename", "vorname", "prénom"]),
    (Field::LastName, &["last name", "family name", "surname", "nachname", "familienname", "nom"]),
    (Field::Name, &["name", "full name", "attendee", "attendee name", "teilnehmer", "vollständiger name"]),
    (Field::Email, &["e-mail", "email address", "mail", "e-mail-adresse"]),
    (Field::Company, &["company", "organisation", "organization", "institution", "affiliation", "firma"]),
    (Field::Pronouns, &["pronouns", "pronomen"]),
    (Field::Language, &["language", "locale", "sprache"]),
    (
        Field::SeatType,
        &["seat types", "seat type", "ticket type", "ticket", "product", "category", "ticketart"],
    ),
    (Field::Code, &["code", "ticket code", "access code", "barcode", "secret", "ticketcode", "zugangscode"]),
    (Field::OrderCode, &["order code", "order", "order id", "order number", "bestellnummer"]),
    (Field::State, &["state", "status"]),
    (Field::Paid, &["paid", "bezahlt"]),
];

/// Headers that only Eventbrite writes, of which two prove it.
const EVENTBRITE_MARKS: [&str; 7] =
    ["order #", "attendee #", "barcode #", "attendee status", "ticket type", "order no.", "price tier"];
/// Headers that only pretix writes, of which two prove it.
const PRETIX_MARKS: [&str; 10] = [
    "order code",
    "product",
    "secret",
    "ticket secret",
    "position id",
    "pseudonymization id",
    "attendee name",
    "attendee name: given name",
    "attendee email",
    "bestellnummer",
];

/// Where each field stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) source: Source,
    pub(super) width: usize,
    places: Vec<(Field, usize)>,
}

impl Source {
    /// The source's stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eventbrite => "eventbrite",
            Self::Pretix => "pretix",
            Self::Plain => "plain",
        }
    }

    fn names(self) -> Names {
        match self {
            Self::Eventbrite => EVENTBRITE,
            Self::Pretix => PRETIX,
            Self::Plain => PLAIN,
        }
    }

    fn of(headers: &[String]) -> Self {
        let marks = |marks: &[&str]| marks.iter().filter(|mark| headers.contains(&bare(mark))).count();
        let (eventbrite, pretix) = (marks(&EVENTBRITE_MARKS), marks(&PRETIX_MARKS));
        match (eventbrite, pretix) {
            (0..=1, 0..=1) => Self::Plain,
            (eventbrite, pretix) if eventbrite >= pretix => Self::Eventbrite,
            _ => Self::Pretix,
        }
    }
}

impl Columns {
    /// Reads the header line.
    pub(super) fn read(headers: &[&str]) -> Result<(Self, ColumnReport), FileFault> {
        let bares: Vec<String> = headers.iter().map(|header| bare(header)).collect();
        let source = Source::of(&bares);
        let mut places = Vec::new();
        for (field, names) in source.names() {
            let Some(name) = names.iter().map(|name| bare(name)).find(|name| bares.contains(name)) else {
                continue;
            };
            let mut found = (0..bares.len()).filter(|at| bares[*at] == name);
            let at = found.next().expect("the name was found among the headers");
            if found.next().is_some() {
                return Err(FileFault::RepeatedColumn { column: headers[at].trim().to_owned() });
            }
            places.push((*field, at));
        }
        let columns = Self { source, width: headers.len(), places };
        columns.check(headers)?;
        let report = columns.report(headers);
        Ok((columns, report))
    }

    /// The column a field is read from.
    pub(super) fn place(&self, field: Field) -> Option<usize> {
        self.places.iter().find(|(placed, _)| *placed == field).map(|(_, at)| *at)
    }

    fn has(&self, field: Field) -> bool {
        self.place(field).is_some()
    }

    fn check(&self, headers: &[&str]) -> Result<(), FileFault> {
        let keys: &[Field] = match self.source {
            Source::Eventbrite => &[Field::Code, Field::Id],
            Source::Pretix => &[Field::Code],
            Source::Plain => &[Field::Id, Field::Code, Field::Email],
        };
        let needed = [&[Field::FirstName, Field::LastName, Field::Name][..], &[Field::SeatType], keys];
        match needed.iter().find(|any| !any.iter().any(|field| self.has(*field))) {
            Some(any) => Err(self.missing(any, headers)),
            None => Ok(()),
        }
    }

    fn missing(&self, any: &[Field], headers: &[&str]) -> FileFault {
        let of = |field: &Field| self.source.names().iter().find(|(named, _)| named == field);
        let names: Vec<String> =
            any.iter().filter_map(of).map(|(_, names)| format!("“{}”", names[0])).collect();
        let shown: Vec<&str> = headers.iter().take(40).map(|header| header.trim()).collect();
        let format = self.source.as_str();
        FileFault::MissingColumn { format, column: names.join(" or "), columns: shown.join(", ") }
    }

    fn report(&self, headers: &[&str]) -> ColumnReport {
        let used = |at: usize| self.places.iter().any(|(_, place)| *place == at);
        let header = |at: usize| headers[at].trim().to_owned();
        ColumnReport {
            recognised: self.places.iter().map(|(field, at)| (*field, header(*at))).collect(),
            ignored: (0..headers.len()).filter(|at| !used(*at)).map(header).collect(),
        }
    }
}

/// A header as it is compared: folded, letters and digits only.
fn bare(header: &str) -> String {
    fold(header).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<(Columns, ColumnReport), FileFault> {
        Columns::read(&line.split(',').collect::<Vec<_>>())
    }

    fn header(report: &ColumnReport, field: Field) -> Option<&str> {
        report.recognised.get(&field).map(String::as_str)
    }

    #[test]
    fn eventbrite_is_recognised() {
        let (columns, report) = read(
            "Order #,Order Date,First Name,Last Name,Email,Quantity,Ticket Type,Attendee #,Barcode #,Attendee Status",
        )
        .expect("the header is whole");
        assert_eq!(columns.source, Source::Eventbrite);
        assert_eq!(header(&report, Field::Code), Some("Barcode #"));
        assert_eq!(report.ignored, ["Order Date", "Quantity"]);
    }

    #[test]
    fn pretix_is_recognised_and_the_attendees_own_mail_wins() {
        let (columns, report) =
            read("Order code,Status,Email,Product,Variation,Attendee name,Attendee email,Ticket secret")
                .expect("the header is whole");
        assert_eq!(columns.source, Source::Pretix);
        assert_eq!(header(&report, Field::Email), Some("Attendee email"));
        assert_eq!(report.ignored, ["Email"]);
    }

    #[test]
    fn plain_headers_are_tolerant_of_case_blanks_and_language() {
        for line in ["first_name,LAST NAME,e-mail,Seat Type", "Vorname,Nachname,E-Mail-Adresse,Ticketart"] {
            let (columns, report) = read(line).expect("the header is whole");
            assert_eq!((columns.source, report.ignored.len()), (Source::Plain, 0), "{line}");
        }
    }

    #[test]
    fn a_missing_column_is_named() {
        let fault = read("Order #,First Name,Barcode #,Attendee Status").expect_err("no ticket type");
        assert_eq!(
            fault.to_string(),
            "The file reads as “eventbrite” and has no column “ticket type”. Its columns are: Order #, First \
             Name, Barcode #, Attendee Status."
        );
        let fault = read("first_name,seat_type").expect_err("nothing names a row");
        assert!(fault.to_string().contains("no column “id” or “code” or “e-mail”"), "{fault}");
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        let fault = read("name,email,E-Mail,seat type").expect_err("two e-mail columns");
        assert_eq!(fault, FileFault::RepeatedColumn { column: "email".into() });
    }
}
