//! The conference of every world: few people and few seats, and what desks ask for.

use lanyard_domain::command::{Command, IfShort, Wanted, Who};
use lanyard_domain::{AttendeeId, Conference};
use lanyard_test_vfs::Chance;
use lanyard_tests::sample::guest_row;

use crate::node::Node;

/// Seat types with their quotas.
pub(crate) const SEAT_TYPES: [(&str, u32); 2] = [("ga", 24), ("ws", 12)];
/// People on the list.
pub(crate) const PEOPLE: u16 = 12;

const SLUG: &str = "rustfest";
const SOURCE: &str = "list";
const CONFERENCE: &str = r#"{
    "slug": "rustfest", "name": "RustFest", "organiser": "Org", "starts_ms": 1, "ends_ms": 2000000000000,
    "time_zone": "Europe/Berlin", "currency": "EUR",
    "seat_types": {
        "ga": {"name": "General admission", "price_minor": 19900, "grants_admission": true},
        "ws": {"name": "Workshop", "price_minor": 50000, "extra": true}
    },
    "lists": {"main": {"name": "Main door", "seat_types": ["ga"]}},
    "desks": {
        "north-1": {"place": "Door", "node": "north", "lists": ["main"], "prints_badges": true},
        "south-1": {"place": "Hall", "node": "south", "lists": ["main"], "prints_badges": false},
        "east-1": {"place": "Lane", "node": "east", "lists": ["main"], "prints_badges": true}
    }
}"#;

/// What HQ is told before a world begins.
pub(crate) fn beginnings() -> Vec<Command> {
    let conference: Conference = serde_json::from_str(CONFERENCE).expect("the conference is sound");
    let mut commands = vec![
        Command::ConfigureConference { conference: Box::new(conference) },
        Command::ImportAttendees { source: SOURCE.to_owned(), rows: (0..PEOPLE).map(guest_row).collect() },
    ];
    for (seat_type, quota) in SEAT_TYPES {
        commands.push(Command::SetQuota { seat_type: id(seat_type), quota });
    }
    commands
}

/// Reads an id.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("the ids of the conference are sound")
}

/// Draws what somebody at this node asks for.
pub(crate) fn draw(node: &Node, chance: &mut Chance) -> Command {
    let number = u16::try_from(chance.below(u64::from(PEOPLE))).expect("few people");
    let attendee = AttendeeId::derive(&[SLUG.as_bytes(), SOURCE.as_bytes(), number.to_string().as_bytes()]);
    match chance.below(100) {
        0..45 => {
            let who =
                if chance.percent(50) { Who::Code(format!("T{number}")) } else { Who::Attendee(attendee) };
            Command::CheckIn { who, list: id("main"), override_reason: None }
        }
        45..60 => Command::ReprintBadge { attendee, reason: "x".repeat(chance.index(300) + 1) },
        60..80 => place(attendee, chance),
        80..90 => match node.orders.get(chance.index(node.orders.len().max(1))) {
            Some(order) if chance.percent(50) => Command::ConfirmOrder { order: *order },
            Some(order) => Command::CancelOrder { order: *order, reason: "asked by phone".to_owned() },
            None => place(attendee, chance),
        },
        // More than one page, so that commits are torn within.
        90..95 => {
            let first = u16::try_from(chance.below(60)).expect("a small number");
            Command::ImportAttendees {
                source: SOURCE.to_owned(),
                rows: (first..first + 20).map(guest_row).collect(),
            }
        }
        _ => Command::SetQuota { seat_type: id("ws"), quota: 12 + u32::from(chance.percent(50)) },
    }
}

fn place(attendee: AttendeeId, chance: &mut Chance) -> Command {
    let (seat_type, _) = SEAT_TYPES[chance.index(SEAT_TYPES.len())];
    Command::PlaceOrder {
        attendee: Some(attendee),
        lines: vec![Wanted { seat_type: id(seat_type), quantity: 1 }],
        registrant: None,
        if_short: IfShort::Refuse,
    }
}
