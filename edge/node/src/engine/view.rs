//! What a decision may look at, answered from memory and the tables.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use lanyard_domain::event::LogEnd;
use lanyard_domain::view::{CodeMatch, View};
use lanyard_domain::{
    Account, Attendee, AttendeeId, Conference, Document, Folded, FreshCheckIn, Ledger, ListId, Order,
    OrderId, Person, SeatTypeId, SharedDocument, Stream,
};
use lanyard_sync::{LogId, NodeId};
use rusqlite::Connection;

use super::fresh::Fresh;
use super::states::States;
use crate::fault::{Fault, is_planted};
use crate::project::attendee::name_key;
use crate::store::waiting::Waiting;
use crate::store::{StoreError, closed, logs, streams};

/// Most attendees a code or a similar name is followed to.
const MATCHES_MAX: u32 = 10;
/// Most orders of one person that are looked at.
const ORDERS_MAX: u32 = 500;

/// The states of this node as they are before a command.
pub(crate) struct NodeView<'a> {
    db: &'a Connection,
    states: &'a RefCell<States>,
    conference: &'a Conference,
    own: Account,
    /// What peers told of, and the moment it is looked at.
    heard: Option<(&'a Fresh, i64)>,
    /// Streams that are to be folded anew.
    waiting: Option<&'a Waiting>,
    /// The first of them that was looked at.
    waits: Cell<Option<i64>>,
    failure: RefCell<Option<StoreError>>,
}

impl<'a> NodeView<'a> {
    pub(crate) fn new(
        db: &'a Connection,
        states: &'a RefCell<States>,
        conference: &'a Conference,
        own: Account,
    ) -> Self {
        Self {
            db,
            states,
            conference,
            own,
            heard: None,
            waiting: None,
            waits: Cell::new(None),
            failure: RefCell::new(None),
        }
    }

    /// Minds what peers told of ahead of the log.
    pub(crate) const fn minding(mut self, fresh: &'a Fresh, now_ms: i64) -> Self {
        self.heard = Some((fresh, now_ms));
        self
    }

    /// Minds which states wait to be folded anew.
    pub(crate) fn beside(mut self, waiting: &'a Waiting) -> Self {
        self.waiting = Some(waiting).filter(|waiting| !waiting.is_empty());
        self
    }

    /// A state that waits, if the decision looked at any; it then counts for nothing.
    pub(crate) const fn waits(&self) -> Option<i64> {
        self.waits.get()
    }

    /// What went wrong while the decision looked; the decision then counts for nothing.
    pub(crate) fn finish(self) -> Result<(), StoreError> {
        self.failure.into_inner().map_or(Ok(()), Err)
    }

    fn mind_waiting(&self, stream: &Stream) {
        let Some(waiting) = self.waiting else { return };
        let row = self.or_fail(streams::find(self.db, &stream.name())).flatten();
        self.waits.set(self.waits.get().or(row.filter(|row| waiting.has(*row))));
    }

    fn folded(&self, stream: &Stream) -> Option<Folded> {
        self.mind_waiting(stream);
        self.or_fail(self.states.borrow_mut().folded(self.db, stream)).flatten()
    }

    fn or_fail<T>(&self, result: Result<T, StoreError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.failure.borrow_mut().get_or_insert(error);
                None
            }
        }
    }
}

impl View for NodeView<'_> {
    fn conference(&self) -> &Conference {
        self.conference
    }

    fn attendee(&self, id: AttendeeId) -> Option<Arc<Attendee>> {
        let folded = self.folded(&Stream::Attendee(id))?;
        let Folded::Attendee(mut attendee) = folded else { return None };
        if is_planted(Fault::DoubleAdmission) {
            Arc::make_mut(&mut attendee).check_ins.clear();
        }
        Some(attendee)
    }

    fn order(&self, id: OrderId) -> Option<Arc<Order>> {
        let folded = self.folded(&Stream::Order(id))?;
        let Folded::Order(order) = folded else { return None };
        Some(order)
    }

    fn ledger(&self, id: &SeatTypeId) -> Arc<Ledger> {
        let folded = self.folded(&Stream::Seats(id.clone()));
        let mut ledger = match folded {
            Some(Folded::Seats(ledger)) => ledger,
            _ => Arc::default(),
        };
        if is_planted(Fault::RightsSpentTwice) {
            let ledger = Arc::make_mut(&mut ledger);
            ledger.balances.entry(self.own).or_default().held = 0;
        }
        if is_planted(Fault::RightsIgnored) {
            let ledger = Arc::make_mut(&mut ledger);
            ledger.balances.entry(self.own).or_default().received += 1_000;
        }
        ledger
    }

    fn code(&self, folded: &str) -> CodeMatch {
        let found = find_rows(self.db, folded).and_then(|rows| {
            if let [Found { row, stream, .. }] = rows.as_slice() {
                self.states.borrow_mut().look_ahead(self.db, &stream.name(), *row)?;
            }
            what_stands_for(rows)
        });
        self.or_fail(found).unwrap_or(CodeMatch::Unknown)
    }

    fn document(&self, document: SharedDocument) -> Option<Document> {
        let folded = self.folded(&Stream::Document(document))?;
        let Folded::Document(shared) = folded else { return None };
        Some(shared.document.clone())
    }

    fn log_ends(&self, node: NodeId) -> Vec<LogEnd> {
        self.or_fail(logs::ends_of(self.db, node)).unwrap_or_default()
    }

    fn past_logs(&self) -> BTreeSet<LogId> {
        self.or_fail(closed::past_logs(self.db)).unwrap_or_default()
    }

    fn similar(&self, person: &Person) -> Vec<AttendeeId> {
        self.or_fail(find_similar(self.db, person)).unwrap_or_default()
    }

    fn fresh_check_in(&self, id: AttendeeId, list: &ListId, window: &str) -> Option<FreshCheckIn> {
        let (fresh, now_ms) = self.heard?;
        fresh.find(id, list, window, now_ms)
    }

    fn orders_of(&self, id: AttendeeId, email_key: Option<&str>) -> Vec<OrderId> {
        self.or_fail(find_orders(self.db, id, email_key)).unwrap_or_default()
    }
}

