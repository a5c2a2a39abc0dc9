//! Paying and confirming: held rights become sold seats.

use std::collections::BTreeSet;

use super::name_seat::seat;
use super::placed;
use crate::decide::{Deciding, Draft};
use crate::event::{Event, Method, OrderConfirmed, PaymentTaken, SeatsSold};
use crate::id::OrderId;
use crate::order::Order;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;

/// Decides `TakePayment`: exactly what is open, before the hold runs out, at the owner. What is given covers all that
/// is open and brings no money.
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
        Method::Complimentary if amount_minor != 0 => {
            let why = "what is complimentary brings no money; the amount is 0".to_owned();
            return Err(Refusal::InvalidField { field: "amount_minor".to_owned(), why });
        }
        Method::Complimentary => open_minor > 0,
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
    let known = view.attendee(attendee).unwrap_or_default();
    let mut has: BTreeSet<_> = known.good_seats().map(|(_, seat)| seat.seat_type.clone()).collect();
    let own = order.seats().filter(|(_, line)| has.insert(line.seat_type.clone()));
    own.flat_map(|(n, line)| seat(id, n, line, attendee)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::order::OrderState;
    use crate::sale::HOLD_MS;
    use crate::test_world::{NOON_MS, guest, order_of, place, sell, venue};

    fn pay(order: OrderId, method: Method, amount_minor: i64) -> Command {
        Command::TakePayment { order, method, amount_minor }
    }

    #[test]
    fn exactly_what_is_open_is_taken_and_only_before_the_hold_runs_out() {
        let [_, mut north, _] = venue();
        let order = order_of(&north.give(&place(None, &[("cp", 2)])).unwrap());
        for (method, amount) in
            [(Method::Cash, 9_999), (Method::Cash, -1), (Method::Free, 0), (Method::Cash, i64::MAX)]
        {
            let refusal = north.give(&pay(order, method, amount)).err();
            assert_eq!(refusal, Some(Refusal::WrongAmount { open_minor: 10_000 }));
        }
        let refusal = north.give(&Command::ConfirmOrder { order }).err();
        assert_eq!(refusal, Some(Refusal::PaymentMissing { open_minor: 10_000 }));
        north.now_ms += HOLD_MS;
        let refusal = north.give(&pay(order, Method::Cash, 10_000)).err();
        assert_eq!(refusal, Some(Refusal::HoldExpired { expired_at_ms: NOON_MS + HOLD_MS }));
        north.now_ms -= 1;
        north.give(&pay(order, Method::Cash, 10_000)).unwrap();
    }

    #[test]
    fn an_order_paid_in_time_is_confirmed_later_and_once() {
        let [_, mut north, _] = venue();
        let order = order_of(&north.give(&place(None, &[("cp", 1)])).unwrap());
        north.give(&pay(order, Method::Cash, 5_000)).unwrap();
        north.now_ms += 2 * HOLD_MS;
        assert!(north.give(&Command::ReleaseOrder { order }).is_err());
        north.give(&Command::ConfirmOrder { order }).unwrap();
        assert_eq!(north.ledger("cp").sold(), 1);
        let refusal = Refusal::OrderIs { state: "confirmed".into() };
        assert_eq!(north.give(&Command::ConfirmOrder { order }).err(), Some(refusal));
        assert_eq!((north.order(order).state, north.ledger("cp").sold()), (OrderState::Confirmed, 1));
    }

    #[test]
    fn a_complimentary_order_is_covered_stays_held_and_owes_no_refund() {
        let [_, mut north, _] = venue();
        let order = order_of(&north.give(&place(None, &[("cp", 2)])).unwrap());
        let refusal = north.give(&pay(order, Method::Complimentary, 10_000)).err();
        assert!(matches!(refusal, Some(Refusal::InvalidField { field, .. }) if field == "amount_minor"));
        north.give(&pay(order, Method::Complimentary, 0)).unwrap();
        for again in [pay(order, Method::Complimentary, 0), pay(order, Method::Cash, 10_000)] {
            assert_eq!(north.give(&again).err(), Some(Refusal::WrongAmount { open_minor: 0 }));
        }
        north.now_ms += 2 * HOLD_MS;
        assert!(north.give(&Command::ReleaseOrder { order }).is_err());
        north.give(&Command::ConfirmOrder { order }).unwrap();
        let known = north.order(order);
        assert_eq!((known.state, known.paid_minor, known.open_minor()), (OrderState::Confirmed, 0, 0));
        assert_eq!(north.ledger("cp").sold(), 2);
        north.give(&Command::CancelOrder { order, reason: "not coming".into() }).unwrap();
        assert_eq!(north.order(order).refund_due_minor, 0);
    }

    #[test]
    fn a_free_order_needs_no_payment() {
        let [_, mut north, _] = venue();
        let order = order_of(&north.give(&place(None, &[("free", 1)])).unwrap());
        north.give(&Command::ConfirmOrder { order }).unwrap();
        assert_eq!(north.order(order).state, OrderState::Confirmed);
    }

    #[test]
    fn an_attendee_gets_one_seat_of_a_type_and_the_others_wait_for_a_name() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let north = &mut nodes[1];
        let order = sell(north, Some(id), &[("ga", 1), ("ws", 2)]).unwrap();
        let order = north.order(order);
        assert_eq!(order.assigned.keys().copied().collect::<Vec<_>>(), [1], "the first workshop seat");
        assert_eq!(order.unassigned(), [0, 2]);
        assert_eq!(north.attendee(id).entitlements().len(), 2);
    }

    #[test]
    fn another_node_cannot_finish_an_order() {
        let [_, mut north, mut south] = venue();
        let order = order_of(&north.give(&place(None, &[("cp", 1)])).unwrap());
        south.pull(&north, false);
        let refusal = Refusal::OwnedElsewhere { owner: north.account() };
        assert_eq!(south.give(&pay(order, Method::Cash, 5_000)).err(), Some(refusal));
    }
}
