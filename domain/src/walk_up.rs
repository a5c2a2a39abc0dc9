//! Walk-ups: somebody is registered at the desk and holds a paid or given seat at once.

use crate::conference::SeatType;
use crate::decide::{Deciding, Draft, no_seats_left};
use crate::event::{
    AttendeeRegistered, Event, Method, OrderConfirmed, OrderPlaced, OrderSeatAssigned, PaymentTaken,
    SeatAssigned, SeatsHeld, SeatsSold,
};
use crate::id::{AttendeeId, SeatTypeId};
use crate::order::{Line, seat_id};
use crate::person::Person;
use crate::refusal::Refusal;
use crate::sale::{HOLD_MS, on_sale};
use crate::stream::Stream;
use crate::view::View;

/// Longest name, company or e-mail in characters.
pub(crate) const WORDS_MAX_CHARS: usize = 200;

/// Who registers, for what, and how it is paid.
pub(crate) struct WalkUp<'a> {
    /// Names and addresses.
    pub(crate) person: &'a Person,
    /// What they get.
    pub(crate) seat_type: &'a SeatTypeId,
    /// How it is paid.
    pub(crate) method: Method,
    /// Why, where it is given.
    pub(crate) reason: &'a str,
}

/// Decides `RegisterWalkUp`: attendee, order, payment and seat in one commit.
pub(crate) fn register(
    view: &impl View,
    walk_up: &WalkUp<'_>,
    not_the_same_as: &[AttendeeId],
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    check_words(walk_up.person)?;
    let configured = on_sale(view, walk_up.seat_type, deciding.now_ms)?;
    if !configured.grants_admission {
        let why = format!("{} does not admit to the conference. Choose another seat type.", configured.name);
        return Err(Refusal::Rules { why });
    }
    let price_minor = price(configured, walk_up)?;
    let similar: Vec<_> =
        view.similar(walk_up.person).into_iter().filter(|id| !not_the_same_as.contains(id)).collect();
    if !similar.is_empty() {
        return Err(Refusal::SimilarAttendees { attendees: similar });
    }
    let ledger = view.ledger(walk_up.seat_type);
    if ledger.available(deciding.account()) < 1 {
        return Err(no_seats_left(view, walk_up.seat_type, &ledger, deciding.account()));
    }
    let line = Line {
        seat_type: walk_up.seat_type.clone(),
        wanted: 1,
        held: 1,
        price_minor,
        admits: configured.grants_admission,
    };
    Ok(drafts(walk_up, line, &view.conference().currency, deciding))
}

/// Refuses words that are missing or too long.
pub(crate) fn check_words(person: &Person) -> Result<(), Refusal> {
    if person.full_name().is_empty() {
        return Err(Refusal::InvalidField {
            field: "first_name".to_owned(),
            why: "a name is needed".to_owned(),
        });
    }
    let fields = [
        ("first_name", Some(&person.first_name)),
        ("last_name", Some(&person.last_name)),
        ("email", person.email.as_ref()),
        ("company", person.company.as_ref()),
        ("pronouns", person.pronouns.as_ref()),
    ];
    for (field, text) in fields {
        if text.is_some_and(|text| text.chars().count() > WORDS_MAX_CHARS) {
            let why = format!("longer than {WORDS_MAX_CHARS} characters");
            return Err(Refusal::InvalidField { field: field.to_owned(), why });
        }
    }
    Ok(())
}

fn price(configured: &SeatType, walk_up: &WalkUp<'_>) -> Result<i64, Refusal> {
    let price_minor = configured.price_minor;
    match walk_up.method {
        Method::Cash => Ok(price_minor),
        Method::Free if price_minor == 0 => Ok(0),
        Method::Free => Err(Refusal::PaymentMissing { open_minor: price_minor }),
        Method::Complimentary if walk_up.reason.trim().is_empty() => {
            Err(Refusal::InvalidField { field: "reason".to_owned(), why: "say why it is given".to_owned() })
        }
        Method::Complimentary => Ok(0),
    }
}

