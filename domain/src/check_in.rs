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
    if let Some(fresh) = view.fresh_check_in(id, scan.list, &window).filter(|_| !list.re_entry) {
        return Err(refuse(fresh.refusal()));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Assignee, Command};
    use crate::fresh::FreshCheckIn;
    use crate::import::SourceState::{Cancelled, Paid, Unpaid};
    use crate::test_world::{
        NOON_MS, Node, check_in, conference, guest, import, person, row, scan, sell, text, venue,
    };

    fn north_with(seats: &[(&str, crate::import::SourceState)]) -> (Node, AttendeeId) {
        let [_, mut north, _] = venue();
        let id = import(&mut north, vec![row("Ada", seats)])[0];
        (north, id)
    }

    fn overriding(id: AttendeeId, list: &str, reason: &str) -> Command {
        Command::CheckIn { who: Who::Attendee(id), list: text(list), override_reason: Some(reason.into()) }
    }

    #[test]
    fn a_ticket_a_badge_and_the_order_of_one_person_all_name_them() {
        for code in ["t-ada", "LY1:summit:T-ADA", " O-ada "] {
            let (mut north, id) = north_with(&[("ga", Paid)]);
            let written = north.give(&scan(code)).unwrap();
            assert_eq!(written[0].stream, Stream::Attendee(id));
        }
        let (mut north, id) = north_with(&[("ga", Paid)]);
        north.give(&Command::IssueBadge { attendee: id }).unwrap();
        let code = north.attendee(id).badges[0].badge_code.to_string();
        north.give(&scan(&code)).unwrap();
        assert_eq!(north.attendee(id).check_ins[0].via, Via::Badge);
    }

    #[test]
    fn a_second_check_in_is_refused_with_when_and_where() {
        let (mut north, id) = north_with(&[("ga", Paid)]);
        north.give(&check_in(id, "main")).unwrap();
        let account = north.account();
        let refusal = Refusal::AlreadyCheckedIn { at_ms: NOON_MS, desk: text("north-1"), account };
        assert_eq!(north.give(&check_in(id, "main")).err(), Some(refusal));
    }

    /// Ada's check-in at another node, of which this one has heard.
    fn hear_of(north: &mut Node, id: AttendeeId, list: &str, window: &str) -> Refusal {
        let log = lanyard_sync::LogId { node: lanyard_sync::NodeId([7; 16]), epoch: lanyard_sync::Epoch(1) };
        let (list, window, desk) = (text(list), window.to_owned(), text("south-1"));
        let dot = log.dot(5);
        north.view.hear(FreshCheckIn { attendee: id, list, window, at_ms: NOON_MS - 700, desk, dot });
        let account = crate::Account::Venue(log);
        Refusal::AlreadyCheckedIn { at_ms: NOON_MS - 700, desk: text("south-1"), account }
    }

    #[test]
    fn somebody_of_whom_another_node_told_is_refused_with_when_and_where() {
        let (mut north, id) = north_with(&[("ga", Paid)]);
        let refusal = hear_of(&mut north, id, "main", "");
        assert_eq!(north.give(&check_in(id, "main")).err(), Some(refusal));
        north.give(&check_in(id, "days")).expect("another list is another matter");
    }

    #[test]
    fn what_is_told_of_a_window_or_a_list_with_re_entry_keeps_nobody_out_elsewhere() {
        let (mut north, id) = north_with(&[("ga", Paid)]);
        hear_of(&mut north, id, "days", "day-2");
        north.give(&check_in(id, "days")).expect("it is day 1");
        hear_of(&mut north, id, "lounge", "");
        north.give(&check_in(id, "lounge")).expect("people go in and out there");
    }

    #[test]
    fn what_somebody_holds_decides_which_refusal_they_get() {
        let cases: [(&[(&str, _)], Refusal); 4] = [
            (&[("ga", Unpaid)], Refusal::Unpaid),
            (&[("ga", Cancelled)], Refusal::Canceled),
            (&[("ws", Paid)], Refusal::WrongProduct { holds: vec![text("ws")] }),
            (&[], Refusal::NotOnList),
        ];
        for (seats, refusal) in cases {
            let (mut north, id) = north_with(seats);
            assert_eq!(north.give(&check_in(id, "main")).err(), Some(refusal));
        }
    }

    #[test]
    fn a_supervisor_sets_a_rule_aside_with_a_reason_that_is_kept() {
        for (state, kind) in [(Unpaid, Override::Unpaid), (Cancelled, Override::Canceled)] {
            let (mut north, id) = north_with(&[("ga", state)]);
            let blank = north.give(&overriding(id, "main", "  ")).err();
            assert_eq!(blank.map(|refusal| refusal.code()), Some("invalid_field"));
            let written = north.give(&overriding(id, "main", "speaker, pays later")).unwrap();
            assert_eq!(north.attendee(id).check_ins[0].overridden, Some(kind));
            let words = written[0].event.personal.as_ref().and_then(|words| words.reason.as_deref());
            assert_eq!(words, Some("speaker, pays later"));
        }
        let (mut north, id) = north_with(&[("ws", Paid)]);
        let refused = north.give(&overriding(id, "main", "friend")).err();
        assert_eq!(
            refused.map(|refusal| refusal.code()),
            Some("wrong_product"),
            "not everything can be set aside"
        );
    }

    #[test]
    fn a_list_with_windows_admits_once_in_each_and_in_no_other_time() {
        let (mut north, id) = north_with(&[("ga", Paid)]);
        north.give(&check_in(id, "days")).unwrap();
        assert_eq!(north.attendee(id).check_ins[0].window, "day-1");
        north.now_ms += 12 * 3_600_000;
        let day_2 = conference().lists[&text::<ListId>("days")].windows[1].clone();
        let refusal = Refusal::InvalidTime { opens_ms: day_2.opens_ms, closes_ms: day_2.closes_ms };
        assert_eq!(north.give(&check_in(id, "days")).err(), Some(refusal));
        north.now_ms += 12 * 3_600_000;
        north.give(&check_in(id, "days")).unwrap();
        assert_eq!(north.attendee(id).check_ins[1].window, "day-2");
    }

    #[test]
    fn codes_of_other_conferences_mistyped_ones_and_unknown_ones_are_told_apart() {
        let (mut north, _) = north_with(&[("ga", Paid)]);
        let mut code = access_code::draw(&[5; 16]).into_bytes();
        code[0] = if code[0] == b'A' { b'B' } else { b'A' };
        let mistyped = String::from_utf8(code).unwrap();
        let wrong = Refusal::WrongConference { conference: "other".into() };
        assert_eq!(north.give(&scan("LY1:other:T-ada")).err(), Some(wrong));
        assert_eq!(north.give(&scan(&mistyped)).err(), Some(Refusal::UnknownCode { mistyped: true }));
        assert_eq!(north.give(&scan("4711")).err(), Some(Refusal::UnknownCode { mistyped: false }));
        assert_eq!(
            north.give(&scan(&"x".repeat(513))).err().map(|refusal| refusal.code()),
            Some("invalid_field")
        );
    }

    #[test]
    fn a_void_badge_is_refused() {
        let (mut north, id) = north_with(&[("ga", Paid)]);
        north.give(&Command::IssueBadge { attendee: id }).unwrap();
        let code = north.attendee(id).badges[0].badge_code.to_string();
        north.give(&Command::ReprintBadge { attendee: id, reason: "lost".into() }).unwrap();
        assert_eq!(north.give(&scan(&code)).err(), Some(Refusal::BadgeVoid { voided_at_ms: NOON_MS }));
    }

    #[test]
    fn an_order_names_its_people_only_when_it_is_sold_and_everybody_is_named() {
        let [_, mut north, _] = venue();
        let order = sell(&mut north, None, &[("ga", 2)]).unwrap();
        let code = north.order(order).access_code;
        let refusal = Refusal::NoSeatAssigned { order, seats: vec![0, 1] };
        assert_eq!(north.give(&scan(&code)).err(), Some(refusal));
        let assign = |n, name| Command::AssignSeat { order, n, assignee: Assignee::New(person(name).into()) };
        north.give(&assign(0, "Ada")).unwrap();
        assert_eq!(north.give(&scan(&code)).err(), Some(Refusal::NoSeatAssigned { order, seats: vec![1] }));
        north.give(&assign(1, "Bo")).unwrap();
        let attendees = north.order(order).people();
        assert_eq!(north.give(&scan(&code)).err(), Some(Refusal::Ambiguous { attendees }));

        let order = sell(&mut north, None, &[("ga", 1)]).unwrap();
        let code = north.order(order).access_code;
        north
            .give(&Command::AssignSeat { order, n: 0, assignee: Assignee::New(person("Cy").into()) })
            .unwrap();
        let written = north.give(&scan(&code)).unwrap();
        assert_eq!(written[0].stream, Stream::Attendee(north.order(order).people()[0]));
    }

    #[test]
    fn an_order_that_is_not_paid_or_was_called_off_admits_nobody() {
        let [_, mut north, _] = venue();
        let placed =
            crate::test_world::order_of(&north.give(&crate::test_world::place(None, &[("ga", 1)])).unwrap());
        let code = north.order(placed).access_code;
        assert_eq!(north.give(&scan(&code)).err(), Some(Refusal::Unpaid));
        north.give(&crate::test_world::cancel(placed)).unwrap();
        assert_eq!(north.give(&scan(&code)).err(), Some(Refusal::Canceled));
    }

    #[test]
    fn an_imported_order_of_several_people_is_ambiguous() {
        let [_, mut north, _] = venue();
        let rows = ["Ada", "Bo"].map(|name| crate::import::ImportRow {
            order_code: Some("GROUP".into()),
            ..row(name, &[("ga", Paid)])
        });
        let mut attendees = import(&mut north, rows.to_vec());
        attendees.sort_unstable();
        assert_eq!(north.give(&scan("group")).err(), Some(Refusal::Ambiguous { attendees }));
    }

    #[test]
    fn an_annulment_names_its_check_in_and_opens_the_door_again_once() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let north = &mut nodes[1];
        let check_in_dot = north.give(&check_in(id, "main")).unwrap()[0].dot;
        let annul =
            Command::AnnulCheckIn { attendee: id, check_in: check_in_dot, reason: "wrong person".into() };
        north.give(&annul).unwrap();
        assert_eq!(north.give(&annul).err(), Some(Refusal::AlreadyAnnulled { at_ms: NOON_MS }));
        north.give(&check_in(id, "main")).unwrap();
        let annulled = north.attendee(id).check_ins[0].annulled.clone().unwrap();
        assert_eq!((annulled.at.actor.as_str(), annulled.reason.as_deref()), ("ana", Some("wrong person")));
        assert_eq!(north.attendee(id).check_ins.len(), 2);
    }
}
