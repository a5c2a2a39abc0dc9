//! Placing an order: what is wanted becomes lines and holds.

use std::collections::BTreeMap;

use super::{HOLD_MS, LINES_MAX, QUANTITY_MAX, on_sale};
use crate::command::{IfShort, Wanted};
use crate::decide::{Deciding, Draft, no_seats_left};
use crate::event::{Event, OrderPlaced, SeatsHeld};
use crate::id::{AttendeeId, SeatTypeId};
use crate::order::Line;
use crate::person::Person;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;
use crate::walk_up;

/// What somebody would like to have.
pub(crate) struct Wish<'a> {
    /// Whom the seats are for, where one person of the list.
    pub(crate) attendee: Option<AttendeeId>,
    /// Who pays, where named.
    pub(crate) registrant: Option<&'a Person>,
    /// What is wanted.
    pub(crate) lines: &'a [Wanted],
    /// What to do when not all seats can be had.
    pub(crate) if_short: IfShort,
}

/// Decides `PlaceOrder`: the same seat type twice is summed; what is held is taken from the own rights.
pub(crate) fn place(view: &impl View, wish: &Wish<'_>, deciding: &Deciding) -> Result<Vec<Draft>, Refusal> {
    if let Some(person) = wish.registrant {
        walk_up::check_words(person)?;
    }
    let wanted = summed(view, wish.lines, deciding.now_ms)?;
    extras_have_ground(view, wish.attendee, &wanted)?;
    let order = deciding.new_order();
    let expires_ms = deciding.now_ms + HOLD_MS;
    let mut lines = Vec::new();
    let mut shortage = None;
    for (seat_type, quantity) in wanted {
        let ledger = view.ledger(&seat_type);
        let available = ledger.available(deciding.account()).max(0);
        let held = u32::try_from(available).unwrap_or(u32::MAX).min(quantity);
        if held < quantity {
            shortage.get_or_insert_with(|| no_seats_left(view, &seat_type, &ledger, deciding.account()));
        }
        let configured = on_sale(view, &seat_type, deciding.now_ms)?;
        let (price_minor, admits) = (configured.price_minor, configured.grants_admission);
        lines.push(Line { seat_type, wanted: quantity, held, price_minor, admits });
    }
    if let Some(refusal) = shortage
        && (wish.if_short == IfShort::Refuse || lines.iter().all(|line| line.held == 0))
    {
        return Err(refusal);
    }
    total_in_range(&lines)?;
    let held = lines.iter().filter(|line| line.held > 0).map(|line| {
        let facts = SeatsHeld { order, count: line.held, until_ms: expires_ms };
        Draft::new(Stream::Seats(line.seat_type.clone()), Event::of(facts))
    });
    let held: Vec<_> = held.collect();
    let facts = OrderPlaced {
        attendee: wish.attendee,
        lines,
        currency: view.conference().currency.clone(),
        access_code: deciding.new_access_code(0),
        expires_ms,
    };
    let placed = Draft::new(Stream::Order(order), Event::with(facts, wish.registrant.cloned()));
    Ok(std::iter::once(placed).chain(held).collect())
}

fn summed(view: &impl View, wanted: &[Wanted], now_ms: i64) -> Result<BTreeMap<SeatTypeId, u32>, Refusal> {
    if wanted.is_empty() {
        return Err(Refusal::NothingSelected);
    }
    if wanted.len() > LINES_MAX {
        let why = format!("more than {LINES_MAX} lines");
        return Err(Refusal::InvalidField { field: "lines".to_owned(), why });
    }
    let mut sums = BTreeMap::new();
    for line in wanted {
        on_sale(view, &line.seat_type, now_ms)?;
        let invalid = |quantity| Refusal::InvalidQuantity { seat_type: line.seat_type.clone(), quantity };
        let sum: &mut u32 = sums.entry(line.seat_type.clone()).or_insert(0);
        let quantity = u32::try_from(line.quantity).map_err(|_| invalid(line.quantity))?;
        let total = sum.saturating_add(quantity);
        if quantity == 0 || total > QUANTITY_MAX {
            return Err(invalid(line.quantity));
        }
        *sum = total;
    }
    Ok(sums)
}

/// Refuses extras on top of an admission that was cancelled, unless admission is bought with them.
fn extras_have_ground(
    view: &impl View,
    attendee: Option<AttendeeId>,
    wanted: &BTreeMap<SeatTypeId, u32>,
) -> Result<(), Refusal> {
    let Some(id) = attendee else { return Ok(()) };
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    let configured = || wanted.keys().filter_map(|seat_type| view.conference().seat_types.get(seat_type));
    let buys_extras_only =
        configured().any(|sold| sold.extra) && !configured().any(|sold| sold.grants_admission);
    let lost_admission = attendee.seats.values().any(|seat| seat.admits)
        && !attendee.good_seats().any(|(_, seat)| seat.admits);
    if buys_extras_only && lost_admission { Err(Refusal::Canceled) } else { Ok(()) }
}

