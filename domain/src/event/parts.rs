//! Values that stand inside the facts of events.

use lanyard_sync::{Dot, LogId};
use serde::{Deserialize, Serialize};

use crate::id::{OrderId, SeatId, SeatTypeId};

/// An imported seat.
// Stored: inside `attendee-imported/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedSeat {
    /// The seat, stable over re-imports.
    pub seat: SeatId,
    /// What was bought.
    pub seat_type: SeatTypeId,
    /// Whether it opens the conference.
    pub admits: bool,
    /// Whether it is paid, free or on invoice.
    pub paid: bool,
    /// Whether the source says it is cancelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
    /// The order it belongs to.
    pub order: OrderId,
}

/// How a check-in named the attendee.
// Stored: inside `attendee-checked-in/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A ticket or access code.
    Ticket,
    /// A badge.
    Badge,
    /// Found by name at the desk.
    Search,
}

/// What a supervisor set aside to admit somebody.
// Stored: inside `attendee-checked-in/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Override {
    /// Not paid.
    Unpaid,
    /// Cancelled.
    Canceled,
    /// Outside the list's windows.
    Time,
}

/// Means of payment.
// Stored: inside `payment-taken/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Notes and coins.
    Cash,
    /// Nothing to pay.
    Free,
    /// Given by a supervisor, with a reason.
    Complimentary,
}

/// Why held seats went back.
// Stored: inside `order-released/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    /// The hold ran out.
    Lapsed,
    /// The order was cancelled.
    Cancelled,
}

/// What staff decided on a conflict.
// Stored: inside `conflict-resolved/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// One check-in is taken back.
    Annul {
        /// The check-in taken back.
        check_in: Dot,
    },
    /// All of it stands.
    Accept,
}

/// The last entry of a log that counts.
// Stored: as JSON in `logs-closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEnd {
    /// The log.
    pub log: LogId,
    /// Its last sequence number that counts.
    pub seq: u64,
}
