//! Ids in addresses.

use lanyard_domain::{AttendeeId, ConflictId, OrderId, SeatTypeId, SharedDocument};
use lanyard_node::http::Problem;

/// The attendee an address names.
///
/// # Errors
/// What is no id names nobody.
pub(super) fn attendee_of(text: &str) -> Result<AttendeeId, Problem> {
    text.parse().map_err(|_| Problem::not_found("No such attendee is on this node."))
}

/// The order an address names.
///
/// # Errors
/// What is no id names nothing.
pub(super) fn order_of(text: &str) -> Result<OrderId, Problem> {
    text.parse().map_err(|_| Problem::not_found("No such order is on this node."))
}

/// The conflict an address names.
///
/// # Errors
/// What is no id names nothing.
pub(super) fn conflict_of(text: &str) -> Result<ConflictId, Problem> {
    text.parse().map_err(|_| Problem::not_found("No such conflict is on this node."))
}

/// The text of the conference an address names.
///
/// # Errors
/// There are two of them.
pub(super) fn document_of(text: &str) -> Result<SharedDocument, Problem> {
    SharedDocument::parse(text).ok_or_else(|| Problem::not_found("The documents are handover and run_book."))
}

/// The seat type an address names.
///
/// # Errors
/// What is no id names nothing.
pub(super) fn seat_type_of(text: &str) -> Result<SeatTypeId, Problem> {
    text.parse().map_err(|_| Problem::not_found("No such seat type is configured."))
}