fn drafts(walk_up: &WalkUp<'_>, line: Line, currency: &str, deciding: &Deciding) -> Vec<Draft> {
    let &WalkUp { person, seat_type, method, reason } = walk_up;
    let (id, order) = (deciding.new_attendee(0), deciding.new_order());
    let access_code = deciding.new_access_code(0);
    let (price_minor, admits) = (line.price_minor, line.admits);
    let placed = OrderPlaced {
        attendee: Some(id),
        lines: vec![line],
        currency: currency.to_owned(),
        access_code: access_code.clone(),
        expires_ms: deciding.now_ms + HOLD_MS,
    };
    let until_ms = placed.expires_ms;
    let seats = || Stream::Seats(seat_type.clone());
    let paid = PaymentTaken { method, amount_minor: price_minor };
    let seat = SeatAssigned { seat: seat_id(order, 0), seat_type: seat_type.clone(), admits, order };
    vec![
        Draft::new(Stream::Attendee(id), registered(person, access_code)),
        Draft::new(Stream::Order(order), Event::with(placed, Some(registrant(person)))),
        Draft::new(seats(), Event::of(SeatsHeld { order, count: 1, until_ms })),
        Draft::new(Stream::Order(order), Event::with(paid, Person::because(reason))),
        Draft::new(Stream::Order(order), Event::of(OrderConfirmed {})),
        Draft::new(seats(), Event::of(SeatsSold { order, count: 1 })),
        Draft::new(Stream::Order(order), Event::of(OrderSeatAssigned { n: 0, attendee: id })),
        Draft::new(Stream::Attendee(id), Event::of(seat)),
    ]
}

/// The event that puts a new person on the list.
pub(crate) fn registered(person: &Person, access_code: String) -> Event {
    Event::with(AttendeeRegistered { codes: vec![access_code] }, Some(person.clone()))
}

fn registrant(person: &Person) -> Person {
    Person {
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        email: person.email.clone(),
        ..Person::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::order::OrderState;
    use crate::test_world::{guest, person, text, venue};

    fn walk_up(person: Person, seat_type: &str, method: Method, reason: &str) -> Command {
        let (seat_type, reason) = (text(seat_type), reason.to_owned());
        Command::RegisterWalkUp { person, seat_type, method, reason, not_the_same_as: Vec::new() }
    }

    #[test]
    fn a_walk_up_spends_a_right_and_can_enter() {
        let [_, mut north, _] = venue();
        let written = north.give(&walk_up(person("Ada"), "ga", Method::Cash, "")).unwrap();
        let Stream::Attendee(id) = written[0].stream else { panic!("the attendee comes first") };
        let order = north.order(crate::test_world::order_of(&written));
        assert_eq!(
            (order.state, order.paid_minor, order.total_minor()),
            (OrderState::Confirmed, 19_900, 19_900)
        );
        assert_eq!(north.ledger("ga").available(north.account()), 3);
        let code = north.attendee(id).codes.first().cloned().unwrap();
        north.give(&crate::test_world::scan(&code)).unwrap();
        assert!(north.attendee(id).is_in());
    }

    #[test]
    fn similar_people_are_shown_until_staff_say_it_is_somebody_else() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let mut namesake = person("ADA");
        namesake.email = None;
        let refusal = Refusal::SimilarAttendees { attendees: vec![id] };
        assert_eq!(nodes[1].give(&walk_up(namesake.clone(), "ga", Method::Cash, "")).err(), Some(refusal));
        let Command::RegisterWalkUp { person, seat_type, method, reason, .. } =
            walk_up(namesake, "ga", Method::Cash, "")
        else {
            panic!()
        };
        let other = Command::RegisterWalkUp { person, seat_type, method, reason, not_the_same_as: vec![id] };
        nodes[1].give(&other).unwrap();
    }

    #[test]
    fn what_is_given_needs_a_reason_and_what_is_free_must_be() {
        let [_, mut north, _] = venue();
        let code = |refused: Option<Refusal>| refused.map(|refusal| refusal.code());
        let given = |reason| walk_up(person("Ada"), "ga", Method::Complimentary, reason);
        assert_eq!(code(north.give(&given(" ")).err()), Some("invalid_field"));
        let written = north.give(&given("press")).unwrap();
        assert_eq!(north.order(crate::test_world::order_of(&written)).total_minor(), 0);
        let free = walk_up(person("Bo"), "ga", Method::Free, "");
        assert_eq!(north.give(&free).err(), Some(Refusal::PaymentMissing { open_minor: 19_900 }));
        assert_eq!(code(north.give(&walk_up(person("Bo"), "ws", Method::Cash, "")).err()), Some("rules"));
    }

    #[test]
    fn the_last_seat_is_the_last() {
        let [_, mut north, _] = venue();
        for name in ["Ada", "Bo", "Cy", "Di"] {
            north.give(&walk_up(person(name), "ga", Method::Cash, "")).unwrap();
        }
        let refused = north.give(&walk_up(person("Eve"), "ga", Method::Cash, "")).err();
        assert!(matches!(refused, Some(Refusal::NoSeatsLeft { local: 0, .. })));
    }
}
