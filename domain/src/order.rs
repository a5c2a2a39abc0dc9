//! An order's state: what was wanted, what is held, what was paid.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::attendee::Moment;
use crate::event::{Event, Facts, ImportedSeat, Method, OrderPlaced, ReleaseCause};
use crate::fold::Placed;
use crate::id::{AttendeeId, OrderId, SeatId, SeatTypeId};
use crate::ledger::Account;
use crate::person::Person;

/// One line of an order.
// Stored: inside `order-placed/1` and `Order`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What.
    pub seat_type: SeatTypeId,
    /// Seats asked for.
    pub wanted: u32,
    /// Seats held.
    pub held: u32,
    /// Price of one seat, minor units.
    pub price_minor: i64,
    /// Whether the seat opens the conference.
    pub admits: bool,
}

impl Line {
    /// Price of what is held, minor units.
    pub fn total_minor(&self) -> i64 {
        i64::from(self.held).saturating_mul(self.price_minor)
    }
}

/// Where an order stands.
// Stored: inside `Order`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Nothing was written yet.
    #[default]
    Unknown,
    /// Came with an attendee list.
    Imported,
    /// Seats are held.
    Placed,
    /// Seats are sold.
    Confirmed,
    /// Called off.
    Cancelled,
    /// The hold ran out.
    Expired,
}

impl OrderState {
    /// The state's stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Imported => "imported",
            Self::Placed => "placed",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

/// State of stream `order/{id}`.
// Stored: JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Entries folded.
    pub entries: u64,
    /// Where it stands.
    pub state: OrderState,
    /// Who pays, where named.
    pub registrant: Option<Person>,
    /// Whom the seats are for, where one person.
    pub attendee: Option<AttendeeId>,
    /// Whose rights the order spends; none for an imported one.
    pub owner: Option<Account>,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// ISO 4217 code.
    pub currency: String,
    /// Code that finds it together with an e-mail.
    pub access_code: String,
    /// Codes of the source, folded.
    pub codes: BTreeSet<String>,
    /// End of the hold, Unix milliseconds.
    pub expires_ms: i64,
    /// Money received, minor units.
    pub paid_minor: i64,
    /// Means of the last payment.
    pub method: Option<Method>,
    /// Money to give back, minor units.
    pub refund_due_minor: i64,
    /// Whether the owner gave the seats back.
    pub released: bool,
    /// Whether the seats were sold when it was called off.
    pub was_confirmed: bool,
    /// Who sits on which seat of the order.
    pub assigned: BTreeMap<u32, AttendeeId>,
    /// Imported seats by attendee.
    pub imported: BTreeMap<AttendeeId, Vec<SeatId>>,
    /// When it was called off.
    pub cancelled: Option<Moment>,
    /// Whether its words are erased.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

impl Order {
    /// Total of what is held, minor units; a total beyond the range stays at its end.
    pub fn total_minor(&self) -> i64 {
        self.lines.iter().map(Line::total_minor).fold(0, i64::saturating_add)
    }

    /// Whether a supervisor gave the seats, so that nothing is to be paid.
    pub fn is_complimentary(&self) -> bool {
        self.method == Some(Method::Complimentary)
    }

    /// What is still to be paid, minor units.
    pub fn open_minor(&self) -> i64 {
        if self.is_complimentary() {
            return 0;
        }
        self.total_minor().saturating_sub(self.paid_minor).max(0)
    }

    /// Whether money came in, or the seats were given, and nothing is open.
    pub fn is_paid(&self) -> bool {
        (self.paid_minor > 0 || self.is_complimentary()) && self.open_minor() == 0
    }

    /// Whether its entries may hold words: of a registrant, or a reason for a gift or a cancellation.
    pub fn may_have_words(&self) -> bool {
        !self.erased && (self.registrant.is_some() || self.method.is_some() || self.cancelled.is_some())
    }

    /// Whether everything wanted is held.
    pub fn is_complete(&self) -> bool {
        self.lines.iter().all(|line| line.held == line.wanted)
    }

    /// Each held seat in order: its line.
    pub fn seats(&self) -> impl Iterator<Item = (u32, &Line)> {
        self.lines
            .iter()
            .flat_map(|line| (0..line.held).map(move |_| line))
            .zip(0..)
            .map(|(line, n)| (n, line))
    }

