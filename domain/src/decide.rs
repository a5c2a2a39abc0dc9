//! The one door of the rules: a command, the states it may look at and the moment become events or a
//! refusal.

use lanyard_sync::{CommandId, LogId, NodeId};

use crate::check_in::Scan;
use crate::command::Command;
use crate::conference::{Conference, SeatType};
use crate::event::{
    ConferenceConfigured, Event, Facts, LogsClosed, NodeEnrolled, QuotaSet, RightsGiven, RightsReturned,
    StaffSet,
};
use crate::id::{AttendeeId, BadgeCode, OrderId, SeatTypeId};
use crate::ledger::Account;
use crate::outcome::Refused;
use crate::refusal::{Elsewhere, Refusal};
use crate::sale::Wish;
use crate::stream::Stream;
use crate::view::View;
use crate::walk_up::WalkUp;
use crate::{access_code, badge, check_in, document, erasure, import_rows, resolution, sale, walk_up};

/// Longest reason in characters.
pub const REASON_MAX_CHARS: usize = 500;

/// An event to be appended and the stream it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where it goes.
    pub stream: Stream,
    /// What happened.
    pub event: Event,
}

impl Draft {
    /// An event for a stream.
    pub fn new(stream: Stream, event: Event) -> Self {
        Self { stream, event }
    }
}

/// Who decides, when, and with which entropy.
#[derive(Debug, Clone, Copy)]
pub struct Deciding {
    /// The command's id.
    pub command: CommandId,
    /// The log that will be written to.
    pub log: LogId,
    /// Whether that log is HQ's.
    pub authority: bool,
    /// The node's clock, Unix milliseconds.
    pub now_ms: i64,
    /// Bytes of a CSPRNG, fresh for every command.
    pub entropy: [u8; 32],
}

impl Deciding {
    /// The account whose rights the deciding node spends.
    pub fn account(&self) -> Account {
        if self.authority { Account::Hq } else { Account::Venue(self.log) }
    }

    /// Sixteen bytes for one purpose; other purposes and commands get others.
    pub(crate) fn draw(&self, purpose: &str, index: u32) -> [u8; 16] {
        let parts = [&self.entropy[..], purpose.as_bytes(), &index.to_le_bytes()];
        crate::id::derive16("lanyard/draw/1", &parts)
    }

    /// A new attendee's id.
    pub(crate) fn new_attendee(&self, index: u32) -> AttendeeId {
        AttendeeId(self.draw("attendee", index))
    }

    /// A new order's id.
    pub(crate) fn new_order(&self) -> OrderId {
        OrderId(self.draw("order", 0))
    }

    /// A new access code.
    pub(crate) fn new_access_code(&self, index: u32) -> String {
        access_code::draw(&self.draw("access code", index))
    }

    /// A new badge code.
    pub(crate) fn new_badge_code(&self) -> BadgeCode {
        let code = format!("B{}", access_code::draw(&self.draw("badge", 0)));
        code.parse().expect("symbols of the alphabet are a text id")
    }
}

/// Decides a command.
///
/// # Errors
/// The refusal, with the attendee it concerns where one was found.
pub fn decide(view: &impl View, command: &Command, deciding: &Deciding) -> Result<Vec<Draft>, Refused> {
    Ok(erasure::without_erased_words(view, decided(view, command, deciding)?))
}

