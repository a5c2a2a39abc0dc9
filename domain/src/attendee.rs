//! An attendee's state: who they are, what they hold, where they went in, which badges they have.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use crate::event::{AttendeeCheckedIn, BadgeIssued, Event, Facts, ImportedSeat, Override, Via};
use crate::fold::Placed;
use crate::id::{BadgeCode, DeskId, ListId, OrderId, SeatId, SeatTypeId};
use crate::ledger::Account;
use crate::person::Person;
use crate::resolution::Resolution;

/// State of stream `attendee/{id}`.
// Stored: JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Entries folded.
    pub entries: u64,
    /// Names and addresses; none once erased.
    pub person: Option<Person>,
    /// Where the attendee came from; empty for a walk-up.
    pub source: String,
    /// Codes that name this attendee, folded.
    pub codes: BTreeSet<String>,
    /// Seats by id.
    pub seats: BTreeMap<SeatId, Seat>,
    /// Entry scans in canonical order, annulled ones too.
    pub check_ins: Vec<CheckIn>,
    /// Badges in canonical order, void ones too.
    pub badges: Vec<Badge>,
    /// Decisions on conflicts in canonical order.
    pub resolutions: Vec<Resolution>,
}

/// What happened where and when, as its writer's clock had it.
// Stored: inside `Attendee`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The entry.
    pub dot: Dot,
    /// Whose log it is.
    pub account: Account,
    /// Desk, or `hq`.
    pub desk: String,
    /// Who.
    pub actor: String,
    /// Writer's clock, Unix milliseconds.
    pub at_ms: i64,
    /// The same corrected by the known skew.
    pub corrected_at_ms: i64,
}

/// One seat.
// Stored: inside `Attendee`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// What was bought.
    pub seat_type: SeatTypeId,
    /// Whether it opens the conference.
    pub admits: bool,
    /// Whether it is paid, free or on invoice.
    pub paid: bool,
    /// The order it belongs to.
    pub order: OrderId,
    /// Whether it came from a list.
    pub imported: bool,
    /// When it was called off.
    pub cancelled: Option<Moment>,
}

/// One entry scan.
// Stored: inside `Attendee`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckIn {
    /// When and where.
    pub at: Moment,
    /// List entered.
    pub list: ListId,
    /// Admission window.
    pub window: String,
    /// How the attendee was named.
    pub via: Via,
    /// What a supervisor set aside.
    pub overridden: Option<Override>,
    /// Earlier check-ins on the same list and window that its writer had not seen.
    pub unseen_check_ins: Vec<Dot>,
    /// Cancelled admission seats whose cancellation it and its writer did not know of each other.
    pub unseen_cancellations: Vec<SeatId>,
    /// Who took it back.
    pub annulled: Option<Annulment>,
}

/// Somebody took a check-in back.
// Stored: inside `CheckIn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annulment {
    /// When and by whom.
    pub at: Moment,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// One badge.
// Stored: inside `Attendee`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// The code on it.
    pub badge_code: BadgeCode,
    /// When and where it was made.
    pub at: Moment,
    /// Seat types printed on it.
    pub entitlements: Vec<SeatTypeId>,
    /// When a printer confirmed it.
    pub printed_at_ms: Option<i64>,
    /// When it became void.
    pub voided_at_ms: Option<i64>,
    /// Made while another desk made one unseen; both stay good until staff decide.
    pub flagged: bool,
}

impl Badge {
    /// Whether the badge is good.
    pub fn is_active(&self) -> bool {
        self.voided_at_ms.is_none()
    }
}

impl Attendee {
    /// The check-in that stands on a list and window: the first in canonical order not taken back.
    pub fn effective_check_in(&self, list: &ListId, window: &str) -> Option<&CheckIn> {
        self.check_ins
            .iter()
            .find(|check_in| check_in.list == *list && check_in.window == window && check_in.annulled.is_none())
    }

    /// Whether some check-in of any list stands.
    pub fn is_in(&self) -> bool {
        self.check_ins.iter().any(|check_in| check_in.annulled.is_none())
    }

