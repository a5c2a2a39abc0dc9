//! Rows of an attendee list as the importer reads them.

use serde::{Deserialize, Serialize};

use crate::id::{AttendeeId, SeatTypeId};
use crate::person::Person;

/// Wire name of the event that a row of a list becomes.
pub const ROW_KIND: &str = "attendee-imported";

/// State of a seat as the source has it.
// Stored: inside `Command`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Paid, free or on invoice.
    Paid,
    /// Open.
    Unpaid,
    /// Called off.
    Cancelled,
}

/// One seat of a row.
// Stored: inside `Command`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSeat {
    /// What was bought.
    pub seat_type: SeatTypeId,
    /// How it stands.
    pub state: SourceState,
}

/// One attendee of a list.
// Stored: inside `Command`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// What names the attendee in the source, for ever.
    pub external_key: String,
    /// Names and addresses.
    pub person: Person,
    /// Ticket codes as printed by the source.
    pub codes: Vec<String>,
    /// Order code in the source, else the row is an order of its own.
    pub order_code: Option<String>,
    /// What was bought.
    pub seats: Vec<SourceSeat>,
}

impl ImportRow {
    /// The attendee the row is about: the same list makes the same attendees at every node.
    pub fn attendee(&self, conference: &str, source: &str) -> AttendeeId {
        AttendeeId::derive(&[conference.as_bytes(), source.as_bytes(), self.external_key.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AttendeeImported, Facts};

    #[test]
    fn the_kind_is_that_of_the_event() {
        let facts = AttendeeImported { source: "plain".to_owned(), codes: Vec::new(), seats: Vec::new() };
        assert_eq!(Facts::from(facts).kind(), ROW_KIND);
    }
}
