//! Calling an order off, and giving back what it holds.

use super::owned;
use crate::attendee::Seat;
use crate::decide::{Deciding, Draft};
use crate::event::{Event, OrderCancelled, OrderReleased, ReleaseCause, SeatCancelled, SeatsReleased};
use crate::id::{AttendeeId, OrderId, SeatId};
use crate::order::{Order, OrderState};
use crate::person::Person;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;

/// Decides `CancelOrder`. The owner gives the seats back in the same commit, or when it learns of it;
/// see [`release`].
pub(crate) fn cancel(
    view: &impl View,
    id: OrderId,
    reason: &str,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
    match order.state {
        OrderState::Imported | OrderState::Placed | OrderState::Confirmed => {}
        state @ (OrderState::Unknown | OrderState::Cancelled | OrderState::Expired) => {
            return Err(Refusal::OrderIs { state: state.as_str().to_owned() });
        }
    }
    let facts = OrderCancelled { refund_due_minor: order.paid_minor };
    let mut drafts = vec![Draft::new(Stream::Order(id), Event::with(facts, Person::because(reason)))];
    drafts.extend(seats_called_off(view, id, &order));
    if order.owner == Some(deciding.account()) {
        let were_sold = order.state == OrderState::Confirmed;
        drafts.extend(given_back(id, &order, ReleaseCause::Cancelled, were_sold));
    }
    Ok(drafts)
}

/// Decides `ReleaseOrder`: the owner gives back what a lapsed or cancelled order holds, once, and calls off
/// the seats that whoever cancelled did not know of.
pub(crate) fn release(view: &impl View, id: OrderId, deciding: &Deciding) -> Result<Vec<Draft>, Refusal> {
    let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
    owned(&order, deciding)?;
    if order.released {
        return Err(Refusal::OrderIs { state: "released".to_owned() });
    }
    match order.state {
        OrderState::Cancelled => {
            let mut drafts = given_back(id, &order, ReleaseCause::Cancelled, order.was_confirmed);
            drafts.extend(seats_called_off(view, id, &order));
            Ok(drafts)
        }
        OrderState::Placed if order.has_lapsed(deciding.now_ms) => {
            Ok(given_back(id, &order, ReleaseCause::Lapsed, false))
        }
        OrderState::Unknown
        | OrderState::Imported
        | OrderState::Placed
        | OrderState::Confirmed
        | OrderState::Expired => Err(Refusal::OrderIs { state: order.state.as_str().to_owned() }),
    }
}

fn given_back(id: OrderId, order: &Order, cause: ReleaseCause, were_sold: bool) -> Vec<Draft> {
    let held = order.lines.iter().filter(|line| line.held > 0);
    let seats = held.map(|line| {
        let facts = SeatsReleased { order: id, count: line.held, were_sold };
        Draft::new(Stream::Seats(line.seat_type.clone()), Event::of(facts))
    });
    let released = Draft::new(Stream::Order(id), Event::of(OrderReleased { cause }));
    std::iter::once(released).chain(seats).collect()
}

/// Calls off each seat of the order that still stands in its attendee's stream.
fn seats_called_off(view: &impl View, id: OrderId, order: &Order) -> Vec<Draft> {
    let stands = |(who, seat): &(AttendeeId, SeatId)| {
        let attendee = view.attendee(*who);
        attendee.is_some_and(|attendee| attendee.seats.get(seat).is_some_and(Seat::is_good))
    };
    let called_off = order.seats_of_people(id).filter(stands);
    called_off
        .map(|(who, seat)| Draft::new(Stream::Attendee(who), Event::of(SeatCancelled { seat, order: id })))
        .collect()
}