fn decided(view: &impl View, command: &Command, deciding: &Deciding) -> Result<Vec<Draft>, Refused> {
    let about_nobody = |refusal| Refused { refusal, attendee: None };
    reason_within_limits(command).map_err(about_nobody)?;
    let decided = match command {
        Command::CheckIn { who, list, override_reason } => {
            let scan = Scan { who, list, override_reason: override_reason.as_deref() };
            return check_in::check_in(view, &scan, deciding);
        }
        Command::ConfigureConference { conference } => configure(conference, deciding),
        Command::SetStaff { staff, role, active, words } => hq_only(deciding).map(|()| {
            let event = Event::with(StaffSet { role: *role, active: *active }, Some(words.clone()));
            vec![Draft::new(Stream::Staff(staff.clone()), event)]
        }),
        Command::EnrolNode { node, name, serial } => hq_only(deciding).map(|()| {
            let facts = NodeEnrolled { name: name.clone(), serial: *serial };
            vec![Draft::new(Stream::Node(*node), Event::of(facts))]
        }),
        Command::CloseLogs { node, keep } => close_logs(view, *node, *keep, deciding),
        Command::ImportAttendees { source, rows } => import_rows::import(view, source, rows),
        Command::AnnulCheckIn { attendee, check_in, reason } => {
            check_in::annul(view, *attendee, *check_in, reason)
        }
        Command::RegisterWalkUp { person, seat_type, method, reason, not_the_same_as } => {
            let walk_up = WalkUp { person, seat_type, method: *method, reason };
            walk_up::register(view, &walk_up, not_the_same_as, deciding)
        }
        Command::AssignSeat { order, n, assignee } => sale::assign(view, *order, *n, assignee, deciding),
        Command::IssueBadge { attendee } => badge::issue(view, *attendee, deciding),
        Command::ReprintBadge { attendee, reason } => badge::reprint(view, *attendee, reason, deciding),
        Command::VoidBadge { attendee, badge_code, reason } => {
            badge::void(view, *attendee, badge_code, reason)
        }
        Command::ReportPrinted { attendee, badge_code } => badge::report_printed(view, *attendee, badge_code),
        Command::PlaceOrder { attendee, registrant, lines, if_short } => {
            let wish =
                Wish { attendee: *attendee, registrant: registrant.as_ref(), lines, if_short: *if_short };
            sale::place(view, &wish, deciding)
        }
        Command::TakePayment { order, method, amount_minor } => {
            sale::take_payment(view, *order, *method, *amount_minor, deciding)
        }
        Command::ConfirmOrder { order } => sale::confirm(view, *order, deciding),
        Command::CancelOrder { order, reason } => sale::cancel(view, *order, reason, deciding),
        Command::ReleaseOrder { order } => sale::release(view, *order, deciding),
        Command::ResolveConflict { attendee, conflict, decision, reason } => {
            resolution::resolve(view, *attendee, *conflict, *decision, reason)
        }
        Command::GiveRights { seat_type, to, count } => give_rights(view, seat_type, *to, *count, deciding),
        Command::SetQuota { seat_type, quota } => set_quota(view, seat_type, *quota, deciding),
        Command::EditDocument { document: which, seen, edits } => {
            document::edit(view, *which, seen, edits, deciding)
        }
        Command::EraseAttendee { attendee } => erasure::erase(view, *attendee),
        Command::ReportErasures => Ok(erasure::report(deciding)),
    };
    decided.map_err(about_nobody)
}

/// Refuses a reason that is longer than a person writes at a desk.
fn reason_within_limits(command: &Command) -> Result<(), Refusal> {
    let reason = match command {
        Command::CheckIn { override_reason, .. } => override_reason.as_deref(),
        Command::AnnulCheckIn { reason, .. }
        | Command::RegisterWalkUp { reason, .. }
        | Command::ReprintBadge { reason, .. }
        | Command::VoidBadge { reason, .. }
        | Command::CancelOrder { reason, .. }
        | Command::ResolveConflict { reason, .. } => Some(reason.as_str()),
        Command::ConfigureConference { .. }
        | Command::SetStaff { .. }
        | Command::EnrolNode { .. }
        | Command::CloseLogs { .. }
        | Command::ImportAttendees { .. }
        | Command::AssignSeat { .. }
        | Command::IssueBadge { .. }
        | Command::ReportPrinted { .. }
        | Command::PlaceOrder { .. }
        | Command::TakePayment { .. }
        | Command::ConfirmOrder { .. }
        | Command::ReleaseOrder { .. }
        | Command::EditDocument { .. }
        | Command::EraseAttendee { .. }
        | Command::ReportErasures
        | Command::GiveRights { .. }
        | Command::SetQuota { .. } => None,
    };
    if reason.is_some_and(|reason| reason.chars().count() > REASON_MAX_CHARS) {
        let why = format!("longer than {REASON_MAX_CHARS} characters");
        return Err(Refusal::InvalidField { field: "reason".to_owned(), why });
    }
    Ok(())
}