    /// Whether the hold has run out; an order that was paid in time does not lapse.
    pub fn has_lapsed(&self, now_ms: i64) -> bool {
        match self.state {
            OrderState::Expired => true,
            OrderState::Placed => now_ms >= self.expires_ms && !self.is_paid(),
            OrderState::Unknown | OrderState::Imported | OrderState::Confirmed | OrderState::Cancelled => {
                false
            }
        }
    }

    /// Positions of seats nobody sits on.
    pub fn unassigned(&self) -> Vec<u32> {
        self.seats().map(|(n, _)| n).filter(|n| !self.assigned.contains_key(n)).collect()
    }

    /// Everybody with a seat of the order, each once.
    pub fn people(&self) -> Vec<AttendeeId> {
        let people: BTreeSet<_> = self.imported.keys().chain(self.assigned.values()).copied().collect();
        people.into_iter().collect()
    }

    /// Seats that attendees have of the order.
    pub fn seats_of_people(&self, id: OrderId) -> impl Iterator<Item = (AttendeeId, SeatId)> {
        let imported =
            self.imported.iter().flat_map(|(who, seats)| seats.iter().map(|seat| (*who, seat.clone())));
        imported.chain(self.assigned.iter().map(move |(n, who)| (*who, seat_id(id, *n))))
    }

    /// Applies one entry of the stream.
    pub fn apply(&mut self, event: &Event, at: &Placed<'_>) {
        self.entries += 1;
        let words = event.personal.as_ref().filter(|_| !self.erased);
        match &event.facts {
            Facts::OrderImported(imported) => {
                self.begin(OrderState::Imported);
                self.codes.extend(imported.codes.iter().cloned());
                let seats = imported.seats.iter().map(|seat: &ImportedSeat| seat.seat.clone()).collect();
                self.imported.insert(imported.attendee, seats);
            }
            Facts::OrderPlaced(placed) => self.place(placed, words, at),
            Facts::PaymentTaken(payment) => {
                self.paid_minor = self.paid_minor.saturating_add(payment.amount_minor);
                self.method = Some(payment.method);
                self.owe();
            }
            Facts::OrderConfirmed(_) => self.confirm(),
            Facts::OrderCancelled(_) => self.cancel(at),
            Facts::OrderReleased(released) => self.release(released.cause, at),
            Facts::OrderSeatAssigned(assigned) => {
                self.assigned.entry(assigned.n).or_insert(assigned.attendee);
            }
            Facts::AttendeeErased(_) => (self.erased, self.registrant) = (true, None),
            Facts::ErasuresCompleted(_)
            | Facts::ReaderChanged(_)
            | Facts::ConferenceConfigured(_)
            | Facts::StaffSet(_)
            | Facts::NodeEnrolled(_)
            | Facts::ForkFound(_)
            | Facts::LogsClosed(_)
            | Facts::AttendeeImported(_)
            | Facts::AttendeeRegistered(_)
            | Facts::AttendeeCheckedIn(_)
            | Facts::CheckInAnnulled(_)
            | Facts::BadgeIssued(_)
            | Facts::BadgeVoided(_)
            | Facts::BadgePrinted(_)
            | Facts::SeatAssigned(_)
            | Facts::SeatCancelled(_)
            | Facts::ConflictResolved(_)
            | Facts::QuotaSet(_)
            | Facts::RightsGiven(_)
            | Facts::RightsReturned(_)
            | Facts::SeatsHeld(_)
            | Facts::SeatsSold(_)
            | Facts::SeatsReleased(_)
            | Facts::DocumentChanged(_)
            | Facts::ScanRefused(_) => {}
        }
    }

    /// An entry that makes the order leaves what came of it since.
    fn begin(&mut self, state: OrderState) {
        if self.state == OrderState::Unknown {
            self.state = state;
        }
    }

    /// A confirmation that had not seen the cancellation sold the seats all the same.
    fn confirm(&mut self) {
        match self.state {
            OrderState::Cancelled => self.was_confirmed = true,
            OrderState::Unknown
            | OrderState::Imported
            | OrderState::Placed
            | OrderState::Confirmed
            | OrderState::Expired => self.state = OrderState::Confirmed,
        }
    }

    fn cancel(&mut self, at: &Placed<'_>) {
        if self.cancelled.is_some() {
            return;
        }
        self.was_confirmed = self.state == OrderState::Confirmed;
        self.cancelled = Some(Moment::of(at));
        self.state = OrderState::Cancelled;
        self.owe();
    }

