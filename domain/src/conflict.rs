//! Conflicts: facts that cannot both stand as they are, derived from an attendee's state.
//!
//! One pure function, so every node derives the same list from the same entries.

use std::collections::BTreeSet;

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use crate::attendee::{Attendee, CheckIn, Moment};
use crate::id::{AttendeeId, ConflictId, ListId};
use crate::resolution::Resolution;

/// What kind of facts stand against each other.
// Stored: as text in the conflicts projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Two desks admitted the same person, neither knowing of the other.
    DoubleEntry,
    /// Somebody was admitted by a node the cancellation had not reached.
    AdmittedBeforeNotice,
}

impl ConflictKind {
    /// The kind's stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DoubleEntry => "double_entry",
            Self::AdmittedBeforeNotice => "admitted_before_notice",
        }
    }
}

/// What one side of a conflict did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SideKind {
    /// It admitted.
    #[serde(rename = "attendee-checked-in")]
    CheckIn,
    /// It cancelled.
    #[serde(rename = "seat-cancelled")]
    Cancellation,
}

/// One of the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// What it did.
    pub what: SideKind,
    /// When and where.
    pub at: Moment,
    /// Whether it is the check-in that stands.
    pub effective: bool,
}

/// Whether staff decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConflictState {
    /// Not yet.
    Open,
    /// Yes, by the first decision that has seen every side.
    Resolved(Box<Resolution>),
}

/// A conflict of one attendee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Stable id.
    pub id: ConflictId,
    /// What kind.
    pub kind: ConflictKind,
    /// Who.
    pub attendee: AttendeeId,
    /// The list of a double entry.
    pub list: ListId,
    /// The facts, in canonical order.
    pub sides: Vec<Side>,
    /// From the cancellation to the check-in by corrected clocks, milliseconds.
    pub delay_ms: Option<i64>,
    /// Whether staff decided.
    pub state: ConflictState,
    /// Decisions that lost against an earlier concurrent one.
    pub overruled: Vec<Resolution>,
}

impl Conflict {
    /// The sides' entries, sorted.
    pub fn dots(&self) -> Vec<Dot> {
        let dots: BTreeSet<_> = self.sides.iter().map(|side| side.at.dot).collect();
        dots.into_iter().collect()
    }

    /// Latest clock time of a side, Unix milliseconds.
    pub fn opened_at_ms(&self) -> i64 {
        self.sides.iter().map(|side| side.at.at_ms).max().unwrap_or(0)
    }

    /// Whether staff still have to decide.
    pub fn is_open(&self) -> bool {
        self.state == ConflictState::Open
    }
}

impl Attendee {
    /// Every conflict of the attendee, decided ones too.
    pub fn conflicts(&self, id: AttendeeId) -> Vec<Conflict> {
        let mut conflicts = self.double_entries(id);
        conflicts.extend(self.late_notices(id));
        conflicts
    }

    /// Whether any conflict waits for a decision; cheap, because most attendees have none.
    pub fn has_open_conflict(&self, id: AttendeeId) -> bool {
        self.check_ins.iter().any(CheckIn::is_contested) && self.conflicts(id).iter().any(Conflict::is_open)
    }

    fn double_entries(&self, id: AttendeeId) -> Vec<Conflict> {
        let contested: BTreeSet<_> = self
            .check_ins
            .iter()
            .filter(|check_in| !check_in.unseen_check_ins.is_empty())
            .map(|check_in| (&check_in.list, &check_in.window))
            .collect();
        contested.into_iter().filter_map(|(list, window)| self.double_entry(id, list, window)).collect()
    }

