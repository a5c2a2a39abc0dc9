//! The conference of every world: few seats, few guests, so that nodes meet over the same ones.

use std::collections::BTreeMap;

use lanyard_domain::command::Command;
use lanyard_domain::conference::{CheckInList, Desk, SeatType, Window};
use lanyard_domain::import::{ImportRow, SourceSeat, SourceState};
use lanyard_domain::{AttendeeId, Conference, Person, SeatTypeId};

use crate::node::BEGIN_MS;

/// Seat types with their quotas.
pub(crate) const SEAT_TYPES: [(&str, u32); 3] = [("ga", 16), ("ws", 9), ("dinner", 6)];

/// Check-in lists.
pub(crate) const LISTS: [&str; 4] = ["main", "workshop", "lounge", "days"];

/// Versions of the attendee list, the first one imported at HQ before a world begins.
pub(crate) const LIST_VERSIONS: u8 = 4;

const SLUG: &str = "summit";
const SOURCE: &str = "plain";
/// People on the first version of the list.
pub(crate) const GUESTS: usize = 8;
const HOUR_MS: i64 = 3_600_000;

/// Reads an id of the fixture.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("the fixture's ids are sound")
}

/// The configuration.
pub(crate) fn conference() -> Conference {
    let seat_type = |name: &str, price_minor, grants_admission| SeatType {
        name: name.to_owned(),
        price_minor,
        tax_basis_points: 0,
        grants_admission,
        extra: !grants_admission,
        sale_window: None,
        low_water: 0,
    };
    let list = |name: &str, opens: &str, re_entry, windows| CheckInList {
        name: name.to_owned(),
        seat_types: vec![id(opens)],
        re_entry,
        windows,
    };
    let window = |name: &str, opens_ms, closes_ms| Window { window: name.to_owned(), opens_ms, closes_ms };
    // The change of day falls into every world, so that clocks disagree about it.
    let noon_ms = BEGIN_MS + HOUR_MS / 10;
    let days = vec![
        window("day-1", BEGIN_MS - 9 * HOUR_MS, noon_ms),
        window("day-2", noon_ms, BEGIN_MS + 9 * HOUR_MS),
    ];
    let desk = |node: &str, prints_badges| Desk {
        place: "Hall".to_owned(),
        node: node.to_owned(),
        lists: LISTS.map(id).to_vec(),
        prints_badges,
    };
    Conference {
        slug: SLUG.to_owned(),
        name: "Summit".to_owned(),
        organiser: "Organiser".to_owned(),
        starts_ms: BEGIN_MS - 24 * HOUR_MS,
        ends_ms: BEGIN_MS + 48 * HOUR_MS,
        time_zone: "Europe/Copenhagen".to_owned(),
        currency: "EUR".to_owned(),
        locales: Vec::new(),
        seat_types: BTreeMap::from([
            (id("ga"), seat_type("General admission", 19_900, true)),
            (id("ws"), seat_type("Workshop", 50_000, false)),
            (id("dinner"), seat_type("Dinner", 0, false)),
        ]),
        lists: BTreeMap::from([
            (id("main"), list("Main door", "ga", false, Vec::new())),
            (id("workshop"), list("Workshop", "ws", false, Vec::new())),
            (id("lounge"), list("Lounge", "ga", true, Vec::new())),
            (id("days"), list("By day", "ga", false, days)),
        ]),
        desks: ["north", "south", "east"]
            .iter()
            .flat_map(|node| {
                [(id(&format!("{node}-1")), desk(node, true)), (id(&format!("{node}-2")), desk(node, false))]
            })
            .collect(),
    }
}

/// A version of the attendee list as a command: people come, pay and cancel from one to the next.
pub(crate) fn import(version: u8) -> Command {
    let count = GUESTS + usize::from(version);
    let rows = (0..count).map(|n| row(n, version)).collect();
    Command::ImportAttendees { source: SOURCE.to_owned(), rows }
}

/// Everybody of the longest version.
pub(crate) fn guests() -> Vec<AttendeeId> {
    (0..GUESTS + usize::from(LIST_VERSIONS)).map(|n| row(n, 0).attendee(SLUG, SOURCE)).collect()
}

/// Somebody at the desk.
pub(crate) fn person(number: u64) -> Person {
    Person {
        first_name: format!("Guest{number}"),
        email: Some(format!("guest{number}@example.org")),
        ..Person::default()
    }
}

fn row(n: usize, version: u8) -> ImportRow {
    let seat = |seat_type: &str, state| SourceSeat { seat_type: id::<SeatTypeId>(seat_type), state };
    let admission = match (n, version) {
        (2, 0..=1) => SourceState::Unpaid,
        (3, 3..) => SourceState::Cancelled,
        _ => SourceState::Paid,
    };
    let mut seats = vec![seat("ga", admission)];
    if n.is_multiple_of(3) || version > 1 && n == 4 {
        seats.push(seat("ws", SourceState::Paid));
    }
    ImportRow {
        external_key: format!("g{n}"),
        person: person(n as u64),
        codes: vec![format!("T-G{n}")],
        order_code: Some(format!("OR-{}", n / 2)),
        seats,
    }
}
