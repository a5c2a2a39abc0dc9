//! The rules of a sale: place and hold, pay, confirm, name, cancel, release.

use std::collections::BTreeMap;

use crate::command::{Assignee, IfShort, Wanted};
use crate::decide::{Deciding, Draft, known_seat_type, no_seats_left};
use crate::event::{
    Event, Method, OrderCancelled, OrderConfirmed, OrderPlaced, OrderReleased, OrderSeatAssigned, PaymentTaken,
    ReleaseCause, SeatAssigned, SeatCancelled, SeatsHeld, SeatsReleased, SeatsSold,
};
use crate::id::{AttendeeId, OrderId, SeatTypeId};
use crate::order::{Line, Order, OrderState, seat_id};
use crate::person::Person;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;
use crate::walk_up;

/// How long a hold lasts.
pub const HOLD_MS: i64 = 15 * 60 * 1000;

/// Most seats of one type in an order.
pub const QUANTITY_MAX: i64 = 1_000;

/// Most lines of an order.
pub const LINES_MAX: usize = 50;

/// Decides `PlaceOrder`: the same seat type twice is summed; what is held is taken from the own rights.
pub(crate) fn place(
    view: &impl View,
    attendee: Option<AttendeeId>,
    registrant: Option<&Person>,
    wanted: &[Wanted],
    if_short: IfShort,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    if let Some(id) = attendee {
        view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    }
    if let Some(person) = registrant {
        walk_up::check_words(person)?;
    }
    let order = deciding.new_order();
    let expires_ms = deciding.now_ms + HOLD_MS;
    let mut lines = Vec::new();
    let mut held = Vec::new();
    let mut shortage = None;
    for (seat_type, quantity) in summed(view, wanted, deciding.now_ms)? {
        let ledger = view.ledger(&seat_type);
        let available = ledger.available(deciding.account()).max(0);
        let count = u32::try_from(available.min(i64::from(quantity))).unwrap_or(quantity);
        if count < quantity {
            shortage.get_or_insert_with(|| no_seats_left(&seat_type, &ledger, deciding.account()));
        }
        let configured = &view.conference().seat_types[&seat_type];
        if count > 0 {
            let facts = SeatsHeld { order, count, until_ms: expires_ms };
            held.push(Draft::new(Stream::Seats(seat_type.clone()), Event::of(facts)));
        }
        lines.push(Line {
            seat_type,
            wanted: quantity,
            held: count,
            price_minor: configured.price_minor,
            admits: configured.grants_admission,
        });
    }
    match shortage {
        Some(refusal) if held.is_empty() || if_short == IfShort::Refuse => return Err(refusal),
        _ => {}
    }
    let facts = OrderPlaced {
        attendee,
        lines,
        currency: view.conference().currency.clone(),
        access_code: deciding.new_access_code(0),
        expires_ms,
    };
    let mut drafts = vec![Draft::new(Stream::Order(order), Event::with(facts, registrant.cloned()))];
    drafts.append(&mut held);
    Ok(drafts)
}

fn summed(view: &impl View, wanted: &[Wanted], now_ms: i64) -> Result<BTreeMap<SeatTypeId, u32>, Refusal> {
    if wanted.is_empty() || wanted.len() > LINES_MAX {
        return Err(Refusal::NothingSelected);
    }
    let mut sums = BTreeMap::new();
    for line in wanted {
        known_seat_type(view, &line.seat_type)?;
        let invalid = |quantity| Refusal::InvalidQuantity { seat_type: line.seat_type.clone(), quantity };
        if line.quantity < 1 || line.quantity > QUANTITY_MAX {
            return Err(invalid(line.quantity));
        }
        let window = view.conference().seat_types[&line.seat_type].sale_window.as_ref();
        if window.is_some_and(|window| !window.holds(now_ms)) {
            return Err(Refusal::NotOnSale { seat_type: line.seat_type.clone() });
        }
        let sum: &mut i64 = sums.entry(line.seat_type.clone()).or_insert(0);
        *sum += line.quantity;
        if *sum > QUANTITY_MAX {
            return Err(invalid(*sum));
        }
    }
    Ok(sums.into_iter().filter_map(|(id, sum)| Some((id, u32::try_from(sum).ok()?))).collect())
}

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
    if let Some(attendee) = order.attendee {
        for (n, line) in order.seats() {
            drafts.extend(seat(id, n, line, attendee));
        }
    }
    Ok(drafts)
}

