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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Assignee, Command};
    use crate::event::Method;
    use crate::order::seat_id;
    use crate::sale::HOLD_MS;
    use crate::test_world::{cancel, guest, meet, order_of, person, place, sell, venue};

    #[test]
    fn the_owner_cancels_and_gives_back_at_once_with_a_refund_due() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let north = &mut nodes[1];
        let order = sell(north, Some(id), &[("ws", 1)]).unwrap();
        north.give(&cancel(order)).unwrap();
        assert_eq!(north.order(order).refund_due_minor, 50_000);
        assert_eq!(north.ledger("ws").available(north.account()), 4);
        assert!(!north.attendee(id).seats[&seat_id(order, 0)].is_good());
        let again = north.give(&Command::ReleaseOrder { order }).err();
        assert_eq!(again, Some(Refusal::OrderIs { state: "released".into() }));
        assert_eq!(north.give(&cancel(order)).err(), Some(Refusal::OrderIs { state: "cancelled".into() }));
    }

    #[test]
    fn an_order_cancelled_at_hq_is_released_by_its_owner_alone() {
        let mut nodes = venue();
        let order = sell(&mut nodes[1], None, &[("ws", 2)]).unwrap();
        meet(&mut nodes);
        nodes[0].give(&cancel(order)).unwrap();
        assert_eq!(nodes[0].ledger("ws").sold(), 2, "the right is the owner's to give back");
        assert!(nodes[0].give(&Command::ReleaseOrder { order }).is_err());
        meet(&mut nodes);
        nodes[1].give(&Command::ReleaseOrder { order }).unwrap();
        assert_eq!(
            (nodes[1].ledger("ws").sold(), nodes[1].ledger("ws").available(nodes[1].account())),
            (0, 4)
        );
    }

    #[test]
    fn what_was_sold_and_named_while_it_was_cancelled_elsewhere_is_called_off_by_the_owner() {
        let mut nodes = venue();
        let order = order_of(&nodes[1].give(&place(None, &[("ga", 1)])).unwrap());
        meet(&mut nodes);
        nodes[0].give(&cancel(order)).unwrap();
        let payment = Command::TakePayment { order, method: Method::Cash, amount_minor: 19_900 };
        nodes[1].give(&payment).unwrap();
        nodes[1].give(&Command::ConfirmOrder { order }).unwrap();
        nodes[1]
            .give(&Command::AssignSeat { order, n: 0, assignee: Assignee::New(person("Ada").into()) })
            .unwrap();
        meet(&mut nodes);
        let known = nodes[1].order(order);
        assert_eq!(
            (known.state, known.was_confirmed, known.refund_due_minor),
            (OrderState::Cancelled, true, 19_900)
        );
        nodes[1].give(&Command::ReleaseOrder { order }).unwrap();
        meet(&mut nodes);
        for node in &nodes {
            assert_eq!((node.ledger("ga").sold(), node.ledger("ga").held()), (0, 0));
            assert_eq!(node.attendee(known.people()[0]).good_seats().count(), 0);
        }
    }

    #[test]
    fn a_hold_that_ran_out_goes_back_and_a_cancellation_that_comes_too_stands() {
        let mut nodes = venue();
        let order = order_of(&nodes[1].give(&place(None, &[("ws", 2)])).unwrap());
        meet(&mut nodes);
        nodes[1].now_ms += HOLD_MS - 1;
        assert!(nodes[1].give(&Command::ReleaseOrder { order }).is_err());
        nodes[1].now_ms += 1;
        nodes[0].give(&cancel(order)).unwrap();
        nodes[1].give(&Command::ReleaseOrder { order }).unwrap();
        assert_eq!(nodes[1].order(order).state, OrderState::Expired);
        meet(&mut nodes);
        for node in &nodes {
            assert_eq!((node.order(order).state, node.order(order).released), (OrderState::Cancelled, true));
            assert_eq!(node.ledger("ws").held(), 0);
        }
    }
}
