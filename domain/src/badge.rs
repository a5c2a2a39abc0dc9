//! The rules of badges: one good badge a person, each with a code of its own.

use std::sync::Arc;

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
    let attendee = printable(view, id)?;
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
    let attendee = printable(view, id)?;
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

/// Somebody whose name can be printed.
fn printable(view: &impl View, id: AttendeeId) -> Result<Arc<Attendee>, Refusal> {
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    match &attendee.erased {
        Some(erased) => Err(Refusal::Erased { at_ms: erased.at_ms }),
        None => Ok(attendee),
    }
}

fn made(id: AttendeeId, attendee: &Attendee, words: Option<Person>, deciding: &Deciding) -> Draft {
    let facts = BadgeIssued { badge_code: deciding.new_badge_code(), entitlements: attendee.entitlements() };
    Draft::new(Stream::Attendee(id), Event::with(facts, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::test_world::{NOON_MS, guest, sell, text, venue};

    #[test]
    fn a_badge_names_what_its_holder_is_entitled_to_admission_first() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let north = &mut nodes[1];
        sell(north, Some(id), &[("ws", 1), ("cp", 1)]).unwrap();
        north.give(&Command::IssueBadge { attendee: id }).unwrap();
        assert_eq!(north.attendee(id).badges[0].entitlements, [text("ga"), text("cp"), text("ws")]);
        assert_eq!(north.give(&Command::IssueBadge { attendee: id }).err(), Some(Refusal::HasBadge));
    }

    #[test]
    fn a_badge_is_voided_and_reported_printed_once() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let north = &mut nodes[1];
        north.give(&Command::IssueBadge { attendee: id }).unwrap();
        let badge_code = north.attendee(id).badges[0].badge_code.clone();
        let printed = Command::ReportPrinted { attendee: id, badge_code: badge_code.clone() };
        assert_eq!(north.give(&printed).unwrap().len(), 1);
        assert_eq!(north.give(&printed).unwrap().len(), 0);
        assert_eq!(north.attendee(id).badges[0].printed_at_ms, Some(NOON_MS));
        let void = Command::VoidBadge { attendee: id, badge_code, reason: "copied".into() };
        north.give(&void).unwrap();
        assert_eq!(north.give(&void).err(), Some(Refusal::BadgeVoid { voided_at_ms: NOON_MS }));
        let unknown = Command::VoidBadge { attendee: id, badge_code: text("B0"), reason: String::new() };
        assert_eq!(north.give(&unknown).err(), Some(Refusal::UnknownBadge));
    }
}
