//! The rules of badges: one good badge a person, each with a code of its own.

use crate::attendee::Attendee;
use crate::decide::{Deciding, Draft};
use crate::event::{BadgeIssued, BadgePrinted, BadgeVoided, Event};
use crate::id::{AttendeeId, BadgeCode};
use crate::person::Person;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;

/// Decides `IssueBadge`.
pub(crate) fn issue(view: &impl View, id: AttendeeId, deciding: &Deciding) -> Result<Vec<Draft>, Refusal> {
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    if attendee.active_badges().next().is_some() {
        return Err(Refusal::HasBadge);
    }
    Ok(vec![made(id, &attendee, None, deciding)])
}

/// Decides `ReprintBadge`: the fold voids every badge the writer knew.
pub(crate) fn reprint(
    view: &impl View,
    id: AttendeeId,
    reason: &str,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    Ok(vec![made(id, &attendee, Person::because(reason), deciding)])
}

/// Decides `VoidBadge`.
pub(crate) fn void(
    view: &impl View,
    id: AttendeeId,
    code: &BadgeCode,
    reason: &str,
) -> Result<Vec<Draft>, Refusal> {
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    let badge =
        attendee.badges.iter().find(|badge| badge.badge_code == *code).ok_or(Refusal::UnknownBadge)?;
    if let Some(voided_at_ms) = badge.voided_at_ms {
        return Err(Refusal::BadgeVoid { voided_at_ms });
    }
    let event = Event::with(BadgeVoided { badge_code: code.clone() }, Person::because(reason));
    Ok(vec![Draft::new(Stream::Attendee(id), event)])
}

/// Decides `ReportPrinted`; a second report of the same badge writes nothing.
pub(crate) fn report_printed(
    view: &impl View,
    id: AttendeeId,
    code: &BadgeCode,
) -> Result<Vec<Draft>, Refusal> {
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    let badge =
        attendee.badges.iter().find(|badge| badge.badge_code == *code).ok_or(Refusal::UnknownBadge)?;
    if badge.printed_at_ms.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Draft::new(Stream::Attendee(id), Event::of(BadgePrinted { badge_code: code.clone() }))])
}

fn made(id: AttendeeId, attendee: &Attendee, words: Option<Person>, deciding: &Deciding) -> Draft {
    let facts = BadgeIssued { badge_code: deciding.new_badge_code(), entitlements: attendee.entitlements() };
    Draft::new(Stream::Attendee(id), Event::with(facts, words))
}
