//! The rules of the door: who may enter a list, and taking a check-in back.

use lanyard_sync::Dot;

use crate::access_code;
use crate::attendee::{Attendee, CheckIn};
use crate::codes::Scanned;
use crate::command::Who;
use crate::conference::CheckInList;
use crate::decide::{Deciding, Draft};
use crate::event::{AttendeeCheckedIn, CheckInAnnulled, Event, Override, Via};
use crate::id::{AttendeeId, BadgeCode, ListId};
use crate::outcome::Refused;
use crate::person::Person;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::{CodeMatch, View};

/// Decides `CheckIn`.
pub(crate) fn check_in(
    view: &impl View,
    who: &Who,
    list_id: &ListId,
    override_reason: Option<&str>,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refused> {
    let nobody = |refusal| Refused { refusal, attendee: None };
    let list = view.conference().lists.get(list_id).ok_or_else(|| {
        nobody(Refusal::Rules { why: format!("Check-in list {list_id} is not configured. Choose another list.") })
    })?;
    let (id, via, badge_code) = find(view, who).map_err(nobody)?;
    let refuse = |refusal| Refused { refusal, attendee: Some(id) };
    let attendee = view.attendee(id).ok_or_else(|| nobody(Refusal::UnknownAttendee))?;
    if let Some(code) = badge_code {
        good_badge(&attendee, &code).map_err(refuse)?;
    }
    let (window, overridden) =
        admit(&attendee, list, list_id, override_reason.is_some(), deciding.now_ms).map_err(refuse)?;
    let facts = AttendeeCheckedIn { list: list_id.clone(), window, via, overridden };
    let words = overridden.and(override_reason).and_then(Person::because);
    Ok(vec![Draft::new(Stream::Attendee(id), Event::with(facts, words))])
}

/// Decides `AnnulCheckIn`.
pub(crate) fn annul(view: &impl View, id: AttendeeId, dot: Dot, reason: &str) -> Result<Vec<Draft>, Refusal> {
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    let check_in = attendee.check_ins.iter().find(|known| known.at.dot == dot).ok_or(Refusal::UnknownCheckIn)?;
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
    let scanned = Scanned::parse(text);
    let slug = &view.conference().slug;
    if let Some(conference) = scanned.conference.filter(|named| named != slug) {
        return Err(Refusal::WrongConference { conference });
    }
    match view.code(&scanned.code) {
        CodeMatch::Ticket(id) => Ok((id, Via::Ticket, None)),
        CodeMatch::Badge(id, code) => Ok((id, Via::Badge, Some(code))),
        CodeMatch::Several(attendees) => Err(Refusal::Ambiguous { attendees }),
        CodeMatch::Order(id) => {
            let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
            let seats = order.seats().map(|(n, _)| n).filter(|n| !order.assigned.contains_key(n)).collect::<Vec<_>>();
            if let (Some(attendee), true) = (order.attendee, seats.is_empty()) {
                return Ok((attendee, Via::Ticket, None));
            }
            let mut people: Vec<_> = order.imported.keys().chain(order.assigned.values()).copied().collect();
            people.sort_unstable();
            people.dedup();
            match (people.as_slice(), seats.is_empty()) {
                ([only], true) => Ok((*only, Via::Ticket, None)),
                (_, true) if !people.is_empty() => Err(Refusal::Ambiguous { attendees: people }),
                _ => Err(Refusal::NoSeatAssigned { order: id, seats }),
            }
        }
        CodeMatch::Unknown => {
            let mistyped = access_code::has_shape(&scanned.code) && !access_code::is_valid(&scanned.code);
            Err(Refusal::UnknownCode { mistyped })
        }
    }
}

fn good_badge(attendee: &Attendee, code: &BadgeCode) -> Result<(), Refusal> {
    let badge = attendee.badges.iter().find(|badge| badge.badge_code == *code).ok_or(Refusal::UnknownBadge)?;
    badge.voided_at_ms.map_or(Ok(()), |voided_at_ms| Err(Refusal::BadgeVoid { voided_at_ms }))
}

/// Judges admission: the window that stands in the event, and what a supervisor set aside.
fn admit(
    attendee: &Attendee,
    list: &CheckInList,
    list_id: &ListId,
    may_override: bool,
    now_ms: i64,
) -> Result<(String, Option<Override>), Refusal> {
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
    match attendee.effective_check_in(list_id, &window) {
        Some(earlier) if !list.re_entry => Err(already(earlier)),
        _ => Ok((window, overridden)),
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
        Some(desk) => Refusal::AlreadyCheckedIn { at_ms: earlier.at.at_ms, desk, account: earlier.at.account },
        None => Refusal::Rules { why: "Already checked in.".to_owned() },
    }
}
