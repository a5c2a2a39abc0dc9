//! States in memory: a view for rules that run without a database, as specifications and simulations do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lanyard_sync::{LogId, NodeId};

use crate::attendee::Attendee;
use crate::conference::Conference;
use crate::document::{Document, SharedDocument};
use crate::event::LogEnd;
use crate::fold::Folded;
use crate::fresh::FreshCheckIn;
use crate::id::{AttendeeId, ListId, OrderId, SeatTypeId};
use crate::ledger::Ledger;
use crate::order::Order;
use crate::person::Person;
use crate::stream::Stream;
use crate::view::{CodeMatch, View};

/// Most people a search for similar ones names.
pub const SIMILAR_MAX: usize = 10;

/// Folded states by stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryView {
    conference: Conference,
    states: BTreeMap<Stream, Folded>,
    ends: BTreeMap<LogId, u64>,
    fresh: Vec<FreshCheckIn>,
}

impl MemoryView {
    /// Notes a check-in that another node told of.
    pub fn hear(&mut self, fresh: FreshCheckIn) {
        self.fresh.push(fresh);
    }

    /// Puts the state of a stream in place.
    pub fn set(&mut self, stream: Stream, state: Folded) {
        if let Folded::Conference(configured) = &state {
            self.conference.clone_from(&configured.conference);
        }
        self.states.insert(stream, state);
    }

    /// Says how far a log is here.
    pub fn set_end(&mut self, end: LogEnd) {
        self.ends.insert(end.log, end.seq);
    }

    /// The state of a stream, none when nothing was written.
    pub fn get(&self, stream: &Stream) -> Option<&Folded> {
        self.states.get(stream)
    }

    /// Every stream with its state, in order of stream.
    pub fn states(&self) -> &BTreeMap<Stream, Folded> {
        &self.states
    }

    /// Everybody known.
    pub fn attendees(&self) -> impl Iterator<Item = (AttendeeId, &Attendee)> {
        self.states.iter().filter_map(|(stream, state)| match (stream, state) {
            (Stream::Attendee(id), Folded::Attendee(attendee)) => Some((*id, &**attendee)),
            _ => None,
        })
    }

    /// Every order.
    pub fn orders(&self) -> impl Iterator<Item = (OrderId, &Order)> {
        self.states.iter().filter_map(|(stream, state)| match (stream, state) {
            (Stream::Order(id), Folded::Order(order)) => Some((*id, &**order)),
            _ => None,
        })
    }
}

impl View for MemoryView {
    fn conference(&self) -> &Conference {
        &self.conference
    }

    fn attendee(&self, id: AttendeeId) -> Option<Arc<Attendee>> {
        match self.states.get(&Stream::Attendee(id))? {
            Folded::Attendee(attendee) => Some(Arc::clone(attendee)),
            _ => None,
        }
    }

    fn order(&self, id: OrderId) -> Option<Arc<Order>> {
        match self.states.get(&Stream::Order(id))? {
            Folded::Order(order) => Some(Arc::clone(order)),
            _ => None,
        }
    }

    fn ledger(&self, id: &SeatTypeId) -> Arc<Ledger> {
        match self.states.get(&Stream::Seats(id.clone())) {
            Some(Folded::Seats(ledger)) => Arc::clone(ledger),
            _ => Arc::default(),
        }
    }

    /// A ticket comes before the badge and the order that share its code.
    fn code(&self, folded: &str) -> CodeMatch {
        let tickets: Vec<_> =
            self.attendees().filter(|(_, known)| known.codes.contains(folded)).map(|(id, _)| id).collect();
        match tickets.as_slice() {
            [] => {}
            [only] => return CodeMatch::Ticket(*only),
            [_, ..] => return CodeMatch::Several(tickets),
        }
        let mut badges =
            self.attendees().flat_map(|(id, known)| known.badges.iter().map(move |badge| (id, badge)));
        if let Some((id, badge)) = badges.find(|(_, badge)| badge.badge_code.as_str() == folded) {
            return CodeMatch::Badge(id, badge.badge_code.clone());
        }
        let mut orders = self.orders();
        let named = orders.find(|(_, order)| order.access_code == folded || order.codes.contains(folded));
        named.map_or(CodeMatch::Unknown, |(id, _)| CodeMatch::Order(id))
    }

    fn document(&self, document: SharedDocument) -> Option<Document> {
        match self.states.get(&Stream::Document(document))? {
            Folded::Document(shared) => Some(shared.document.clone()),
            _ => None,
        }
    }

    fn log_ends(&self, node: NodeId) -> Vec<LogEnd> {
        let of_node = self.ends.iter().filter(|(log, _)| log.node == node);
        of_node.map(|(log, seq)| LogEnd { log: *log, seq: *seq }).collect()
    }

    /// Those that HQ ended: a node in memory goes on in one log.
    fn past_logs(&self) -> BTreeSet<LogId> {
        let closed = self.states.values().filter_map(|state| match state {
            Folded::Node(node) => Some(&node.closed),
            _ => None,
        });
        closed.flatten().map(|end| end.log).collect()
    }

    fn similar(&self, person: &Person) -> Vec<AttendeeId> {
        let name = person.full_name().to_lowercase();
        let is_similar = |known: &Person| {
            known.full_name().to_lowercase() == name
                || (known.email_key().is_some() && known.email_key() == person.email_key())
        };
        let found = self.attendees().filter(|(_, known)| known.person.as_ref().is_some_and(is_similar));
        found.map(|(id, _)| id).take(SIMILAR_MAX).collect()
    }

    fn fresh_check_in(&self, id: AttendeeId, list: &ListId, window: &str) -> Option<FreshCheckIn> {
        let is_it =
            |fresh: &&FreshCheckIn| fresh.attendee == id && fresh.list == *list && fresh.window == window;
        self.fresh.iter().find(is_it).cloned()
    }

    fn orders_of(&self, id: AttendeeId, email_key: Option<&str>) -> Vec<OrderId> {
        let email_of = |order: &Order| order.registrant.as_ref().and_then(Person::email_key);
        let is_theirs = |order: &Order| {
            order.attendee == Some(id) || (email_key.is_some() && email_of(order).as_deref() == email_key)
        };
        self.orders().filter(|(_, order)| is_theirs(order)).map(|(order, _)| order).collect()
    }
}
