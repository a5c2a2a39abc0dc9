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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::test_world::{guest, meet, order_of, person, place, sell, venue};

    #[test]
    fn a_seat_of_a_confirmed_order_gets_one_name_at_the_node_that_sold_it() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let order = sell(&mut nodes[1], None, &[("ga", 2)]).unwrap();
        let assign = |n, assignee| Command::AssignSeat { order, n, assignee };
        nodes[1].give(&assign(1, Assignee::Attendee(id))).unwrap();
        let taken = nodes[1].give(&assign(1, Assignee::New(person("Bo").into()))).err();
        assert_eq!(taken, Some(Refusal::SeatTaken { attendee: id }));
        assert_eq!(
            nodes[1].give(&assign(2, Assignee::Attendee(id))).err(),
            Some(Refusal::NoSuchSeat { n: 2 })
        );
        nodes[1].give(&assign(0, Assignee::New(person("Bo").into()))).unwrap();
        assert_eq!(nodes[1].order(order).people().len(), 2);
        assert!(nodes[1].attendee(id).seats.contains_key(&seat_id(order, 1)));
        meet(&mut nodes);
        let elsewhere = nodes[2].give(&assign(0, Assignee::Attendee(id))).err();
        assert_eq!(elsewhere, Some(Refusal::OwnedElsewhere { owner: nodes[1].account() }));
    }

    #[test]
    fn an_order_that_is_not_confirmed_and_a_person_without_a_name_are_refused() {
        let [_, mut north, _] = venue();
        let order = order_of(&north.give(&place(None, &[("ga", 1)])).unwrap());
        let assign = |name| Command::AssignSeat { order, n: 0, assignee: Assignee::New(person(name).into()) };
        let refusal = Refusal::OrderIs { state: "placed".into() };
        assert_eq!(north.give(&assign("Ada")).err(), Some(refusal));
        let order = sell(&mut north, None, &[("ga", 1)]).unwrap();
        let assign = Command::AssignSeat { order, n: 0, assignee: Assignee::New(person(" ").into()) };
        assert_eq!(north.give(&assign).err().map(|refusal| refusal.code()), Some("invalid_field"));
    }
}
