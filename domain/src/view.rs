//! What a rule may look at: the states a decision reads, as they are before the command.

use std::collections::BTreeSet;
use std::sync::Arc;

use lanyard_sync::{LogId, NodeId};

use crate::attendee::Attendee;
use crate::conference::Conference;
use crate::document::{Document, SharedDocument};
use crate::event::LogEnd;
use crate::fresh::FreshCheckIn;
use crate::id::{AttendeeId, BadgeCode, ListId, OrderId, SeatTypeId};
use crate::ledger::Ledger;
use crate::order::Order;
use crate::person::Person;

/// What a code stands for on this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeMatch {
    /// Nothing.
    Unknown,
    /// A ticket of one attendee.
    Ticket(AttendeeId),
    /// A badge.
    Badge(AttendeeId, BadgeCode),
    /// An order.
    Order(OrderId),
    /// Tickets of several attendees.
    Several(Vec<AttendeeId>),
}

/// The states behind a decision. A node answers from its tables, a test from memory.
pub trait View {
    /// The conference as configured.
    fn conference(&self) -> &Conference;
    /// State of an attendee, none when nothing was written.
    fn attendee(&self, id: AttendeeId) -> Option<Arc<Attendee>>;
    /// State of an order, none when nothing was written.
    fn order(&self, id: OrderId) -> Option<Arc<Order>>;
    /// Rights of a seat type; empty when nothing was written.
    fn ledger(&self, id: &SeatTypeId) -> Arc<Ledger>;
    /// What a folded code stands for.
    fn code(&self, folded: &str) -> CodeMatch;
    /// A text of the conference, none when nothing was written.
    fn document(&self, document: SharedDocument) -> Option<Document>;
    /// The logs that are here of a node, with their last entries.
    fn log_ends(&self, node: NodeId) -> Vec<LogEnd>;
    /// The logs nobody writes to any more, as far as is known: HQ ended them, or a later one of their node is here.
    fn past_logs(&self) -> BTreeSet<LogId>;
    /// Attendees with the same e-mail or the same folded name, at most 10.
    fn similar(&self, person: &Person) -> Vec<AttendeeId>;
    /// A check-in that other nodes told of and whose entry is not here.
    fn fresh_check_in(&self, id: AttendeeId, list: &ListId, window: &str) -> Option<FreshCheckIn>;
    /// Orders placed for an attendee, or by whoever has this e-mail, as [`Person::email_key`] has it.
    fn orders_of(&self, id: AttendeeId, email_key: Option<&str>) -> Vec<OrderId>;
}
