//! An attendee's state: who they are, what they hold, where they went in, which badges they have.
//!
//! Responsible for what is asked of it and for leading each event to the part of the state it concerns.

mod badges;
mod check_ins;
mod moment;
mod seats;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::document::{Document, Field};
use crate::event::{Event, Facts};
use crate::fold::Placed;
use crate::id::{SeatId, SeatTypeId};
use crate::person::Person;
use crate::resolution::Resolution;

pub use badges::Badge;
pub use check_ins::{Annulment, CheckIn};
pub use moment::Moment;
pub use seats::Seat;

/// State of stream `attendee/{id}`.
// Stored: JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Entries folded.
    pub entries: u64,
    /// Names and addresses; none once erased.
    pub person: Option<Person>,
    /// Where the attendee came from; empty for a walk-up.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Codes that name this attendee, folded.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub codes: BTreeSet<String>,
    /// Seats by id.
    pub seats: BTreeMap<SeatId, Seat>,
    /// Entry scans in canonical order, annulled ones too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check_ins: Vec<CheckIn>,
    /// Badges in canonical order, void ones too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub badges: Vec<Badge>,
    /// Decisions on conflicts in canonical order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolutions: Vec<Resolution>,
    /// Badge text and the notes of staff, once somebody wrote some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Box<Document>>,
    /// When the words about them were erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Moment>,
}

impl Attendee {
    /// Whether some check-in of any list stands.
    pub fn is_in(&self) -> bool {
        self.check_ins.iter().any(CheckIn::stands)
    }

    /// Seats that were not called off.
    pub fn good_seats(&self) -> impl Iterator<Item = (&SeatId, &Seat)> {
        self.seats.iter().filter(|(_, seat)| seat.is_good())
    }

    /// Seat types for the badge, admission first, each once.
    pub fn entitlements(&self) -> Vec<SeatTypeId> {
        let mut seats: Vec<_> = self.good_seats().map(|(_, seat)| (!seat.admits, &seat.seat_type)).collect();
        seats.sort();
        seats.dedup();
        seats.into_iter().map(|(_, seat_type)| seat_type.clone()).collect()
    }

    /// Names and addresses as the badge has them: of the list, and what staff wrote instead.
    pub fn badge_words(&self) -> Person {
        let mut person = self.person.clone().unwrap_or_default();
        let written =
            |field| self.document.as_ref().and_then(|document| document.text(field)).map(str::to_owned);
        if let Some(name) = written(Field::BadgeName) {
            (person.first_name, person.last_name) = (name, String::new());
        }
        person.company = written(Field::Company).or(person.company);
        person.pronouns = written(Field::Pronouns).or(person.pronouns);
        person
    }

    /// Applies one entry of the stream; an event that has no meaning here only counts.
    pub fn apply(&mut self, event: &Event, at: &Placed<'_>) {
        self.entries += 1;
        let words = event.personal.as_ref().filter(|_| self.erased.is_none());
        let reason = || words.and_then(|words| words.reason.clone());
        match &event.facts {
            Facts::AttendeeImported(imported) => {
                self.source.clone_from(&imported.source);
                self.person = words.cloned();
                self.codes.extend(imported.codes.iter().cloned());
                self.import_seats(&imported.seats, at);
            }
            Facts::AttendeeRegistered(registered) => {
                self.person = words.cloned();
                self.codes.extend(registered.codes.iter().cloned());
            }
            Facts::SeatAssigned(assigned) => self.assign_seat(assigned),
            Facts::SeatCancelled(cancelled) => self.cancel_seat(&cancelled.seat, at),
            Facts::AttendeeCheckedIn(checked_in) => self.check_in(checked_in, at),
            Facts::CheckInAnnulled(annulled) => self.annul(annulled.check_in, reason(), at),
            Facts::BadgeIssued(issued) => self.issue_badge(issued, at),
            Facts::BadgeVoided(voided) => self.void_badge(&voided.badge_code, at.at_ms),
            Facts::BadgePrinted(printed) => self.print_badge(&printed.badge_code, at.at_ms),
            Facts::ConflictResolved(resolved) => self.resolve(Resolution::new(resolved, reason(), at), at),
            Facts::AttendeeErased(_) => self.erase(at),
            Facts::DocumentChanged(_) => {
                if let Some(change) = words.and_then(|words| words.change.as_ref()) {
                    self.document.get_or_insert_default().apply(change, at);
                }
            }
            Facts::ErasuresCompleted(_)
            | Facts::ReaderChanged(_)
            | Facts::ConferenceConfigured(_)
            | Facts::StaffSet(_)
            | Facts::NodeEnrolled(_)
            | Facts::ForkFound(_)
            | Facts::LogsClosed(_)
            | Facts::OrderImported(_)
            | Facts::OrderPlaced(_)
            | Facts::PaymentTaken(_)
            | Facts::OrderConfirmed(_)
            | Facts::OrderCancelled(_)
            | Facts::OrderReleased(_)
            | Facts::OrderSeatAssigned(_)
            | Facts::QuotaSet(_)
            | Facts::RightsGiven(_)
            | Facts::RightsReturned(_)
            | Facts::SeatsHeld(_)
            | Facts::SeatsSold(_)
            | Facts::SeatsReleased(_)
            | Facts::ScanRefused(_) => {}
        }
    }

    /// Forgets every word, and those that are still to come.
    fn erase(&mut self, at: &Placed<'_>) {
        self.erased.get_or_insert_with(|| Moment::of(at));
        self.person = None;
        self.document = None;
        for annulled in self.check_ins.iter_mut().filter_map(|check_in| check_in.annulled.as_mut()) {
            annulled.reason = None;
        }
        for resolution in &mut self.resolutions {
            resolution.reason = None;
        }
    }
}
