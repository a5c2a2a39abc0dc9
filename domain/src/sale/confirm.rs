//! Paying and confirming: held rights become sold seats.

use std::collections::BTreeSet;

use super::name_seat::seat;
use super::placed;
use crate::attendee::Attendee;
use crate::decide::{Deciding, Draft};
use crate::event::{Event, Method, OrderConfirmed, PaymentTaken, SeatsSold};
use crate::id::OrderId;
use crate::order::Order;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;

/// Decides `TakePayment`: exactly what is open, before the hold runs out, at the owner.
pub(crate) fn take_payment(
    view: &impl View,
    id: OrderId,
    method: Method,
    amount_minor: i64,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    let order = placed(view, id, deciding)?;
    let open_minor = order.open_minor();
    let right = match method {
        Method::Cash => amount_minor == open_minor && open_minor > 0,
        Method::Free => amount_minor == 0 && open_minor == 0,
        Method::Complimentary => false,
    };
    if !right {
        return Err(Refusal::WrongAmount { open_minor });
    }
    Ok(vec![Draft::new(Stream::Order(id), Event::of(PaymentTaken { method, amount_minor }))])
}

/// Decides `ConfirmOrder`: held rights become sold, and seats go to the attendee, where one is named.
pub(crate) fn confirm(view: &impl View, id: OrderId, deciding: &Deciding) -> Result<Vec<Draft>, Refusal> {
    let order = placed(view, id, deciding)?;
    if order.open_minor() > 0 {
        return Err(Refusal::PaymentMissing { open_minor: order.open_minor() });
    }
    let mut drafts = vec![Draft::new(Stream::Order(id), Event::of(OrderConfirmed {}))];
    for line in order.lines.iter().filter(|line| line.held > 0) {
        let facts = SeatsSold { order: id, count: line.held };
        drafts.push(Draft::new(Stream::Seats(line.seat_type.clone()), Event::of(facts)));
    }
    drafts.extend(seats_for_attendee(view, id, &order));
    Ok(drafts)
}

/// The first seat of each type for the order's attendee, who sits on one of a type; others are named later.
fn seats_for_attendee(view: &impl View, id: OrderId, order: &Order) -> Vec<Draft> {
    let Some(attendee) = order.attendee else { return Vec::new() };
    let mut has: BTreeSet<_> = view
        .attendee(attendee)
        .iter()
        .flat_map(Attendee::good_seats)
        .map(|(_, seat)| seat.seat_type.clone())
        .collect();
    let own = order.seats().filter(|(_, line)| has.insert(line.seat_type.clone()));
    own.flat_map(|(n, line)| seat(id, n, line, attendee)).collect()
}