    /// Badges that are good.
    pub fn active_badges(&self) -> impl Iterator<Item = &Badge> {
        self.badges.iter().filter(|badge| badge.is_active())
    }

    /// Seats that were not called off.
    pub fn good_seats(&self) -> impl Iterator<Item = (&SeatId, &Seat)> {
        self.seats.iter().filter(|(_, seat)| seat.cancelled.is_none())
    }

    /// Seat types for the badge, admission first, each once.
    pub fn entitlements(&self) -> Vec<SeatTypeId> {
        let mut seats: Vec<_> = self.good_seats().map(|(_, seat)| (!seat.admits, &seat.seat_type)).collect();
        seats.sort();
        seats.dedup();
        seats.into_iter().map(|(_, seat_type)| seat_type.clone()).collect()
    }

    /// Applies one entry of the stream.
    pub fn apply(&mut self, event: &Event, at: &Placed<'_>) {
        self.entries += 1;
        match &event.facts {
            Facts::AttendeeImported(imported) => {
                self.source.clone_from(&imported.source);
                self.person.clone_from(&event.personal);
                self.codes.extend(imported.codes.iter().cloned());
                for seat in &imported.seats {
                    self.import_seat(seat, at);
                }
            }
            Facts::AttendeeRegistered(registered) => {
                self.person.clone_from(&event.personal);
                self.codes.extend(registered.codes.iter().cloned());
            }
            Facts::SeatAssigned(assigned) => {
                let seat = Seat {
                    seat_type: assigned.seat_type.clone(),
                    admits: assigned.admits,
                    paid: true,
                    order: assigned.order,
                    imported: false,
                    cancelled: None,
                };
                self.seats.entry(assigned.seat.clone()).or_insert(seat);
            }
            Facts::SeatCancelled(cancelled) => self.cancel_seat(&cancelled.seat, at),
            Facts::AttendeeCheckedIn(checked_in) => self.check_in(checked_in, at),
            Facts::CheckInAnnulled(annulled) => {
                let reason = event.personal.as_ref().and_then(|words| words.reason.clone());
                self.annul(annulled.check_in, reason, at);
            }
            Facts::BadgeIssued(issued) => self.issue_badge(issued, at),
            Facts::BadgeVoided(voided) => self.void_badge(&voided.badge_code, at.at_ms),
            Facts::BadgePrinted(printed) => {
                if let Some(badge) = self.badges.iter_mut().find(|badge| badge.badge_code == printed.badge_code) {
                    badge.printed_at_ms.get_or_insert(at.at_ms);
                }
            }
            Facts::ConflictResolved(resolved) => {
                let reason = event.personal.as_ref().and_then(|words| words.reason.clone());
                self.resolve(Resolution::new(resolved, reason, at), at);
            }
            _ => {}
        }
    }

    fn import_seat(&mut self, imported: &ImportedSeat, at: &Placed<'_>) {
        let seat = self.seats.entry(imported.seat.clone()).or_insert_with(|| Seat {
            seat_type: imported.seat_type.clone(),
            admits: imported.admits,
            paid: imported.paid,
            order: imported.order,
            imported: true,
            cancelled: None,
        });
        seat.seat_type.clone_from(&imported.seat_type);
        seat.admits = imported.admits;
        seat.paid = imported.paid;
        if imported.cancelled {
            self.cancel_seat(&imported.seat, at);
        }
    }

    fn cancel_seat(&mut self, id: &SeatId, at: &Placed<'_>) {
        let Some(seat) = self.seats.get_mut(id).filter(|seat| seat.cancelled.is_none()) else { return };
        seat.cancelled = Some(Moment::of(at));
        if !seat.admits {
            return;
        }
        for check_in in &mut self.check_ins {
            if !(at.sees)(check_in.at.dot) {
                check_in.unseen_cancellations.push(id.clone());
            }
        }
    }

