//! The rules of an import: a row makes or updates one attendee and its order, and never deletes.

use crate::access_code;
use crate::decide::Draft;
use crate::event::{AttendeeImported, Event, ImportedSeat, OrderImported};
use crate::id::{AttendeeId, OrderId, SeatId};
use crate::import::{ImportRow, SourceState};
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;

/// Most rows of one command.
pub const ROWS_MAX: usize = 200;

/// Decides `ImportAttendees`; a row that says nothing new writes nothing.
pub(crate) fn import(view: &impl View, source: &str, rows: &[ImportRow]) -> Result<Vec<Draft>, Refusal> {
    if rows.len() > ROWS_MAX {
        let why = format!("more than {ROWS_MAX} rows in one chunk");
        return Err(Refusal::InvalidField { field: "rows".to_owned(), why });
    }
    let slug = view.conference().slug.as_str();
    let mut drafts = Vec::with_capacity(rows.len() * 2);
    for row in rows {
        let key = row.external_key.as_bytes();
        let attendee = row.attendee(slug, source);
        let order_key = row.order_code.as_deref().map_or(key, str::as_bytes);
        let order = OrderId::derive(&[slug.as_bytes(), source.as_bytes(), order_key]);
        drafts.extend(row_drafts(view, source, row, attendee, order));
    }
    Ok(drafts)
}

fn row_drafts(
    view: &impl View,
    source: &str,
    row: &ImportRow,
    attendee: AttendeeId,
    order: OrderId,
) -> Vec<Draft> {
    let seats = imported_seats(view, row, order, attendee);
    let codes = folded(&row.codes);
    let mut drafts = Vec::new();
    if !attendee_is_known(view, attendee, row, &codes, &seats) {
        let facts = AttendeeImported { source: source.to_owned(), codes, seats: seats.clone() };
        let event = Event::with(facts, Some(row.person.clone()));
        drafts.push(Draft::new(Stream::Attendee(attendee), event));
    }
    let codes = folded(row.order_code.as_slice());
    if !order_is_known(view, order, attendee, &codes, &seats) {
        let facts = OrderImported { attendee, codes, seats };
        drafts.push(Draft::new(Stream::Order(order), Event::of(facts)));
    }
    drafts
}

fn folded(codes: &[String]) -> Vec<String> {
    codes.iter().map(|code| access_code::fold(code)).filter(|code| !code.is_empty()).collect()
}

fn attendee_is_known(
    view: &impl View,
    id: AttendeeId,
    row: &ImportRow,
    codes: &[String],
    seats: &[ImportedSeat],
) -> bool {
    let Some(known) = view.attendee(id) else { return false };
    let same_seat = |seat: &ImportedSeat| {
        known.seats.get(&seat.seat).is_some_and(|held| {
            held.paid == seat.paid && held.seat_type == seat.seat_type && (!seat.cancelled || !held.is_good())
        })
    };
    (known.erased.is_some() || known.person.as_ref() == Some(&row.person))
        && codes.iter().all(|code| known.codes.contains(code))
        && seats.iter().all(same_seat)
}

fn order_is_known(
    view: &impl View,
    id: OrderId,
    attendee: AttendeeId,
    codes: &[String],
    seats: &[ImportedSeat],
) -> bool {
    let Some(known) = view.order(id) else { return false };
    let has_seats =
        known.imported.get(&attendee).is_some_and(|held| seats.iter().all(|seat| held.contains(&seat.seat)));
    has_seats && codes.iter().all(|code| known.codes.contains(code))
}

fn imported_seats(
    view: &impl View,
    row: &ImportRow,
    order: OrderId,
    attendee: AttendeeId,
) -> Vec<ImportedSeat> {
    let admits =
        |seat_type| view.conference().seat_types.get(seat_type).is_some_and(|known| known.grants_admission);
    let seats = row.seats.iter().zip(0_u32..).map(|(seat, n)| ImportedSeat {
        seat: imported_seat_id(attendee, n),
        seat_type: seat.seat_type.clone(),
        admits: admits(&seat.seat_type),
        paid: seat.state == SourceState::Paid,
        cancelled: seat.state == SourceState::Cancelled,
        order,
    });
    seats.collect()
}

fn imported_seat_id(attendee: AttendeeId, n: u32) -> SeatId {
    let short = &attendee.to_string()[..16];
    format!("import:{short}:{n}").parse().expect("hex digits, colons and a number are a text id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::import::SourceState::Paid;
    use crate::test_world::{cancel, import, imported_order, meet, row, venue};

    fn rows(names: &[&str]) -> Command {
        let rows = names.iter().map(|name| row(name, &[("ga", Paid)])).collect();
        Command::ImportAttendees { source: "plain".into(), rows }
    }

    #[test]
    fn the_same_list_at_two_nodes_makes_the_same_attendees_and_a_second_import_writes_nothing() {
        let mut nodes = venue();
        nodes[1].give(&rows(&["Ada", "Bo"])).unwrap();
        nodes[2].give(&rows(&["Ada", "Bo"])).unwrap();
        meet(&mut nodes);
        assert_eq!(nodes[0].view.attendees().count(), 2);
        assert_eq!(nodes[0].give(&rows(&["Ada", "Bo"])).unwrap().len(), 0);
    }

    #[test]
    fn a_seat_added_by_the_source_is_cancelled_with_its_order() {
        let [mut hq, ..] = venue();
        let id = import(&mut hq, vec![row("Ada", &[("ga", Paid)])])[0];
        import(&mut hq, vec![row("Ada", &[("ga", Paid), ("ws", Paid)])]);
        hq.give(&cancel(imported_order(&hq, id))).unwrap();
        assert_eq!(hq.attendee(id).good_seats().count(), 0);
    }

    #[test]
    fn more_rows_than_a_chunk_holds_are_refused() {
        let [mut hq, ..] = venue();
        let names: Vec<_> = (0..=ROWS_MAX).map(|n| format!("n{n}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(hq.give(&rows(&names)).err().map(|refusal| refusal.code()), Some("invalid_field"));
    }
}
