//! What happens at the conference of the frozen stores: a list, doors, sales, badges, a conflict and its decision, an
//! erasure, a note that two wrote, a fork that was settled, and a node that was retired.

use std::fs;
use std::path::Path;

use lanyard_domain::command::{IfShort, Wanted, Who};
use lanyard_domain::document::{Field, Version};
use lanyard_domain::event::{Decision, Method};
use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Account, AttendeeId, Command, Conference, DocumentId, OrderId, Person, SeatTypeId};
use lanyard_node::engine::LocalChange;
use lanyard_tests::sample::guest_row;

use crate::node::{NAMES, Node, identity};

const GUESTS: u16 = 60;

const CONFERENCE: &str = r#"{
    "slug": "rustfest", "name": "RustFest", "organiser": "Org", "starts_ms": 1, "ends_ms": 2000000000000,
    "time_zone": "Europe/Berlin", "currency": "EUR",
    "seat_types": {
        "ga": {"name": "General admission", "price_minor": 19900, "grants_admission": true},
        "ws": {"name": "Workshop", "price_minor": 50000, "extra": true}
    },
    "lists": {"main": {"name": "Main door", "seat_types": ["ga"]}},
    "desks": {
        "door": {"place": "Main door", "node": "north", "lists": ["main"], "prints_badges": true}
    }
}"#;

/// HQ and north at the end of the day, with the same entries.
pub(crate) fn lived(folder: &Path) -> (Node, Node) {
    let mut hq = Node::open(0, &folder.join("hq"), 0);
    set_up(&mut hq);
    let mut north = Node::open(1, &folder.join("north"), 0);
    let mut south = Node::open(2, &folder.join("south"), 0);
    for node in [&mut north, &mut south] {
        node.pull(&hq);
        hq.pull(node);
        let to = Account::Venue(node.engine.own_log());
        hq.accept(Command::GiveRights { seat_type: seat_type("ws"), to, count: 6 });
        hq.accept(Command::GiveRights { seat_type: seat_type("ga"), to, count: 4 });
        node.pull(&hq);
    }
    (0..30).for_each(|guest| drop(north.accept(check_in(guest))));
    // Guest 29 enters at both doors, and neither knows of the other.
    (29..45).for_each(|guest| drop(south.accept(check_in(guest))));
    north.give(check_in(3));
    sell(&mut north);
    sell(&mut south);
    hq.pull(&north);
    hq.pull(&south);
    decide(&mut hq);
    hq.accept(Command::EraseAttendee { attendee: guest(5) });
    north.pull(&hq);
    let mut north = fork(north, &mut hq, folder);
    hq.accept(Command::CloseLogs { node: identity(2).node, keep: None });
    south.accept(check_in(50));
    hq.pull(&south);
    north.pull(&hq);
    north.accept(check_in(51));
    hq.pull(&north);
    (hq, north)
}

/// A guest enters.
pub(crate) fn check_in(guest: u16) -> Command {
    let who = Who::Code(format!("T{guest}"));
    Command::CheckIn { who, list: "main".parse().unwrap(), override_reason: None }
}

fn set_up(hq: &mut Node) {
    let conference: Conference = serde_json::from_str(CONFERENCE).unwrap();
    hq.accept(Command::ConfigureConference { conference: Box::new(conference) });
    for number in 1..=2_u8 {
        let (node, name) = (identity(number).node, NAMES[usize::from(number)].to_owned());
        hq.accept(Command::EnrolNode { node, name, serial: number.into() });
    }
    let rows = (0..GUESTS).map(guest_row).collect();
    hq.accept(Command::ImportAttendees { source: "list".into(), rows });
    for seat_type_id in ["ga", "ws"] {
        hq.accept(Command::SetQuota { seat_type: seat_type(seat_type_id), quota: 20 });
    }
}

/// A workshop seat that is paid, one that is held, and somebody without a ticket.
fn sell(node: &mut Node) {
    let order = placed(node, 1);
    node.accept(Command::TakePayment { order, method: Method::Cash, amount_minor: 50_000 });
    node.accept(Command::ConfirmOrder { order });
    placed(node, 2);
    node.accept(Command::RegisterWalkUp {
        person: Person { first_name: "Wanda".into(), last_name: "Walkup".into(), ..Person::default() },
        seat_type: seat_type("ga"),
        method: Method::Cash,
        reason: String::new(),
        not_the_same_as: Vec::new(),
    });
    node.accept(Command::ReprintBadge { attendee: guest(1), reason: "torn".into() });
    // Neither node sees what the other one wrote.
    node.accept(Command::EditDocument {
        document: DocumentId::Attendee(guest(4)),
        seen: Version::default(),
        edits: [(Field::Text, format!("seen by {}", node.engine.own_log()))].into(),
    });
}

fn placed(node: &mut Node, guest_number: u16) -> OrderId {
    let answer = node.accept(Command::PlaceOrder {
        attendee: Some(guest(guest_number)),
        registrant: None,
        lines: vec![Wanted { seat_type: seat_type("ws"), quantity: 1 }],
        if_short: IfShort::Refuse,
    });
    let Outcome::Accepted(accepted) = answer.outcome else { panic!("it was accepted") };
    accepted.order.unwrap()
}

/// The double entry of guest 29 stays as it is, and staff say so.
fn decide(hq: &mut Node) {
    let open = hq.reader().read_here(|db| db.conflicts(true)).unwrap();
    let (about, _) = open.first().expect("two doors let one guest in");
    hq.accept(Command::ResolveConflict {
        attendee: guest(29),
        conflict: about.id,
        decision: Decision::Accept,
        reason: "twins".into(),
    });
}

/// North's folder is copied, both machines write, and the second one's entries are written again.
fn fork(north: Node, hq: &mut Node, folder: &Path) -> Node {
    let (here, there) = (north.folder.clone(), folder.join("copy"));
    let (log, before) = (north.engine.own_log(), north.engine.vector());
    drop(north);
    fs::create_dir_all(&there).unwrap();
    for file in fs::read_dir(&here).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), there.join(file.file_name())).unwrap();
    }
    let (mut first, mut second) = (Node::open(1, &here, 1), Node::open(1, &there, 2));
    first.accept(check_in(46));
    hq.pull(&first);
    second.accept(check_in(47));
    hq.change(LocalChange::ForkFound { log, from: before.seq(&log) + 1 });
    second.pull_after(hq, &before);
    hq.pull(&second);
    assert_ne!(second.engine.own_log(), log, "it writes elsewhere");
    second
}

fn seat_type(id: &str) -> SeatTypeId {
    id.parse().unwrap()
}

fn guest(number: u16) -> AttendeeId {
    guest_row(number).attendee("rustfest", "list")
}