fn configure(conference: &Conference, deciding: &Deciding) -> Result<Vec<Draft>, Refusal> {
    hq_only(deciding)?;
    conference.check().map_err(|why| Refusal::Rules { why })?;
    let facts = ConferenceConfigured { conference: conference.clone() };
    Ok(vec![Draft::new(Stream::Conference, Event::of(facts))])
}

fn hq_only(deciding: &Deciding) -> Result<(), Refusal> {
    if deciding.authority { Ok(()) } else { Err(Refusal::HqOnly) }
}

/// Closes logs where they end here, and returns what they have left.
fn close_logs(
    view: &impl View,
    node: NodeId,
    keep: Option<LogId>,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    hq_only(deciding)?;
    if node == deciding.log.node {
        return Err(Refusal::Rules { why: "HQ cannot retire itself".to_owned() });
    }
    let mut ends = view.log_ends(node);
    ends.retain(|end| Some(end.log) != keep);
    let mut drafts = Vec::new();
    for seat_type in view.conference().seat_types.keys() {
        let ledger = view.ledger(seat_type);
        for end in &ends {
            let from = Account::Venue(end.log);
            let Some(count) = u32::try_from(ledger.available(from)).ok().filter(|count| *count > 0) else {
                continue;
            };
            let facts = RightsReturned { from, count };
            drafts.push(Draft::new(Stream::Seats(seat_type.clone()), Event::of(facts)));
        }
    }
    let facts = LogsClosed { ends, retired: keep.is_none() };
    drafts.push(Draft::new(Stream::Node(node), Event::of(facts)));
    Ok(drafts)
}

fn give_rights(
    view: &impl View,
    seat_type: &SeatTypeId,
    to: Account,
    count: u32,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    known_seat_type(view, seat_type)?;
    let own = deciding.account();
    if count == 0 || to == own {
        return Err(Refusal::InvalidQuantity { seat_type: seat_type.clone(), quantity: i64::from(count) });
    }
    let ledger = view.ledger(seat_type);
    if ledger.available(own) < i64::from(count) {
        return Err(no_seats_left(view, seat_type, &ledger, own));
    }
    Ok(vec![Draft::new(Stream::Seats(seat_type.clone()), Event::of(Facts::from(RightsGiven { to, count })))])
}

fn set_quota(
    view: &impl View,
    seat_type: &SeatTypeId,
    quota: u32,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    hq_only(deciding)?;
    known_seat_type(view, seat_type)?;
    let ledger = view.ledger(seat_type);
    let free = ledger.available(Account::Hq);
    if i64::from(ledger.quota) - i64::from(quota) > free {
        return Err(Refusal::RightsOut { free });
    }
    Ok(vec![Draft::new(Stream::Seats(seat_type.clone()), Event::of(QuotaSet { quota }))])
}

/// The seat type as configured.
pub(crate) fn known_seat_type<'a>(
    view: &'a impl View,
    seat_type: &SeatTypeId,
) -> Result<&'a SeatType, Refusal> {
    let known = view.conference().seat_types.get(seat_type);
    known.ok_or_else(|| Refusal::UnknownSeatType { seat_type: seat_type.clone() })
}

/// The refusal that says where seats remain.
pub(crate) fn no_seats_left(
    view: &impl View,
    seat_type: &SeatTypeId,
    ledger: &crate::Ledger,
    own: Account,
) -> Refusal {
    let elsewhere = ledger
        .elsewhere(own, &view.past_logs())
        .into_iter()
        .map(|(account, remaining)| Elsewhere { account, remaining })
        .collect();
    Refusal::NoSeatsLeft { seat_type: seat_type.clone(), local: ledger.available(own), elsewhere }
}