    fn double_entry(&self, id: AttendeeId, list: &ListId, window: &str) -> Option<Conflict> {
        let on_list: Vec<_> = self
            .check_ins
            .iter()
            .filter(|check_in| check_in.list == *list && check_in.window == window)
            .collect();
        let effective = self.effective_check_in(list, window).map(|check_in| check_in.at.dot);
        let sides = contested_sides(&on_list, effective);
        let inside = sides.iter().filter(|side| self.stands(side.at.dot)).count();
        self.judged(
            Conflict {
                id: ConflictId::derive(&[
                    &id.0,
                    b"double_entry",
                    list.as_str().as_bytes(),
                    window.as_bytes(),
                ]),
                kind: ConflictKind::DoubleEntry,
                attendee: id,
                list: list.clone(),
                sides,
                delay_ms: None,
                state: ConflictState::Open,
                overruled: Vec::new(),
            },
            inside > 1,
        )
    }

    fn late_notices(&self, id: AttendeeId) -> Vec<Conflict> {
        self.check_ins.iter().filter_map(|check_in| self.late_notice(id, check_in)).collect()
    }

    fn late_notice(&self, id: AttendeeId, check_in: &CheckIn) -> Option<Conflict> {
        let cancelled =
            check_in.unseen_cancellations.iter().filter_map(|seat| self.seats.get(seat)?.cancelled.as_ref());
        let cancellations: Vec<_> = cancelled.collect();
        let first_ms = cancellations.iter().map(|at| at.corrected_at_ms).min()?;
        let admission =
            Side { what: SideKind::CheckIn, at: check_in.at.clone(), effective: check_in.stands() };
        let notices = cancellations.into_iter().map(|at| Side {
            what: SideKind::Cancellation,
            at: at.clone(),
            effective: true,
        });
        let dot = check_in.at.dot.to_string();
        let entitled = self.good_seats().any(|(_, seat)| check_in.opens.contains(&seat.seat_type));
        self.judged(
            Conflict {
                id: ConflictId::derive(&[&id.0, b"admitted_before_notice", dot.as_bytes()]),
                kind: ConflictKind::AdmittedBeforeNotice,
                attendee: id,
                list: check_in.list.clone(),
                sides: std::iter::once(admission).chain(notices).collect(),
                delay_ms: Some(check_in.at.corrected_at_ms - first_ms),
                state: ConflictState::Open,
                overruled: Vec::new(),
            },
            check_in.stands() && !entitled,
        )
    }

    /// Puts the decision to the facts; none when the facts were settled without one.
    fn judged(&self, mut conflict: Conflict, unsettled: bool) -> Option<Conflict> {
        let decisions = || self.resolutions.iter().filter(|resolution| resolution.conflict == conflict.id);
        let overruled = decisions().filter(|resolution| resolution.overruled).cloned().collect();
        let standing: BTreeSet<_> = conflict
            .sides
            .iter()
            .filter(|side| match side.what {
                SideKind::CheckIn => self.stands(side.at.dot),
                SideKind::Cancellation => true,
            })
            .map(|side| side.at.dot)
            .collect();
        let covers = |resolution: &Resolution| standing.iter().all(|dot| resolution.sides.contains(dot));
        let decided = decisions().rfind(|resolution| !resolution.overruled && covers(resolution)).cloned();
        conflict.overruled = overruled;
        match decided {
            Some(resolution) => conflict.state = ConflictState::Resolved(Box::new(resolution)),
            None if unsettled => {}
            None => return None,
        }
        Some(conflict)
    }

    fn stands(&self, dot: Dot) -> bool {
        self.check_ins.iter().any(|check_in| check_in.at.dot == dot && check_in.stands())
    }
}

impl CheckIn {
    fn is_contested(&self) -> bool {
        !self.unseen_check_ins.is_empty() || !self.unseen_cancellations.is_empty()
    }
}

/// The check-ins of a list that take part in a double entry, in canonical order.
fn contested_sides(on_list: &[&CheckIn], effective: Option<Dot>) -> Vec<Side> {
    let unseen: BTreeSet<_> =
        on_list.iter().flat_map(|check_in| check_in.unseen_check_ins.iter().copied()).collect();
    on_list
        .iter()
        .filter(|check_in| !check_in.unseen_check_ins.is_empty() || unseen.contains(&check_in.at.dot))
        .map(|check_in| Side {
            what: SideKind::CheckIn,
            at: check_in.at.clone(),
            effective: effective == Some(check_in.at.dot),
        })
        .collect()
}
