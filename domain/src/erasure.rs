//! Erasure: the words about a person go, the facts stay.
//!
//! An erasure is about a stream: it counts for everything that was ever written to it and will be, whoever
//! wrote it and whether they had seen the erasure or not. So a list that is imported again does not bring
//! anybody back.

use std::collections::BTreeSet;

use crate::attendee::Attendee;
use crate::decide::{Deciding, Draft};
use crate::event::{AttendeeErased, ErasuresCompleted, Event};
use crate::id::{AttendeeId, OrderId};
use crate::order::Order;
use crate::person::Person;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;

/// Decides `EraseAttendee`: the attendee's stream, and those orders that hold words about nobody else.
pub(crate) fn erase(view: &impl View, id: AttendeeId) -> Result<Vec<Draft>, Refusal> {
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    let own = attendee.erased.is_none().then_some(Stream::Attendee(id));
    let streams = own.into_iter().chain(orders_of(view, id, &attendee).into_iter().map(Stream::Order));
    let drafts: Vec<_> = streams
        .map(|stream| Draft::new(stream, Event::of(AttendeeErased { attendee: id, signature: None })))
        .collect();
    match &attendee.erased {
        Some(erased) if drafts.is_empty() => Err(Refusal::Erased { at_ms: erased.at_ms }),
        Some(_) | None => Ok(drafts),
    }
}

/// Decides `ReportErasures`: what this node has seen erased is gone from it.
pub(crate) fn report(deciding: &Deciding) -> Vec<Draft> {
    vec![Draft::new(Stream::Node(deciding.log.node), Event::of(ErasuresCompleted {}))]
}

/// Takes out the words that drafts would add to streams whose words are erased.
pub(crate) fn without_erased_words(view: &impl View, drafts: Vec<Draft>) -> Vec<Draft> {
    let without = |mut draft: Draft| {
        if draft.event.personal.is_some() && is_erased(view, &draft.stream) {
            draft.event.personal = None;
        }
        draft
    };
    drafts.into_iter().map(without).collect()
}

fn is_erased(view: &impl View, stream: &Stream) -> bool {
    match stream {
        Stream::Attendee(id) => view.attendee(*id).is_some_and(|known| known.erased.is_some()),
        Stream::Order(id) => view.order(*id).is_some_and(|known| known.erased),
        Stream::Conference
        | Stream::Seats(_)
        | Stream::Scans(_)
        | Stream::Staff(_)
        | Stream::Node(_)
        | Stream::Document(_) => false,
    }
}

fn orders_of(view: &impl View, id: AttendeeId, attendee: &Attendee) -> BTreeSet<OrderId> {
    let person = attendee.person.as_ref();
    let named = view.orders_of(id, person.and_then(Person::email_key).as_deref());
    let seated = attendee.seats.values().map(|seat| seat.order);
    let all: BTreeSet<_> = named.into_iter().chain(seated).collect();
    let theirs = |order: &OrderId| view.order(*order).is_some_and(|known| is_about(&known, id, person));
    all.into_iter().filter(theirs).collect()
}

