//! The rules of the door: who may enter a list, and taking a check-in back.

use lanyard_sync::Dot;

use crate::access_code;
use crate::attendee::{Attendee, CheckIn};
use crate::codes::{SCANNED_MAX_BYTES, Scanned};
use crate::command::Who;
use crate::conference::CheckInList;
use crate::decide::{Deciding, Draft};
use crate::event::{AttendeeCheckedIn, CheckInAnnulled, Event, Override, Via};
use crate::id::{AttendeeId, BadgeCode, ListId, OrderId};
use crate::order::OrderState;
use crate::outcome::Refused;
use crate::person::Person;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::{CodeMatch, View};

/// What is presented where.
pub(crate) struct Scan<'a> {
    /// As scanned, typed or chosen.
    pub(crate) who: &'a Who,
    /// List to be entered.
    pub(crate) list: &'a ListId,
    /// Why a supervisor sets a rule aside.
    pub(crate) override_reason: Option<&'a str>,
}

/// Decides `CheckIn`.
pub(crate) fn check_in(
    view: &impl View,
    scan: &Scan<'_>,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refused> {
    let nobody = |refusal| Refused { refusal, attendee: None };
    if scan.override_reason.is_some_and(|reason| reason.trim().is_empty()) {
        let why = "say why they are admitted".to_owned();
        return Err(nobody(Refusal::InvalidField { field: "override".to_owned(), why }));
    }
    let list = view.conference().lists.get(scan.list).ok_or_else(|| {
        let why = format!("Check-in list {} is not configured. Choose another list.", scan.list);
        nobody(Refusal::Rules { why })
    })?;
    let (id, via, badge_code) = find(view, scan.who).map_err(nobody)?;
    let refuse = |refusal| Refused { refusal, attendee: Some(id) };
    let attendee = view.attendee(id).ok_or_else(|| nobody(Refusal::UnknownAttendee))?;
    if let Some(code) = badge_code {
        good_badge(&attendee, &code).map_err(refuse)?;
    }
    let (window, overridden) = admit(&attendee, list, scan, deciding.now_ms).map_err(refuse)?;
    let facts = AttendeeCheckedIn {
        list: scan.list.clone(),
        window,
        re_entry: list.re_entry,
        opens: list.seat_types.clone(),
        via,
        overridden,
    };
    let words = overridden.and(scan.override_reason).and_then(Person::because);
    Ok(vec![Draft::new(Stream::Attendee(id), Event::with(facts, words))])
}

/// Decides `AnnulCheckIn`.
pub(crate) fn annul(view: &impl View, id: AttendeeId, dot: Dot, reason: &str) -> Result<Vec<Draft>, Refusal> {
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    let check_in =
        attendee.check_ins.iter().find(|known| known.at.dot == dot).ok_or(Refusal::UnknownCheckIn)?;
    if let Some(annulled) = &check_in.annulled {
        return Err(Refusal::AlreadyAnnulled { at_ms: annulled.at.at_ms });
    }
    let event = Event::with(CheckInAnnulled { check_in: dot }, Person::because(reason));
    Ok(vec![Draft::new(Stream::Attendee(id), event)])
}

/// Turns what was scanned, typed or chosen into one attendee.
fn find(view: &impl View, who: &Who) -> Result<(AttendeeId, Via, Option<BadgeCode>), Refusal> {
    let text = match who {
        Who::Attendee(id) => return Ok((*id, Via::Search, None)),
        Who::Code(text) => text,
    };
    if text.len() > SCANNED_MAX_BYTES || text.trim().is_empty() {
        let why = format!("1 to {SCANNED_MAX_BYTES} bytes are read");
        return Err(Refusal::InvalidField { field: "code".to_owned(), why });
    }
    let scanned = Scanned::parse(text);
    let slug = &view.conference().slug;
    if let Some(conference) = scanned.conference.filter(|named| named != slug) {
        return Err(Refusal::WrongConference { conference });
    }
    match view.code(&scanned.code) {
        CodeMatch::Ticket(id) => Ok((id, Via::Ticket, None)),
        CodeMatch::Badge(id, code) => Ok((id, Via::Badge, Some(code))),
        CodeMatch::Several(attendees) => Err(Refusal::Ambiguous { attendees }),
        CodeMatch::Order(id) => Ok((named_by_order(view, id)?, Via::Ticket, None)),
        CodeMatch::Unknown => {
            let mistyped = access_code::has_shape(&scanned.code) && !access_code::is_valid(&scanned.code);
            Err(Refusal::UnknownCode { mistyped })
        }
    }
}