    /// What its owner gave back as called off is called off, also where the cancellation the owner saw does not count,
    /// because HQ had ended the log it is in.
    fn release(&mut self, cause: ReleaseCause, at: &Placed<'_>) {
        self.released = true;
        match cause {
            ReleaseCause::Cancelled => self.cancel(at),
            ReleaseCause::Lapsed if self.state == OrderState::Placed => self.state = OrderState::Expired,
            ReleaseCause::Lapsed => {}
        }
    }

    /// What was paid for a cancelled order is due back, and what was paid twice, as by two copies of a node.
    fn owe(&mut self) {
        match self.state {
            OrderState::Cancelled => self.refund_due_minor = self.paid_minor,
            OrderState::Placed | OrderState::Confirmed | OrderState::Expired => {
                self.refund_due_minor = self.paid_minor.saturating_sub(self.total_minor()).max(0);
            }
            OrderState::Imported | OrderState::Unknown => {}
        }
    }

    fn place(&mut self, placed: &OrderPlaced, registrant: Option<&Person>, at: &Placed<'_>) {
        self.begin(OrderState::Placed);
        self.owner = Some(at.account);
        self.registrant = registrant.cloned();
        self.attendee = placed.attendee;
        self.lines.clone_from(&placed.lines);
        self.currency.clone_from(&placed.currency);
        self.access_code.clone_from(&placed.access_code);
        self.expires_ms = placed.expires_ms;
    }
}

/// The id of a seat of an order.
pub fn seat_id(order: OrderId, n: u32) -> SeatId {
    format!("{order}:{n}").parse().expect("hex digits, a colon and a number are a text id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::OrderReleased;
    use crate::test_world::text;

    #[test]
    fn a_total_that_no_order_of_ours_could_have_does_not_overflow() {
        let line = Line { seat_type: text("ga"), wanted: 9, held: 9, price_minor: i64::MAX, admits: true };
        let order = Order { lines: vec![line.clone(), line], paid_minor: -5, ..Order::default() };
        assert_eq!((order.total_minor(), order.open_minor()), (i64::MAX, i64::MAX));
    }

    #[test]
    fn seats_are_numbered_through_the_lines() {
        let line = |seat_type, held| Line {
            seat_type: text(seat_type),
            wanted: 2,
            held,
            price_minor: 1,
            admits: false,
        };
        let order = Order { lines: vec![line("ga", 2), line("ws", 0), line("cp", 1)], ..Order::default() };
        let seats: Vec<_> = order.seats().map(|(n, line)| (n, line.seat_type.as_str())).collect();
        assert_eq!(seats, [(0, "ga"), (1, "ga"), (2, "cp")]);
    }

    #[test]
    fn an_order_that_was_given_back_as_called_off_is_called_off_without_the_cancellation() {
        let line = Line { seat_type: text("ga"), wanted: 1, held: 1, price_minor: 50_000, admits: true };
        let mut order =
            Order { state: OrderState::Confirmed, lines: vec![line], paid_minor: 50_000, ..Order::default() };
        let log = lanyard_sync::LogId { node: lanyard_sync::NodeId([1; 16]), epoch: lanyard_sync::Epoch(1) };
        let at = Placed {
            dot: log.dot(2),
            account: Account::Venue(log),
            lamport: 2,
            at_ms: 7,
            skew_ms: None,
            actor: "node",
            desk: "",
            command: lanyard_sync::CommandId([1; 16]),
            authority: false,
            sees: &|_| false,
        };
        order.apply(&Event::of(OrderReleased { cause: ReleaseCause::Cancelled }), &at);
        assert_eq!((order.state, order.released), (OrderState::Cancelled, true));
        assert_eq!(order.refund_due_minor, 50_000);
    }

    #[test]
    fn what_was_paid_twice_is_due_back() {
        let line = Line { seat_type: text("ga"), wanted: 2, held: 2, price_minor: 50_000, admits: true };
        let mut order = Order { state: OrderState::Placed, lines: vec![line], ..Order::default() };
        let total = order.total_minor();
        for due in [0, total] {
            order.paid_minor += total;
            order.owe();
            assert_eq!(order.refund_due_minor, due);
        }
    }
}
