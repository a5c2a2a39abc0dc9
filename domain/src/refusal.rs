//! Refusals: the rules said no, in words staff can act on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AttendeeId, DeskId, OrderId, SeatTypeId};
use crate::ledger::Account;
use crate::role::Role;

const SIMILAR_ATTENDEES_WORDS: &str =
    "People with a similar name or the same e-mail are on the list. Is it one of them?";
const UNKNOWN_VERSION_WORDS: &str =
    "The text changed in a way this node has not heard of. Open it again and repeat the edit.";

/// Seats another node has left.
// Stored: inside `Refusal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Whose rights they are.
    pub account: Account,
    /// How many, as last heard.
    pub remaining: i64,
}

/// Why a command was refused; closed, each with its own words.
// Stored: JSON, in the outcomes of commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// The same person entered before.
    AlreadyCheckedIn {
        /// When, Unix milliseconds.
        at_ms: i64,
        /// Where.
        desk: DeskId,
        /// Whose log says so.
        account: Account,
    },
    /// Nothing this person holds opens the list.
    NotOnList,
    /// Admission is not paid for.
    Unpaid,
    /// Everything that opened the list was cancelled.
    Canceled,
    /// What this person holds opens other lists.
    WrongProduct {
        /// What they hold instead.
        holds: Vec<SeatTypeId>,
    },
    /// A rule of the list or command, in a sentence.
    Rules {
        /// Why, in words.
        why: String,
    },
    /// Outside the list's windows.
    InvalidTime {
        /// When it opens, Unix milliseconds.
        opens_ms: i64,
        /// When it closes, Unix milliseconds.
        closes_ms: i64,
    },
    /// The code stands for several people.
    Ambiguous {
        /// Who it may be.
        attendees: Vec<AttendeeId>,
    },
    /// Nobody is known by the code.
    UnknownCode {
        /// Whether the check character does not fit.
        mistyped: bool,
    },
    /// The code belongs to another conference.
    WrongConference {
        /// Slug of the other conference.
        conference: String,
    },
    /// The badge was replaced or voided.
    BadgeVoid {
        /// When it became void, Unix milliseconds.
        voided_at_ms: i64,
    },
    /// The code is an order with seats nobody sits on.
    NoSeatAssigned {
        /// The order.
        order: OrderId,
        /// Positions without a name.
        seats: Vec<u32>,
    },
    /// People with a similar name or the same e-mail exist.
    SimilarAttendees {
        /// Who it may be.
        attendees: Vec<AttendeeId>,
    },
    /// This node has no rights left for the seat type.
    NoSeatsLeft {
        /// What was asked for.
        seat_type: SeatTypeId,
        /// Seats this node has left.
        local: i64,
        /// Seats other nodes have left, most first.
        elsewhere: Vec<Elsewhere>,
    },
    /// Nothing was selected.
    NothingSelected,
    /// A quantity is zero, negative or beyond reason.
    InvalidQuantity {
        /// What was asked for.
        seat_type: SeatTypeId,
        /// How many were asked for.
        quantity: i64,
    },
    /// Not configured.
    UnknownSeatType {
        /// What was asked for.
        seat_type: SeatTypeId,
    },
    /// Outside the sale window.
    NotOnSale {
        /// What was asked for.
        seat_type: SeatTypeId,
    },
    /// Not known on this node.
    UnknownAttendee,
    /// Not known on this node.
    UnknownOrder,
    /// Not known on this node.
    UnknownCheckIn,
    /// Not known on this node.
    UnknownConflict,
    /// Not known on this node.
    UnknownBadge,
    /// The hold ran out before.
    HoldExpired {
        /// When the hold ran out, Unix milliseconds.
        expired_at_ms: i64,
    },
    /// The order is in a state that does not allow it.
    OrderIs {
        /// The state, as a word.
        state: String,
    },
    /// Only the node that placed the order may do this.
    OwnedElsewhere {
        /// Whose order it is.
        owner: Account,
    },
    /// The amount is not what is open.
    WrongAmount {
        /// What is open, minor units.
        open_minor: i64,
    },
    /// There is still something to pay.
    PaymentMissing {
        /// What is open, minor units.
        open_minor: i64,
    },
    /// The check-in was annulled before.
    AlreadyAnnulled {
        /// When, Unix milliseconds.
        at_ms: i64,
    },
    /// The conflict was decided before.
    AlreadyResolved {
        /// When, Unix milliseconds.
        at_ms: i64,
    },
    /// The words about the person are erased.
    Erased {
        /// When, Unix milliseconds.
        at_ms: i64,
    },
    /// The person has an active badge.
    HasBadge,
    /// What an edit of a document was made against is not known here.
    UnknownVersion,
    /// A document was edited as often as one may be.
    DocumentFull {
        /// How often.
        changes: u32,
    },
    /// The seat has somebody on it.
    SeatTaken {
        /// Who.
        attendee: AttendeeId,
    },
    /// The order has no such seat.
    NoSuchSeat {
        /// The position asked for.
        n: u32,
    },
    /// More rights are with nodes than the new quota leaves.
    RightsOut {
        /// Seats that may be taken back.
        free: i64,
    },
    /// The role does not allow it.
    NotPermitted {
        /// The least role that may.
        needs: Role,
    },
    /// Only HQ decides this.
    HqOnly,
    /// The text of a field is missing or too long.
    InvalidField {
        /// Name of the field.
        field: String,
        /// Why, in words.
        why: String,
    },
}

