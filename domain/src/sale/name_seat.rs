//! Naming who sits on a seat of an order.

use super::owned;
use crate::command::Assignee;
use crate::decide::{Deciding, Draft};
use crate::event::{Event, OrderSeatAssigned, SeatAssigned};
use crate::id::{AttendeeId, OrderId};
use crate::order::{Line, OrderState, seat_id};
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;
use crate::walk_up;

/// Decides `AssignSeat`: names somebody of the list, or somebody new, on a seat. Only the owner does,
/// so that no seat gets two people.
pub(crate) fn assign(
    view: &impl View,
    id: OrderId,
    n: u32,
    assignee: &Assignee,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
    owned(&order, deciding)?;
    if order.state != OrderState::Confirmed {
        return Err(Refusal::OrderIs { state: order.state.as_str().to_owned() });
    }
    let (_, line) = order.seats().find(|(position, _)| *position == n).ok_or(Refusal::NoSuchSeat { n })?;
    if let Some(attendee) = order.assigned.get(&n) {
        return Err(Refusal::SeatTaken { attendee: *attendee });
    }
    match assignee {
        Assignee::Attendee(attendee) => {
            view.attendee(*attendee).ok_or(Refusal::UnknownAttendee)?;
            Ok(seat(id, n, line, *attendee).to_vec())
        }
        Assignee::New(person) => {
            walk_up::check_words(person)?;
            let attendee = deciding.new_attendee(n);
            let event = walk_up::registered(person, deciding.new_access_code(n));
            let mut drafts = vec![Draft::new(Stream::Attendee(attendee), event)];
            drafts.extend(seat(id, n, line, attendee));
            Ok(drafts)
        }
    }
}

/// The events that give a seat of an order to an attendee.
pub(super) fn seat(order: OrderId, n: u32, line: &Line, attendee: AttendeeId) -> [Draft; 2] {
    let facts = SeatAssigned {
        seat: seat_id(order, n),
        seat_type: line.seat_type.clone(),
        admits: line.admits,
        order,
    };
    [
        Draft::new(Stream::Order(order), Event::of(OrderSeatAssigned { n, attendee })),
        Draft::new(Stream::Attendee(attendee), Event::of(facts)),
    ]
}
