//! Walk-ups: somebody is registered at the desk and holds a paid or given seat at once.

use crate::command::Command;
use crate::decide::{Deciding, Draft, known_seat_type, no_seats_left};
use crate::event::{
    AttendeeRegistered, Event, Method, OrderConfirmed, OrderPlaced, OrderSeatAssigned, PaymentTaken, SeatAssigned,
    SeatsHeld, SeatsSold,
};
use crate::id::SeatTypeId;
use crate::order::{Line, seat_id};
use crate::person::Person;
use crate::refusal::Refusal;
use crate::sale::HOLD_MS;
use crate::stream::Stream;
use crate::view::View;

/// Longest name, company or e-mail in characters.
pub(crate) const WORDS_MAX_CHARS: usize = 200;

/// Decides `RegisterWalkUp`: attendee, order, payment and seat in one commit.
pub(crate) fn register(view: &impl View, command: &Command, deciding: &Deciding) -> Result<Vec<Draft>, Refusal> {
    let Command::RegisterWalkUp { person, seat_type, method, reason, not_the_same_as } = command else {
        return Err(Refusal::Rules { why: "Not a walk-up.".to_owned() });
    };
    check_words(person)?;
    known_seat_type(view, seat_type)?;
    let similar: Vec<_> = view.similar(person).into_iter().filter(|id| !not_the_same_as.contains(id)).collect();
    if !similar.is_empty() {
        return Err(Refusal::SimilarAttendees { attendees: similar });
    }
    let price_minor = price(view, seat_type, *method, reason)?;
    let ledger = view.ledger(seat_type);
    if ledger.available(deciding.account()) < 1 {
        return Err(no_seats_left(seat_type, &ledger, deciding.account()));
    }
    Ok(drafts(view, person, seat_type, *method, reason, price_minor, deciding))
}

/// Refuses words that are missing or too long.
pub(crate) fn check_words(person: &Person) -> Result<(), Refusal> {
    if person.full_name().is_empty() {
        return Err(Refusal::InvalidField { field: "first_name".to_owned(), why: "a name is needed".to_owned() });
    }
    let fields = [
        ("first_name", Some(&person.first_name)),
        ("last_name", Some(&person.last_name)),
        ("email", person.email.as_ref()),
        ("company", person.company.as_ref()),
    ];
    for (field, text) in fields {
        if text.is_some_and(|text| text.chars().count() > WORDS_MAX_CHARS) {
            let why = format!("longer than {WORDS_MAX_CHARS} characters");
            return Err(Refusal::InvalidField { field: field.to_owned(), why });
        }
    }
    Ok(())
}

fn price(view: &impl View, seat_type: &SeatTypeId, method: Method, reason: &str) -> Result<i64, Refusal> {
    let price_minor = view.conference().seat_types.get(seat_type).map_or(0, |configured| configured.price_minor);
    match method {
        Method::Cash => Ok(price_minor),
        Method::Free if price_minor == 0 => Ok(0),
        Method::Free => Err(Refusal::PaymentMissing { open_minor: price_minor }),
        Method::Complimentary if reason.trim().is_empty() => {
            Err(Refusal::InvalidField { field: "reason".to_owned(), why: "say why it is given".to_owned() })
        }
        Method::Complimentary => Ok(0),
    }
}

fn drafts(
    view: &impl View,
    person: &Person,
    seat_type: &SeatTypeId,
    method: Method,
    reason: &str,
    price_minor: i64,
    deciding: &Deciding,
) -> Vec<Draft> {
    let (id, order) = (deciding.new_attendee(0), deciding.new_order());
    let access_code = deciding.new_access_code(0);
    let admits = view.conference().seat_types.get(seat_type).is_some_and(|configured| configured.grants_admission);
    let line = Line { seat_type: seat_type.clone(), wanted: 1, held: 1, price_minor, admits };
    let placed = OrderPlaced {
        attendee: Some(id),
        lines: vec![line],
        currency: view.conference().currency.clone(),
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

