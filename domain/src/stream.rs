//! The streams of a conference and their names in the log.

use lanyard_sync::{NodeId, StreamKey, StreamName};

use crate::document::SharedDocument;
use crate::id::{AttendeeId, DeskId, OrderId, SeatTypeId, StaffId};

/// A stream of the domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Conference, seat types, lists, desks.
    Conference,
    /// One attendee.
    Attendee(AttendeeId),
    /// One order.
    Order(OrderId),
    /// The rights ledger of one seat type.
    Seats(SeatTypeId),
    /// Refused scans of one desk; not folded.
    Scans(DeskId),
    /// One member of staff.
    Staff(StaffId),
    /// One node's enrolment and epochs.
    Node(NodeId),
    /// A text of the conference that desks edit together.
    Document(SharedDocument),
}

impl Stream {
    /// The stream's name in the log.
    pub fn name(&self) -> StreamName {
        match self {
            Self::Conference => StreamName::new("conference", StreamKey::None),
            Self::Attendee(id) => StreamName::new("attendee", StreamKey::Id(id.0)),
            Self::Order(id) => StreamName::new("order", StreamKey::Id(id.0)),
            Self::Seats(id) => StreamName::new("seats", StreamKey::Text(id.as_str().to_owned())),
            Self::Scans(id) => StreamName::new("scans", StreamKey::Text(id.as_str().to_owned())),
            Self::Staff(id) => StreamName::new("staff", StreamKey::Text(id.as_str().to_owned())),
            Self::Node(id) => StreamName::new("node", StreamKey::Id(id.0)),
            Self::Document(document) => {
                StreamName::new("document", StreamKey::Text(document.as_str().to_owned()))
            }
        }
    }

    /// Reads a name back; none for a category this build does not know.
    pub fn parse(name: &StreamName) -> Option<Self> {
        match (name.category(), name.key()) {
            ("conference", StreamKey::None) => Some(Self::Conference),
            ("attendee", StreamKey::Id(id)) => Some(Self::Attendee(AttendeeId(*id))),
            ("order", StreamKey::Id(id)) => Some(Self::Order(OrderId(*id))),
            ("seats", StreamKey::Text(id)) => id.parse().ok().map(Self::Seats),
            ("scans", StreamKey::Text(id)) => id.parse().ok().map(Self::Scans),
            ("staff", StreamKey::Text(id)) => id.parse().ok().map(Self::Staff),
            ("node", StreamKey::Id(id)) => Some(Self::Node(NodeId(*id))),
            ("document", StreamKey::Text(word)) => SharedDocument::parse(word).map(Self::Document),
            _ => None,
        }
    }
}