/// A stream that a code names.
struct Found {
    row: i64,
    stream: Stream,
    /// The code as printed, where it is a badge's.
    badge: Option<String>,
}

/// Finds what a folded code stands for.
pub(crate) fn find_code(db: &Connection, folded: &str) -> Result<CodeMatch, StoreError> {
    what_stands_for(find_rows(db, folded)?)
}

fn find_rows(db: &Connection, folded: &str) -> Result<Vec<Found>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT s.category, s.key, c.badge, s.id FROM codes c JOIN streams s ON s.id = c.stream WHERE c.code = ?1 \
         LIMIT ?2",
    )?;
    let mut rows = statement.query((folded, MATCHES_MAX))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(stream) = Stream::parse(&streams::name(row, 0, 1)?) {
            found.push(Found { row: row.get(3)?, stream, badge: row.get(2)? });
        }
    }
    Ok(found)
}

/// A badge before tickets, tickets before an order.
fn what_stands_for(rows: Vec<Found>) -> Result<CodeMatch, StoreError> {
    let (mut attendees, mut order) = (Vec::new(), None);
    for Found { stream, badge, .. } in rows {
        match (stream, badge) {
            (Stream::Attendee(id), Some(badge)) => {
                let code = badge.parse().map_err(|_| StoreError::damaged("a badge code is no code"))?;
                return Ok(CodeMatch::Badge(id, code));
            }
            (Stream::Attendee(id), None) => attendees.push(id),
            (Stream::Order(id), _) => order = Some(id),
            _ => {}
        }
    }
    attendees.sort_unstable();
    Ok(match (attendees.as_slice(), order) {
        ([], None) => CodeMatch::Unknown,
        ([], Some(order)) => CodeMatch::Order(order),
        ([only], _) => CodeMatch::Ticket(*only),
        _ => CodeMatch::Several(attendees),
    })
}

/// Finds attendees with the same e-mail or the same folded name.
fn find_similar(db: &Connection, person: &Person) -> Result<Vec<AttendeeId>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT s.category, s.key FROM streams s WHERE s.id IN (\
         SELECT stream FROM attendees WHERE name_key = ?1 \
         UNION SELECT stream FROM attendees WHERE email_key = ?2) ORDER BY s.key LIMIT ?3",
    )?;
    let name_key = Some(name_key(&person.full_name())).filter(|key| !key.is_empty());
    let mut rows = statement.query((name_key, person.email_key(), MATCHES_MAX))?;
    let mut similar = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(Stream::Attendee(id)) = Stream::parse(&streams::name(row, 0, 1)?) {
            similar.push(id);
        }
    }
    Ok(similar)
}

/// Finds orders placed for an attendee, or by whoever has this e-mail.
fn find_orders(db: &Connection, id: AttendeeId, email_key: Option<&str>) -> Result<Vec<OrderId>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT s.category, s.key FROM streams s WHERE s.id IN (\
         SELECT stream FROM registrants WHERE attendee = ?1 \
         UNION SELECT stream FROM registrants WHERE email_key = ?2) ORDER BY s.key LIMIT ?3",
    )?;
    let mut rows = statement.query((id.0.as_slice(), email_key, ORDERS_MAX))?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(Stream::Order(id)) = Stream::parse(&streams::name(row, 0, 1)?) {
            orders.push(id);
        }
    }
    Ok(orders)
}
