//! Nodes in memory for the tests of this crate: each decides alone, pulls from others and folds.

use std::collections::BTreeMap;

use lanyard_sync::{CommandId, Dot, Epoch, LogId, NodeId};

use crate::conference::{CheckInList, Conference, Desk, SeatType, Window};
use crate::decide::{Deciding, Draft, decide};
use crate::event::{Decision, Event, Method};
use crate::fold::{Folded, Placed};
use crate::id::{AttendeeId, DeskId, ListId, OrderId, SeatTypeId};
use crate::import::{ImportRow, SourceSeat, SourceState};
use crate::memory::MemoryView;
use crate::refusal::Refusal;
use crate::{Account, Command, Person, Stream};

/// Noon of the first day, Unix milliseconds.
pub(crate) const NOON_MS: i64 = 1_800_000_000_000;

/// One entry of a log.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) dot: Dot,
    lamport: u64,
    at_ms: i64,
    authority: bool,
    context: BTreeMap<LogId, u64>,
    pub(crate) stream: Stream,
    pub(crate) event: Event,
}

/// A node: its log, what it has of others, and the folded states.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    log: LogId,
    authority: bool,
    pub(crate) now_ms: i64,
    lamport: u64,
    commands: u64,
    entries: BTreeMap<(u64, Dot), Written>,
    seen: BTreeMap<LogId, u64>,
    pub(crate) view: MemoryView,
}

pub(crate) fn text<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a sound id")
}

impl Node {
    fn new(number: u8, authority: bool) -> Self {
        let log = LogId { node: NodeId([number; 16]), epoch: Epoch(u64::from(number)) };
        Self {
            log,
            authority,
            now_ms: NOON_MS,
            lamport: 0,
            commands: 0,
            entries: BTreeMap::new(),
            seen: BTreeMap::new(),
            view: MemoryView::default(),
        }
    }

    pub(crate) fn account(&self) -> Account {
        self.deciding().account()
    }

    pub(crate) fn deciding(&self) -> Deciding {
        let mut entropy = [0; 32];
        entropy[..16].copy_from_slice(&self.log.node.0);
        entropy[16..24].copy_from_slice(&self.commands.to_be_bytes());
        let mut command = [0; 16];
        command.copy_from_slice(&entropy[8..24]);
        let (log, authority, now_ms) = (self.log, self.authority, self.now_ms);
        Deciding { command: CommandId(command), log, authority, now_ms, entropy }
    }

    /// Decides and writes.
    pub(crate) fn give(&mut self, command: &Command) -> Result<Vec<Written>, Refusal> {
        self.commands += 1;
        let drafts = decide(&self.view, command, &self.deciding()).map_err(|refused| refused.refusal)?;
        let written: Vec<_> = drafts.into_iter().map(|draft| self.append(draft)).collect();
        for entry in &written {
            self.take(entry.clone());
        }
        Ok(written)
    }

    fn append(&mut self, draft: Draft) -> Written {
        let seq = self.seen.get(&self.log).copied().unwrap_or(0) + 1;
        self.lamport += 1;
        let mut context = self.seen.clone();
        context.remove(&self.log);
        self.seen.insert(self.log, seq);
        Written {
            dot: self.log.dot(seq),
            lamport: self.lamport,
            at_ms: self.now_ms,
            authority: self.authority,
            context,
            stream: draft.stream,
            event: draft.event,
        }
    }

    /// Keeps an entry and brings its stream up to date: a tally in order of arrival, any other in canonical order.
    fn take(&mut self, entry: Written) {
        self.lamport = self.lamport.max(entry.lamport);
        let stream = entry.stream.clone();
        let Some(mut state) = Folded::empty(&stream) else { return };
        if state.is_tally() {
            if let Some(known) = self.view.get(&stream) {
                state = known.clone();
            }
            entry.apply(&mut state);
        }
        self.entries.insert((entry.lamport, entry.dot), entry);
        if !state.is_tally() {
            for entry in self.entries.values().filter(|entry| entry.stream == stream) {
                entry.apply(&mut state);
            }
        }
        self.view.set(stream, state);
    }

