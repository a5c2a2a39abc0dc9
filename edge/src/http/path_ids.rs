//! Ids in addresses.

use lanyard_domain::{AttendeeId, ConflictId, OrderId, SeatTypeId};
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

/// The seat type an address names.
///
/// # Errors
/// What is no id names nothing.
pub(super) fn seat_type_of(text: &str) -> Result<SeatTypeId, Problem> {
    text.parse().map_err(|_| Problem::not_found("No such seat type is configured."))
}