/// Whether the words of an order are about this person: they pay, or they alone have it and nobody else pays.
fn is_about(order: &Order, id: AttendeeId, person: Option<&Person>) -> bool {
    if !order.may_have_words() {
        return false;
    }
    if let (Some(registrant), Some(person)) = (&order.registrant, person) {
        return registrant.is_like(person);
    }
    let people = order.people();
    order.attendee.is_none_or(|whose| whose == id) && people.iter().all(|whose| *whose == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Assignee, Command};
    use crate::event::{Decision, Method};
    use crate::import::SourceState::{Cancelled, Paid};
    use crate::test_world::{
        Node, cancel, check_in, guest, import, meet, order_of, person, place, resolve, row, sell, text, venue,
    };

    fn erase(attendee: AttendeeId) -> Command {
        Command::EraseAttendee { attendee }
    }

    fn words_of(node: &Node, id: AttendeeId) -> String {
        let orders = node.view.orders().map(|(_, order)| format!("{:?}", order.registrant));
        format!("{:?} {}", node.attendee(id), orders.collect::<String>()).to_lowercase()
    }

    #[test]
    fn the_words_go_and_the_facts_stay() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        nodes[1].give(&check_in(id, "main")).unwrap();
        let dot = nodes[1].attendee(id).check_ins[0].at.dot;
        let reason = "Ada asked".to_owned();
        nodes[1].give(&Command::AnnulCheckIn { attendee: id, check_in: dot, reason }).unwrap();
        assert!(words_of(&nodes[1], id).contains("ada asked"));
        nodes[1].give(&erase(id)).unwrap();
        let attendee = nodes[1].attendee(id);
        assert_eq!(attendee.person, None);
        assert_eq!(
            attendee.check_ins[0].annulled.as_ref().map(|annulled| annulled.reason.clone()),
            Some(None)
        );
        assert_eq!((attendee.seats.len(), attendee.codes.len()), (1, 1));
        assert!(!words_of(&nodes[1], id).contains("ada asked"));
    }

    #[test]
    fn the_state_is_the_same_whatever_was_written_unseen_and_in_whatever_order_it_arrives() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        for node in &mut nodes {
            node.give(&check_in(id, "main")).unwrap();
        }
        meet(&mut nodes);
        nodes[0].give(&erase(id)).unwrap();
        import(&mut nodes[1], vec![row("Ada", &[("ga", Paid), ("ws", Paid)])]);
        let annulled = nodes[2].attendee(id).check_ins[0].at.dot;
        let command = resolve(&nodes[2], id, Decision::Annul { check_in: annulled });
        nodes[2].give(&command).unwrap();
        meet(&mut nodes);
        for node in &nodes {
            assert_eq!(node.state_bytes(), nodes[0].state_bytes());
            let attendee = node.attendee(id);
            assert_eq!(attendee.person, None);
            assert_eq!(attendee.resolutions[0].reason, None);
            assert_eq!(attendee.seats.len(), 2, "facts count whoever wrote them unseen");
        }
    }

    #[test]
    fn a_list_that_comes_again_updates_facts_and_brings_nobody_back() {
        let [mut hq, ..] = venue();
        let id = import(&mut hq, vec![row("Ada", &[("ga", Paid)])])[0];
        hq.give(&erase(id)).unwrap();
        let again =
            Command::ImportAttendees { source: "plain".into(), rows: vec![row("Ada", &[("ga", Paid)])] };
        assert_eq!(hq.give(&again).unwrap().len(), 0);
        let rows = vec![row("Ada", &[("ga", Cancelled)])];
        let written = hq.give(&Command::ImportAttendees { source: "plain".into(), rows }).unwrap();
        assert!(written.iter().all(|entry| entry.event.personal.is_none()));
        assert_eq!(hq.attendee(id).good_seats().count(), 0);
        assert_eq!(hq.attendee(id).person, None);
    }

    #[test]
    fn a_walk_up_goes_with_the_order_they_paid() {
        let [_, mut north, _] = venue();
        let (seat_type, method, reason) = (text("ga"), Method::Cash, String::new());
        let not_the_same_as = Vec::new();
        let walk_up =
            Command::RegisterWalkUp { person: person("Bo"), seat_type, method, reason, not_the_same_as };
        let written = north.give(&walk_up).unwrap();
        let Stream::Attendee(id) = written[0].stream else { panic!("the attendee comes first") };
        let order = order_of(&written);
        assert_eq!(north.give(&erase(id)).unwrap().len(), 2);
        assert_eq!(north.order(order).registrant, None);
        assert_eq!(north.order(order).paid_minor, 19_900, "money is a fact");
        let at_ms = north.now_ms;
        assert_eq!(north.give(&erase(id)).err(), Some(Refusal::Erased { at_ms }));
        let reprint = Command::ReprintBadge { attendee: id, reason: "lost".into() };
        assert_eq!(north.give(&reprint).err(), Some(Refusal::Erased { at_ms }));
        let written = north.give(&cancel(order)).unwrap();
        assert!(written.iter().all(|entry| entry.event.personal.is_none()), "no reason is added to it");
    }

    #[test]
    fn an_order_that_somebody_else_pays_stays_theirs() {
        let [_, mut north, _] = venue();
        let order = sell(&mut north, None, &[("ga", 2)]).unwrap();
        let assign = |n, name| Command::AssignSeat { order, n, assignee: Assignee::New(person(name).into()) };
        let written = north.give(&assign(0, "Cy")).unwrap();
        let id = written.iter().find_map(|entry| match entry.stream {
            Stream::Attendee(id) => Some(id),
            _ => None,
        });
        north.give(&erase(id.unwrap())).unwrap();
        assert!(north.order(order).registrant.is_some());
        let placed = order_of(&north.give(&place(None, &[("ga", 1)])).unwrap());
        let written = north.give(&Command::ConfirmOrder { order: placed });
        assert!(written.is_err(), "it is not paid");
        // The registrant of both orders comes to the desk herself, and asks to be forgotten.
        let written = north.give(&assign(1, "Reg")).unwrap();
        let id = written.iter().find_map(|entry| match entry.stream {
            Stream::Attendee(id) => Some(id),
            _ => None,
        });
        north.give(&erase(id.unwrap())).unwrap();
        assert_eq!((north.order(order).registrant, north.order(placed).registrant), (None, None));
    }
}