    /// Takes what another node has, log after log from the last to the first or the other way round.
    pub(crate) fn pull(&mut self, other: &Self, backwards: bool) {
        let mut logs: Vec<_> = other.seen.keys().copied().collect();
        if backwards {
            logs.reverse();
        }
        for log in logs {
            let known = self.seen.get(&log).copied().unwrap_or(0);
            let mut missing: Vec<_> = other
                .entries
                .values()
                .filter(|entry| entry.dot.log == log && entry.dot.seq > known)
                .collect();
            missing.sort_by_key(|entry| entry.dot.seq);
            for entry in missing {
                self.seen.insert(log, entry.dot.seq);
                self.take(entry.clone());
            }
        }
    }

    pub(crate) fn attendee(&self, id: AttendeeId) -> crate::Attendee {
        crate::View::attendee(&self.view, id).map(std::sync::Arc::unwrap_or_clone).expect("somebody known")
    }

    pub(crate) fn order(&self, id: OrderId) -> crate::Order {
        crate::View::order(&self.view, id).map(std::sync::Arc::unwrap_or_clone).expect("a known order")
    }

    pub(crate) fn ledger(&self, seat_type: &str) -> crate::Ledger {
        std::sync::Arc::unwrap_or_clone(crate::View::ledger(&self.view, &text(seat_type)))
    }

    /// Canonical bytes of every state.
    pub(crate) fn state_bytes(&self) -> Vec<(Stream, Vec<u8>)> {
        self.view.states().iter().map(|(stream, state)| (stream.clone(), state.to_bytes())).collect()
    }
}

impl Written {
    fn apply(&self, state: &mut Folded) {
        let sees = |dot: Dot| {
            let seen = self.context.get(&dot.log).copied().unwrap_or(0);
            if dot.log == self.dot.log { dot.seq < self.dot.seq } else { dot.seq <= seen }
        };
        let placed = Placed {
            dot: self.dot,
            account: if self.authority { Account::Hq } else { Account::Venue(self.dot.log) },
            lamport: self.lamport,
            at_ms: self.at_ms,
            skew_ms: None,
            actor: "ana",
            desk: "north-1",
            command: CommandId([0; 16]),
            authority: self.authority,
            sees: &sees,
        };
        state.apply(&self.event, &placed);
    }
}

/// The conference of the specifications: admission 199, workshop 500, party 50, a dinner that is free.
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
    let list = |name: &str, seat_type: &str, re_entry, windows| CheckInList {
        name: name.to_owned(),
        seat_types: vec![text(seat_type)],
        re_entry,
        windows,
    };
    let window = |name: &str, day: i64| Window {
        window: name.to_owned(),
        opens_ms: NOON_MS + day * 86_400_000 - 4 * 3_600_000,
        closes_ms: NOON_MS + day * 86_400_000 + 8 * 3_600_000,
    };
    let desk =
        Desk { place: "Hall".into(), node: "north".into(), lists: vec![text("main")], prints_badges: true };
    Conference {
        slug: "summit".into(),
        name: "Summit".into(),
        organiser: "Organiser".into(),
        starts_ms: NOON_MS,
        ends_ms: NOON_MS + 3 * 86_400_000,
        time_zone: "Europe/Copenhagen".into(),
        currency: "EUR".into(),
        locales: Vec::new(),
        seat_types: BTreeMap::from([
            (text::<SeatTypeId>("ga"), seat_type("General admission", 19_900, true)),
            (text("ws"), seat_type("Workshop", 50_000, false)),
            (text("cp"), seat_type("Party", 5_000, false)),
            (text("free"), seat_type("Open day", 0, true)),
        ]),
        lists: BTreeMap::from([
            (text::<ListId>("main"), list("Main door", "ga", false, Vec::new())),
            (text("days"), list("By day", "ga", false, vec![window("day-1", 0), window("day-2", 1)])),
            (text("ws"), list("Workshop", "ws", false, Vec::new())),
            (text("lounge"), list("Lounge", "ga", true, Vec::new())),
        ]),
        desks: BTreeMap::from([(text::<DeskId>("north-1"), desk)]),
    }
}

/// HQ and two nodes that know the conference, with quotas of 10 and 4 seats of each type at either node.
pub(crate) fn venue() -> [Node; 3] {
    let mut hq = Node::new(1, true);
    let (mut north, mut south) = (Node::new(2, false), Node::new(3, false));
    hq.give(&Command::ConfigureConference { conference: Box::new(conference()) }).unwrap();
    for seat_type in ["ga", "ws", "cp", "free"] {
        hq.give(&Command::SetQuota { seat_type: text(seat_type), quota: 10 }).unwrap();
        for to in [north.account(), south.account()] {
            hq.give(&Command::GiveRights { seat_type: text(seat_type), to, count: 4 }).unwrap();
        }
    }
    north.pull(&hq, false);
    south.pull(&hq, false);
    [hq, north, south]
}