fn total_in_range(lines: &[Line]) -> Result<(), Refusal> {
    let mut total_minor = 0_i64;
    for line in lines {
        let line_minor = i64::from(line.held).checked_mul(line.price_minor);
        total_minor = line_minor.and_then(|minor| total_minor.checked_add(minor)).ok_or_else(|| {
            Refusal::InvalidQuantity { seat_type: line.seat_type.clone(), quantity: i64::from(line.wanted) }
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::test_world::{cancel, guest, imported_order, order_of, place, text, venue};

    #[test]
    fn the_same_type_twice_is_summed_and_what_there_is_is_held() {
        let [_, mut north, _] = venue();
        let order = order_of(&north.give(&place(None, &[("ga", 1), ("ws", 1), ("ga", 2)])).unwrap());
        let order = north.order(order);
        let lines: Vec<_> =
            order.lines.iter().map(|line| (line.seat_type.as_str(), line.wanted, line.held)).collect();
        assert_eq!(lines, [("ga", 3, 3), ("ws", 1, 1)]);
        assert_eq!(order.total_minor(), 3 * 19_900 + 50_000);
        assert_eq!(north.ledger("ga").available(north.account()), 1);
    }

    #[test]
    fn nothing_zero_negative_and_absurd_quantities_are_refused() {
        let [_, mut north, _] = venue();
        assert_eq!(north.give(&place(None, &[])).err(), Some(Refusal::NothingSelected));
        for quantity in [0, -1, 1_001, i64::MAX, i64::MIN] {
            let refusal = Refusal::InvalidQuantity { seat_type: text("ga"), quantity };
            assert_eq!(north.give(&place(None, &[("ga", quantity)])).err(), Some(refusal));
        }
        let refusal = north.give(&place(None, &[("ga", 600), ("ga", 600)])).err();
        assert_eq!(refusal.map(|refusal| refusal.code()), Some("invalid_quantity"));
        let refusal = Refusal::UnknownSeatType { seat_type: text("boat") };
        assert_eq!(north.give(&place(None, &[("boat", 1)])).err(), Some(refusal));
    }

    #[test]
    fn a_shortage_offers_what_there_is_or_refuses_naming_where_seats_remain() {
        let [hq, mut north, south] = venue();
        let offered = order_of(&north.give(&place(None, &[("cp", 6), ("ws", 1)])).unwrap());
        let offered = north.order(offered);
        assert!(!offered.is_complete());
        assert_eq!(offered.lines.iter().map(|line| line.held).collect::<Vec<_>>(), [4, 1]);
        let Some(Refusal::NoSeatsLeft { local: 0, elsewhere, .. }) =
            north.give(&place(None, &[("cp", 1)])).err()
        else {
            panic!("nothing is left here");
        };
        let remaining: Vec<_> = elsewhere.iter().map(|other| (other.account, other.remaining)).collect();
        assert_eq!(remaining, [(south.account(), 4), (hq.account(), 2)]);
        let Command::PlaceOrder { attendee, registrant, lines, .. } = place(None, &[("ws", 4)]) else {
            panic!()
        };
        let all_or_none = Command::PlaceOrder { attendee, registrant, lines, if_short: IfShort::Refuse };
        assert_eq!(north.give(&all_or_none).err().map(|refusal| refusal.code()), Some("no_seats_left"));
        assert_eq!(north.ledger("ws").held(), 1, "a refused order holds nothing");
    }

    #[test]
    fn extras_are_not_sold_on_top_of_a_cancelled_admission() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let hq = &mut nodes[0];
        hq.give(&cancel(imported_order(hq, id))).unwrap();
        assert_eq!(hq.give(&place(Some(id), &[("ws", 1)])).err(), Some(Refusal::Canceled));
        hq.give(&place(Some(id), &[("ws", 1), ("ga", 1)])).unwrap();
        let nobody = AttendeeId([9; 16]);
        assert_eq!(hq.give(&place(Some(nobody), &[("ws", 1)])).err(), Some(Refusal::UnknownAttendee));
    }

    #[test]
    fn a_total_beyond_the_range_is_refused() {
        let line =
            |price_minor| Line { seat_type: text("ga"), wanted: 2, held: 2, price_minor, admits: true };
        assert_eq!(total_in_range(&[line(crate::conference::PRICE_MAX_MINOR)]), Ok(()));
        assert!(total_in_range(&[line(i64::MAX)]).is_err());
        assert!(total_in_range(&[line(i64::MAX / 2), line(1)]).is_err());
    }
}
