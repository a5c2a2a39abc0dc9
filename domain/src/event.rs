//! Events: what happened, with the wire name and version of each kind.
//!
//! An event is its facts (never erased) and, for some, a person's words. The kinds' names are written
//! by hand and never derived from a Rust name.

mod parts;
mod with_words;

use lanyard_sync::{Dot, LogId, Signature};
use serde::{Deserialize, Serialize};

use crate::conference::Conference;
use crate::id::{AttendeeId, BadgeCode, ConflictId, ListId, OrderId, SeatId, SeatTypeId};
use crate::ledger::Account;
use crate::order::Line;
use crate::role::Role;

pub use parts::{Decision, ImportedSeat, LogEnd, Method, Override, ReleaseCause, Via};
pub use with_words::{Event, EventError};

macro_rules! facts {
    ($( $(#[$doc:meta])* $variant:ident = $kind:literal / $version:literal { $( $(#[$fdoc:meta])* $field:ident : $ty:ty ),* $(,)? } )+) => {
        /// The facts of an event, one variant a kind.
        // Stored: as the JSON object of the variant's fields; the kind and version stand in the header.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Facts { $( $(#[$doc])* $variant($variant), )+ }

        $(
            $(#[$doc])*
            // Stored: JSON facts of its kind.
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $variant { $( $(#[$fdoc])* pub $field: $ty, )* }

            impl From<$variant> for Facts {
                fn from(facts: $variant) -> Self { Self::$variant(facts) }
            }
        )+

        impl Facts {
            /// Every kind with its version, in the order of this file.
            pub const KINDS: &'static [(&'static str, u16)] = &[ $( ($kind, $version), )+ ];

            /// The kind's name on the wire.
            pub fn kind(&self) -> &'static str {
                match self { $( Self::$variant(_) => $kind, )+ }
            }

            /// The kind's version.
            pub fn version(&self) -> u16 {
                match self { $( Self::$variant(_) => $version, )+ }
            }

            /// The facts as JSON bytes.
            pub fn to_bytes(&self) -> Vec<u8> {
                match self { $( Self::$variant(facts) => serde_json::to_vec(facts), )+ }
                    .expect("facts hold nothing that JSON cannot say")
            }

            /// Reads facts back.
            ///
            /// # Errors
            /// [`EventError::Unknown`] for a kind of another build, [`EventError::Malformed`] otherwise.
            pub fn parse(kind: &str, version: u16, bytes: &[u8]) -> Result<Self, EventError> {
                let parsed = match (kind, version) {
                    $( ($kind, $version) => serde_json::from_slice(bytes).map(Self::$variant), )+
                    _ => return Err(EventError::Unknown),
                };
                parsed.map_err(|source| EventError::Malformed { why: source.to_string() })
            }
        }
    };
}

facts! {
    /// The conference as it is to be; authority of HQ.
    ConferenceConfigured = "conference-configured" / 1 {
        /// The whole configuration.
        conference: Conference,
    }
    /// A member of staff as they are to be; authority of HQ. Name and PIN verifier are personal.
    StaffSet = "staff-set" / 1 {
        /// What they may do.
        role: Role,
        /// False once they left.
        active: bool,
    }
    /// A node was given a certificate; authority of HQ.
    NodeEnrolled = "node-enrolled" / 1 {
        /// Name shown to people.
        name: String,
        /// Serial of the certificate.
        serial: u64,
    }
    /// Two branches of a log were found; its entries from there on were seen by nobody for certain.
    ForkFound = "fork-found" / 1 {
        /// The log.
        log: LogId,
        /// Sequence number of the first entries that differ.
        from: u64,
        /// Entries its writer set aside and wrote again.
        set_aside: u64,
    }
    /// Logs of a node are over; authority of HQ. What comes after their ends is kept, shown and not counted.
    LogsClosed = "logs-closed" / 1 {
        /// The logs, and their last entries that count.
        ends: Vec<LogEnd>,
        /// Whether the node is retired: whatever else it writes does not count either.
        retired: bool,
    }
    /// A node was upgraded, or taken back: from here on it reads what asks for this reader.
    ReaderChanged = "reader-changed" / 1 {
        /// The newest reader it is.
        reader: u16,
    }
    /// A node has removed whatever it had seen erased before this entry.
    ErasuresCompleted = "erasures-completed" / 1 {}
    /// The words about an attendee are gone from this stream, theirs or that of an order, for good.
    AttendeeErased = "attendee-erased" / 1 {
        /// Who.
        attendee: AttendeeId,
        /// The word of the node that writes it, added when it is written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<Signature>,
    }
    /// A document of the stream was edited; the change is personal.
    DocumentChanged = "document-changed" / 1 {}
    /// A row of an attendee list, as the source has it.
    AttendeeImported = "attendee-imported" / 1 {
        /// Name of the source, such as `pretix`.
        source: String,
        /// Codes that name this attendee, folded.
        codes: Vec<String>,
        /// All seats of the source.
        seats: Vec<ImportedSeat>,
    }
    /// Somebody was registered at the desk; the names are personal.
    AttendeeRegistered = "attendee-registered" / 1 {
        /// Codes that name this attendee, folded.
        codes: Vec<String>,
    }
    /// Successful entry scan.
    AttendeeCheckedIn = "attendee-checked-in" / 1 {
        /// List entered.
        list: ListId,
        /// Admission window judged when deciding; empty where the list has none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        window: String,
        /// Whether somebody inside may enter again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        re_entry: bool,
        /// Seat types that opened the list when deciding.
        #[serde(default)]
        opens: Vec<SeatTypeId>,
        /// How the attendee was named.
        via: Via,
        /// What a supervisor set aside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overridden: Option<Override>,
    }
    /// A check-in was taken back.
    CheckInAnnulled = "check-in-annulled" / 1 {
        /// The check-in taken back.
        check_in: Dot,
    }
    /// A badge was made; earlier ones its writer knew are void.
    BadgeIssued = "badge-issued" / 1 {
        /// Code on the badge.
        badge_code: BadgeCode,
        /// Seat types printed on it.
        entitlements: Vec<SeatTypeId>,
    }
    /// A badge is void from here on.
    BadgeVoided = "badge-voided" / 1 {
        /// Code on the badge.
        badge_code: BadgeCode,
    }
    /// A printer confirmed a badge.
    BadgePrinted = "badge-printed" / 1 {
        /// Code on the badge.
        badge_code: BadgeCode,
    }
    /// An attendee got a seat of an order.
    SeatAssigned = "seat-assigned" / 1 {
        /// The seat.
        seat: SeatId,
        /// What was bought.
        seat_type: SeatTypeId,
        /// Whether it opens the conference.
        admits: bool,
        /// The order it belongs to.
        order: OrderId,
    }
    /// A seat of an attendee was cancelled.
    SeatCancelled = "seat-cancelled" / 1 {
        /// The seat.
        seat: SeatId,
        /// The order it belongs to.
        order: OrderId,
    }
    /// Staff decided on a conflict.
    ConflictResolved = "conflict-resolved" / 1 {
        /// The conflict.
        conflict: ConflictId,
        /// Every side the decision has seen.
        sides: Vec<Dot>,
        /// What was decided.
        decision: Decision,
    }
    /// One attendee's seats of an order of another system.
    OrderImported = "order-imported" / 1 {
        /// The attendee.
        attendee: AttendeeId,
        /// Codes that name this order, folded.
        codes: Vec<String>,
        /// The seats, in the attendee's stream too.
        seats: Vec<ImportedSeat>,
    }
    /// Seats were held for somebody; names of a registrant are personal.
    OrderPlaced = "order-placed" / 1 {
        /// Attendee the seats are for, where known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attendee: Option<AttendeeId>,
        /// What was wanted and what is held.
        lines: Vec<Line>,
        /// ISO 4217 code.
        currency: String,
        /// Code that finds the order together with an e-mail.
        access_code: String,
        /// End of the hold, Unix milliseconds.
        expires_ms: i64,
    }
    /// Money came in.
    PaymentTaken = "payment-taken" / 1 {
        /// Means of payment.
        method: Method,
        /// Amount in minor units.
        amount_minor: i64,
    }
    /// Seats are held and paid.
    OrderConfirmed = "order-confirmed" / 1 {}
    /// The order is off; what was paid is due back.
    OrderCancelled = "order-cancelled" / 1 {
        /// Amount due back in minor units.
        refund_due_minor: i64,
    }
    /// The order's owner gave its seats back.
    OrderReleased = "order-released" / 1 {
        /// Why.
        cause: ReleaseCause,
    }
    /// A seat of an order was given to an attendee.
    OrderSeatAssigned = "order-seat-assigned" / 1 {
        /// Position in the order, from 0.
        n: u32,
        /// Who sits there.
        attendee: AttendeeId,
    }
    /// The number of seats to sell; authority of HQ.
    QuotaSet = "quota-set" / 1 {
        /// Seats.
        quota: u32,
    }
    /// Seat rights change hands.
    RightsGiven = "rights-given" / 1 {
        /// Who gets them.
        to: Account,
        /// Seats.
        count: u32,
    }
    /// Rights of a log that is over are HQ's again; authority of HQ.
    RightsReturned = "rights-returned" / 1 {
        /// Who had them.
        from: Account,
        /// Seats.
        count: u32,
    }
    /// Rights of the writer are held for an order.
    SeatsHeld = "seats-held" / 1 {
        /// The order.
        order: OrderId,
        /// Seats.
        count: u32,
        /// End of the hold, Unix milliseconds.
        until_ms: i64,
    }
    /// Held rights of the writer became sold seats.
    SeatsSold = "seats-sold" / 1 {
        /// The order.
        order: OrderId,
        /// Seats.
        count: u32,
    }
    /// Held or sold seats went back to the writer's rights.
    SeatsReleased = "seats-released" / 1 {
        /// The order.
        order: OrderId,
        /// Seats.
        count: u32,
        /// Whether they were sold, else held.
        were_sold: bool,
    }
    /// A scan was refused; a code nobody knows is personal.
    ScanRefused = "scan-refused" / 1 {
        /// List to be entered.
        list: ListId,
        /// The refusal's code.
        refusal: String,
        /// Who it was, where known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attendee: Option<AttendeeId>,
    }
}

impl Facts {
    /// Whether the facts count only where HQ says them.
    pub fn need_authority(&self) -> bool {
        matches!(
            self,
            Self::ConferenceConfigured(_)
                | Self::StaffSet(_)
                | Self::NodeEnrolled(_)
                | Self::LogsClosed(_)
                | Self::QuotaSet(_)
                | Self::RightsReturned(_)
        )
    }

    /// Whether the facts name entries.
    pub fn names_entries(&self) -> bool {
        matches!(self, Self::CheckInAnnulled(_) | Self::ConflictResolved(_))
    }

    /// The same facts where entries that were written again have other ids.
    #[must_use]
    pub fn renamed(mut self, new_dot: impl Fn(Dot) -> Dot) -> Self {
        match &mut self {
            Self::CheckInAnnulled(annulled) => annulled.check_in = new_dot(annulled.check_in),
            Self::ConflictResolved(resolved) => {
                resolved.sides.iter_mut().for_each(|side| *side = new_dot(*side));
                if let Decision::Annul { check_in } = &mut resolved.decision {
                    *check_in = new_dot(*check_in);
                }
            }
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erasure_has_the_kind_that_replication_knows() {
        let facts = Facts::from(AttendeeErased { attendee: AttendeeId([1; 16]), signature: None });
        assert_eq!(facts.kind(), lanyard_sync::ERASURE_KIND);
    }

    #[test]
    fn kinds_are_named_once() {
        let names: std::collections::BTreeSet<_> = Facts::KINDS.iter().collect();
        assert_eq!(names.len(), Facts::KINDS.len());
    }
}