/// Everybody learns everything.
pub(crate) fn meet(nodes: &mut [Node]) {
    for _ in 0..2 {
        for a in 0..nodes.len() {
            for b in 0..nodes.len() {
                let other = nodes[b].clone();
                nodes[a].pull(&other, (a + b) % 2 == 0);
            }
        }
    }
}

pub(crate) fn person(name: &str) -> Person {
    Person { first_name: name.to_owned(), email: Some(format!("{name}@example.org")), ..Person::default() }
}

/// A row of a list: a person with seats and a ticket code like the name.
pub(crate) fn row(name: &str, seats: &[(&str, SourceState)]) -> ImportRow {
    ImportRow {
        external_key: name.to_owned(),
        person: person(name),
        codes: vec![format!("T-{name}")],
        order_code: Some(format!("O-{name}")),
        seats: seats
            .iter()
            .map(|(seat_type, state)| SourceSeat { seat_type: text(seat_type), state: *state })
            .collect(),
    }
}

pub(crate) fn import(node: &mut Node, rows: Vec<ImportRow>) -> Vec<AttendeeId> {
    let ids = rows
        .iter()
        .map(|row| AttendeeId::derive(&[b"summit", b"plain", row.external_key.as_bytes()]))
        .collect();
    node.give(&Command::ImportAttendees { source: "plain".into(), rows }).unwrap();
    ids
}

/// Somebody with paid admission whom every node knows.
pub(crate) fn guest(nodes: &mut [Node; 3], name: &str) -> AttendeeId {
    let id = import(&mut nodes[0], vec![row(name, &[("ga", SourceState::Paid)])])[0];
    meet(nodes);
    id
}

pub(crate) fn check_in(id: AttendeeId, list: &str) -> Command {
    Command::CheckIn { who: crate::command::Who::Attendee(id), list: text(list), override_reason: None }
}

pub(crate) fn scan(code: &str) -> Command {
    Command::CheckIn {
        who: crate::command::Who::Code(code.to_owned()),
        list: text("main"),
        override_reason: None,
    }
}

pub(crate) fn place(attendee: Option<AttendeeId>, lines: &[(&str, i64)]) -> Command {
    Command::PlaceOrder {
        attendee,
        registrant: attendee.is_none().then(|| person("Reg")),
        lines: lines
            .iter()
            .map(|(seat_type, quantity)| crate::command::Wanted {
                seat_type: text(seat_type),
                quantity: *quantity,
            })
            .collect(),
        if_short: crate::command::IfShort::Offer,
    }
}

/// The order that entries are about.
pub(crate) fn order_of(written: &[Written]) -> OrderId {
    let order = written.iter().find_map(|entry| match entry.stream {
        Stream::Order(id) => Some(id),
        _ => None,
    });
    order.expect("an order among the entries")
}

/// Places, pays and confirms.
pub(crate) fn sell(
    node: &mut Node,
    attendee: Option<AttendeeId>,
    lines: &[(&str, i64)],
) -> Result<OrderId, Refusal> {
    let order = order_of(&node.give(&place(attendee, lines))?);
    let amount_minor = node.order(order).open_minor();
    if amount_minor > 0 {
        node.give(&Command::TakePayment { order, method: Method::Cash, amount_minor })?;
    }
    node.give(&Command::ConfirmOrder { order })?;
    Ok(order)
}

pub(crate) fn cancel(order: OrderId) -> Command {
    Command::CancelOrder { order, reason: "asked by phone".into() }
}

/// The order an imported guest came with.
pub(crate) fn imported_order(node: &Node, id: AttendeeId) -> OrderId {
    node.attendee(id).seats.values().find(|seat| seat.imported).expect("an imported seat").order
}

/// Decides on the first conflict of somebody.
pub(crate) fn resolve(node: &Node, id: AttendeeId, decision: Decision) -> Command {
    let conflict = node.attendee(id).conflicts(id)[0].id;
    Command::ResolveConflict { attendee: id, conflict, decision, reason: "spoke to the guest".into() }
}