    fn check_in(&mut self, checked_in: &AttendeeCheckedIn, at: &Placed<'_>) {
        let unseen_check_ins = self
            .check_ins
            .iter()
            .filter(|earlier| earlier.list == checked_in.list && earlier.window == checked_in.window)
            .map(|earlier| earlier.at.dot)
            .filter(|dot| !(at.sees)(*dot))
            .collect();
        let unseen_cancellations = self
            .seats
            .iter()
            .filter(|(_, seat)| seat.admits)
            .filter(|(_, seat)| seat.cancelled.as_ref().is_some_and(|moment| !(at.sees)(moment.dot)))
            .map(|(id, _)| id.clone())
            .collect();
        self.check_ins.push(CheckIn {
            at: Moment::of(at),
            list: checked_in.list.clone(),
            window: checked_in.window.clone(),
            via: checked_in.via,
            overridden: checked_in.overridden,
            unseen_check_ins,
            unseen_cancellations,
            annulled: None,
        });
    }

    fn annul(&mut self, dot: Dot, reason: Option<String>, at: &Placed<'_>) {
        let standing = self.check_ins.iter_mut().find(|check_in| check_in.at.dot == dot && check_in.annulled.is_none());
        if let Some(check_in) = standing {
            check_in.annulled = Some(Annulment { at: Moment::of(at), reason });
        }
    }

    fn issue_badge(&mut self, issued: &BadgeIssued, at: &Placed<'_>) {
        let mut flagged = false;
        for badge in self.badges.iter_mut().filter(|badge| badge.is_active()) {
            if (at.sees)(badge.at.dot) {
                badge.voided_at_ms = Some(at.at_ms);
            } else {
                badge.flagged = true;
                flagged = true;
            }
        }
        self.badges.push(Badge {
            badge_code: issued.badge_code.clone(),
            at: Moment::of(at),
            entitlements: issued.entitlements.clone(),
            printed_at_ms: None,
            voided_at_ms: None,
            flagged,
        });
    }

    fn void_badge(&mut self, code: &BadgeCode, at_ms: i64) {
        if let Some(badge) = self.badges.iter_mut().find(|badge| badge.badge_code == *code) {
            badge.voided_at_ms.get_or_insert(at_ms);
        }
    }

    /// The first resolution in canonical order decides; a later, concurrent one is kept and shown.
    fn resolve(&mut self, mut resolution: Resolution, at: &Placed<'_>) {
        resolution.overruled = self
            .resolutions
            .iter()
            .any(|earlier| earlier.conflict == resolution.conflict && earlier.sides == resolution.sides);
        if !resolution.overruled {
            if let Some(check_in) = resolution.annulled() {
                self.annul(check_in, resolution.reason.clone(), at);
            }
            self.settle_badges(resolution.annulled(), at);
        }
        self.resolutions.push(resolution);
    }

    /// Leaves one good badge: of those made unseen by each other, the first whose desk's check-in stands.
    fn settle_badges(&mut self, annulled: Option<Dot>, at: &Placed<'_>) {
        let active: Vec<_> = self.active_badges().filter(|badge| badge.flagged).map(|badge| badge.at.dot).collect();
        let kept = active.iter().find(|dot| annulled.is_none_or(|check_in| check_in.log != dot.log)).or(active.first());
        let Some(kept) = kept.copied() else { return };
        for badge in self.badges.iter_mut().filter(|badge| badge.flagged && (at.sees)(badge.at.dot)) {
            badge.flagged = false;
            if badge.at.dot != kept {
                badge.voided_at_ms.get_or_insert(at.at_ms);
            }
        }
    }
}

impl Moment {
    /// Where and when an entry was written.
    pub fn of(at: &Placed<'_>) -> Self {
        Self {
            dot: at.dot,
            account: at.account(),
            desk: at.desk.to_owned(),
            actor: at.actor.to_owned(),
            at_ms: at.at_ms,
            corrected_at_ms: at.corrected_at_ms(),
        }
    }

    /// The desk as an id, where it is one.
    pub fn desk_id(&self) -> Option<DeskId> {
        self.desk.parse().ok()
    }
}