/// Decides `AssignSeat`: names somebody of the list, or somebody new, on a seat.
pub(crate) fn assign(
    view: &impl View,
    id: OrderId,
    n: u32,
    assignee: &Assignee,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
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

/// Decides `CancelOrder`. The owner gives the seats back when it learns of it; see [`release`].
pub(crate) fn cancel(view: &impl View, id: OrderId, reason: &str) -> Result<Vec<Draft>, Refusal> {
    let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
    if !matches!(order.state, OrderState::Imported | OrderState::Placed | OrderState::Confirmed) {
        return Err(Refusal::OrderIs { state: order.state.as_str().to_owned() });
    }
    let facts = OrderCancelled { refund_due_minor: order.paid_minor };
    let mut drafts = vec![Draft::new(Stream::Order(id), Event::with(facts, Person::because(reason)))];
    let imported = order.imported.iter().flat_map(|(who, seats)| seats.iter().map(move |seat| (*who, seat.clone())));
    let assigned = order.assigned.iter().map(|(n, who)| (*who, seat_id(id, *n)));
    for (attendee, seat) in imported.chain(assigned) {
        let event = Event::of(SeatCancelled { seat, order: id });
        drafts.push(Draft::new(Stream::Attendee(attendee), event));
    }
    Ok(drafts)
}

/// Decides `ReleaseOrder`: the owner gives back what a lapsed or cancelled order holds, once.
pub(crate) fn release(view: &impl View, id: OrderId, deciding: &Deciding) -> Result<Vec<Draft>, Refusal> {
    let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
    owned(&order, deciding)?;
    let cause = match order.state {
        OrderState::Cancelled => ReleaseCause::Cancelled,
        OrderState::Placed if order.has_lapsed(deciding.now_ms) && order.paid_minor == 0 => ReleaseCause::Lapsed,
        state => return Err(Refusal::OrderIs { state: state.as_str().to_owned() }),
    };
    if order.released {
        return Err(Refusal::OrderIs { state: "released".to_owned() });
    }
    let mut drafts = vec![Draft::new(Stream::Order(id), Event::of(OrderReleased { cause }))];
    for line in order.lines.iter().filter(|line| line.held > 0) {
        let facts = SeatsReleased { order: id, count: line.held, were_sold: order.was_confirmed };
        drafts.push(Draft::new(Stream::Seats(line.seat_type.clone()), Event::of(facts)));
    }
    Ok(drafts)
}

fn seat(order: OrderId, n: u32, line: &Line, attendee: AttendeeId) -> [Draft; 2] {
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

fn owned(order: &Order, deciding: &Deciding) -> Result<(), Refusal> {
    match order.owner {
        Some(owner) if owner != deciding.account() => Err(Refusal::OwnedElsewhere { owner }),
        Some(_) => Ok(()),
        None => Err(Refusal::OrderIs { state: order.state.as_str().to_owned() }),
    }
}

/// The order, if it is this node's and its hold stands. One that was paid in time does not lapse.
fn placed(view: &impl View, id: OrderId, deciding: &Deciding) -> Result<Order, Refusal> {
    let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
    owned(&order, deciding)?;
    let paid = order.paid_minor > 0 && order.open_minor() == 0;
    if order.has_lapsed(deciding.now_ms) && !paid {
        return Err(Refusal::HoldExpired { expired_at_ms: order.expires_ms });
    }
    if order.state != OrderState::Placed {
        return Err(Refusal::OrderIs { state: order.state.as_str().to_owned() });
    }
    Ok(order)
}