/// The one person an order stands for.
fn named_by_order(view: &impl View, id: OrderId) -> Result<AttendeeId, Refusal> {
    let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
    let people = order.people();
    match order.state {
        OrderState::Unknown => return Err(Refusal::UnknownOrder),
        // Somebody known who bought more is judged by what they hold already.
        OrderState::Placed | OrderState::Expired | OrderState::Cancelled if people.is_empty() => {
            let unpaid = order.state == OrderState::Placed;
            return order.attendee.ok_or(if unpaid { Refusal::Unpaid } else { Refusal::Canceled });
        }
        OrderState::Imported
        | OrderState::Placed
        | OrderState::Confirmed
        | OrderState::Cancelled
        | OrderState::Expired => {}
    }
    let unassigned = order.unassigned();
    if order.state == OrderState::Confirmed && !unassigned.is_empty() {
        return Err(Refusal::NoSeatAssigned { order: id, seats: unassigned });
    }
    match people.as_slice() {
        [only] => Ok(*only),
        _ => Err(Refusal::Ambiguous { attendees: people }),
    }
}

fn good_badge(attendee: &Attendee, code: &BadgeCode) -> Result<(), Refusal> {
    let badge =
        attendee.badges.iter().find(|badge| badge.badge_code == *code).ok_or(Refusal::UnknownBadge)?;
    badge.voided_at_ms.map_or(Ok(()), |voided_at_ms| Err(Refusal::BadgeVoid { voided_at_ms }))
}

/// Judges admission: the window that stands in the event, and what a supervisor set aside.
fn admit(
    attendee: &Attendee,
    list: &CheckInList,
    scan: &Scan<'_>,
    now_ms: i64,
) -> Result<(String, Option<Override>), Refusal> {
    let may_override = scan.override_reason.is_some();
    let mut overridden = match entitled(attendee, list) {
        Ok(()) => None,
        Err(Refusal::Unpaid) if may_override => Some(Override::Unpaid),
        Err(Refusal::Canceled) if may_override => Some(Override::Canceled),
        Err(refusal) => return Err(refusal),
    };
    let window = match list.window_at(now_ms) {
        Ok(window) => window.to_owned(),
        Err(window) if may_override => {
            overridden.get_or_insert(Override::Time);
            window.window.clone()
        }
        Err(window) => {
            return Err(Refusal::InvalidTime { opens_ms: window.opens_ms, closes_ms: window.closes_ms });
        }
    };
    match attendee.effective_check_in(scan.list, &window) {
        Some(earlier) if !list.re_entry => Err(already(earlier)),
        Some(_) | None => Ok((window, overridden)),
    }
}

fn entitled(attendee: &Attendee, list: &CheckInList) -> Result<(), Refusal> {
    let opens = |seat_type| list.seat_types.contains(seat_type);
    let mut good = attendee.good_seats().filter(|(_, seat)| opens(&seat.seat_type)).peekable();
    if good.peek().is_some() {
        return if good.any(|(_, seat)| seat.paid) { Ok(()) } else { Err(Refusal::Unpaid) };
    }
    if attendee.seats.values().any(|seat| opens(&seat.seat_type)) {
        return Err(Refusal::Canceled);
    }
    let holds: Vec<_> = attendee.good_seats().map(|(_, seat)| seat.seat_type.clone()).collect();
    Err(if holds.is_empty() { Refusal::NotOnList } else { Refusal::WrongProduct { holds } })
}

fn already(earlier: &CheckIn) -> Refusal {
    match earlier.at.desk_id() {
        Some(desk) => {
            Refusal::AlreadyCheckedIn { at_ms: earlier.at.at_ms, desk, account: earlier.at.account }
        }
        None => Refusal::Rules { why: "Already checked in.".to_owned() },
    }
}