impl Refusal {
    /// The stable word of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyCheckedIn { .. } => "already_checked_in",
            Self::NotOnList => "not_on_list",
            Self::Unpaid => "unpaid",
            Self::Canceled => "canceled",
            Self::WrongProduct { .. } => "wrong_product",
            Self::Rules { .. } => "rules",
            Self::InvalidTime { .. } => "invalid_time",
            Self::Ambiguous { .. } => "ambiguous",
            Self::UnknownCode { .. } => "unknown_code",
            Self::WrongConference { .. } => "wrong_conference",
            Self::BadgeVoid { .. } => "badge_void",
            Self::NoSeatAssigned { .. } => "no_seat_assigned",
            Self::SimilarAttendees { .. } => "similar_attendees",
            Self::NoSeatsLeft { .. } => "no_seats_left",
            Self::NothingSelected => "nothing_selected",
            Self::InvalidQuantity { .. } => "invalid_quantity",
            Self::UnknownSeatType { .. } => "unknown_seat_type",
            Self::NotOnSale { .. } => "not_on_sale",
            Self::UnknownAttendee => "unknown_attendee",
            Self::UnknownOrder => "unknown_order",
            Self::UnknownCheckIn => "unknown_check_in",
            Self::UnknownConflict => "unknown_conflict",
            Self::UnknownBadge => "unknown_badge",
            Self::HoldExpired { .. } => "hold_expired",
            Self::OrderIs { .. } => "order_is",
            Self::OwnedElsewhere { .. } => "owned_elsewhere",
            Self::WrongAmount { .. } => "wrong_amount",
            Self::PaymentMissing { .. } => "payment_missing",
            Self::AlreadyAnnulled { .. } => "already_annulled",
            Self::AlreadyResolved { .. } => "already_resolved",
            Self::Erased { .. } => "erased",
            Self::HasBadge => "has_badge",
            Self::UnknownVersion => "unknown_version",
            Self::DocumentFull { .. } => "document_full",
            Self::SeatTaken { .. } => "seat_taken",
            Self::NoSuchSeat { .. } => "no_such_seat",
            Self::RightsOut { .. } => "rights_out",
            Self::NotPermitted { .. } => "not_permitted",
            Self::HqOnly => "hq_only",
            Self::InvalidField { .. } => "invalid_field",
        }
    }

    /// What is wrong with the words of the request itself, rather than with the state of things.
    pub fn is_about_content(&self) -> bool {
        matches!(
            self,
            Self::NothingSelected
                | Self::InvalidQuantity { .. }
                | Self::UnknownSeatType { .. }
                | Self::WrongAmount { .. }
                | Self::InvalidField { .. }
                | Self::NoSuchSeat { .. }
        )
    }

    /// Whether it says that something named in the request is not known here.
    pub fn is_about_something_unknown(&self) -> bool {
        matches!(
            self,
            Self::UnknownAttendee
                | Self::UnknownOrder
                | Self::UnknownCheckIn
                | Self::UnknownConflict
                | Self::UnknownBadge
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyCheckedIn { desk, .. } => {
                write!(f, "Already checked in at desk {desk}. Ask for a photo id.")
            }
            Self::NotOnList => {
                f.write_str("Not on this list. Register them as a walk-up or send them to the help desk.")
            }
            Self::Unpaid => f.write_str("Not paid. Take the payment, or ask a supervisor to admit them."),
            Self::Canceled => f.write_str("The ticket was cancelled. Send them to the help desk."),
            Self::WrongProduct { .. } => {
                f.write_str("Their ticket does not open this door. Sell the seat here if there is one left.")
            }
            Self::Rules { why } => f.write_str(why),
            Self::InvalidTime { .. } => f.write_str("This list is closed at this time."),
            Self::Ambiguous { .. } => f.write_str("Several people have this code. Choose the right one."),
            Self::UnknownCode { mistyped: true } => {
                f.write_str("The code is mistyped. Check each character or search by name.")
            }
            Self::UnknownCode { mistyped: false } => {
                f.write_str("The code is not known here. Search by name, or register a walk-up.")
            }
            Self::WrongConference { conference } => {
                write!(f, "This is a ticket for {conference}, another conference.")
            }
            Self::BadgeVoid { .. } => f.write_str("This badge was replaced. Ask for the new one."),
            Self::NoSeatAssigned { .. } => {
                f.write_str("Nobody is named on this seat. Enter the name at the desk.")
            }
            Self::SimilarAttendees { .. } => f.write_str(SIMILAR_ATTENDEES_WORDS),
            Self::NoSeatsLeft { seat_type, local, .. } => {
                write!(f, "No seats left for {seat_type} on this node ({local} here).")
            }
            Self::NothingSelected => f.write_str("Nothing was selected."),
            Self::InvalidQuantity { seat_type, quantity } => {
                write!(f, "{quantity} seats of {seat_type} cannot be sold.")
            }
            Self::UnknownSeatType { seat_type } => write!(f, "Seat type {seat_type} is not configured."),
            Self::NotOnSale { seat_type } => write!(f, "{seat_type} is not on sale at this time."),
            Self::UnknownAttendee => f.write_str("This attendee is not known on this node yet."),
            Self::UnknownOrder => f.write_str("This order is not known on this node yet."),
            Self::UnknownCheckIn => f.write_str("This check-in is not known on this node yet."),
            Self::UnknownConflict => f.write_str("This conflict is not known on this node yet."),
            Self::UnknownBadge => f.write_str("This badge is not known on this node yet."),
            Self::HoldExpired { .. } => {
                f.write_str("The hold ran out and the seats went back. Start the sale again.")
            }
            Self::OrderIs { state } => write!(f, "The order is {state}."),
            Self::OwnedElsewhere { .. } => f.write_str(
                "The order was placed at another node. Finish it there, or ask a supervisor to cancel it.",
            ),
            Self::WrongAmount { open_minor } => write!(f, "The open amount is {open_minor} minor units."),
            Self::PaymentMissing { open_minor } => {
                write!(f, "{open_minor} minor units are still to be paid.")
            }
            Self::AlreadyAnnulled { .. } => f.write_str("This check-in was taken back before."),
            Self::AlreadyResolved { .. } => f.write_str("This conflict was decided before."),
            Self::Erased { .. } => f.write_str("Their data was erased on request. None of it is left."),
            Self::HasBadge => f.write_str("They have a badge. Reprint it if it is lost, which voids it."),
            Self::UnknownVersion => f.write_str(UNKNOWN_VERSION_WORDS),
            Self::DocumentFull { changes } => write!(f, "Edited {changes} times, as often as a text may be."),
            Self::SeatTaken { .. } => f.write_str("Somebody is named on this seat."),
            Self::NoSuchSeat { n } => write!(f, "The order has no seat {n}."),
            Self::RightsOut { free } => {
                write!(f, "Only {free} seats are free to take back; the others are with nodes or sold.")
            }
            Self::NotPermitted { needs } => write!(f, "This needs a {}.", needs.as_str().replace('_', " ")),
            Self::HqOnly => f.write_str("Only HQ decides this."),
            Self::InvalidField { field, why } => write!(f, "{field}: {why}."),
        }
    }
}
