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
        contested
            .into_iter()
            .filter_map(|(list, window)| {
                let key = [&id.0[..], b"double_entry", list.as_str().as_bytes(), window.as_bytes()];
                let effective = self.effective_check_in(list, window).map(|check_in| check_in.at.dot);
                let on_list: Vec<_> =
                    self.check_ins.iter().filter(|check_in| check_in.list == *list && check_in.window == *window).collect();
                let sides = contested_sides(&on_list, effective);
                self.conflict(ConflictId::derive(&key), ConflictKind::DoubleEntry, id, list, sides, None)
            })
            .collect()
    }

    fn late_notices(&self, id: AttendeeId) -> Vec<Conflict> {
        let late = self.check_ins.iter().filter(|check_in| !check_in.unseen_cancellations.is_empty());
        late.filter_map(|check_in| {
            if self.good_seats().any(|(_, seat)| seat.admits) {
                return None;
            }
            let key = [&id.0[..], b"admitted_before_notice", check_in.at.dot.to_string().as_bytes()].map(<[u8]>::to_vec);
            let parts: Vec<&[u8]> = key.iter().map(Vec::as_slice).collect();
            let mut sides = vec![Side {
                what: SideKind::CheckIn,
                at: check_in.at.clone(),
                effective: check_in.annulled.is_none(),
            }];
            let cancellations = check_in.unseen_cancellations.iter().filter_map(|seat| self.seats.get(seat)?.cancelled.as_ref());
            sides.extend(cancellations.map(|at| Side { what: SideKind::Cancellation, at: at.clone(), effective: true }));
            let first = sides[1..].iter().map(|side| side.at.corrected_at_ms).min()?;
            let delay_ms = Some(check_in.at.corrected_at_ms - first);
            let list = &check_in.list;
            self.conflict(ConflictId::derive(&parts), ConflictKind::AdmittedBeforeNotice, id, list, sides, delay_ms)
        })
        .collect()
    }

    /// Puts the decision to the facts; none when the facts were settled without one.
    fn conflict(
        &self,
        id: ConflictId,
        kind: ConflictKind,
        attendee: AttendeeId,
        list: &ListId,
        sides: Vec<Side>,
        delay_ms: Option<i64>,
    ) -> Option<Conflict> {
        let decisions = || self.resolutions.iter().filter(|resolution| resolution.conflict == id);
        let conflict = Conflict {
            id,
            kind,
            attendee,
            list: list.clone(),
            sides,
            delay_ms,
            state: ConflictState::Open,
            overruled: decisions().filter(|resolution| resolution.overruled).cloned().collect(),
        };
        let standing: BTreeSet<_> = conflict
            .sides
            .iter()
            .filter(|side| side.what == SideKind::Cancellation || self.stands(side.at.dot))
            .map(|side| side.at.dot)
            .collect();
        let decided = decisions()
            .find(|resolution| !resolution.overruled && standing.iter().all(|dot| resolution.sides.contains(dot)));
        if let Some(resolution) = decided {
            return Some(Conflict { state: ConflictState::Resolved(Box::new(resolution.clone())), ..conflict });
        }
        let admitted = conflict.sides.iter().filter(|side| side.what == SideKind::CheckIn && self.stands(side.at.dot)).count();
        let open = match kind {
            ConflictKind::DoubleEntry => admitted > 1,
            ConflictKind::AdmittedBeforeNotice => admitted > 0,
        };
        open.then_some(conflict)
    }

    fn stands(&self, dot: Dot) -> bool {
        self.check_ins.iter().any(|check_in| check_in.at.dot == dot && check_in.annulled.is_none())
    }
}

impl CheckIn {
    fn is_contested(&self) -> bool {
        !self.unseen_check_ins.is_empty() || !self.unseen_cancellations.is_empty()
    }
}

/// The check-ins of a list that take part in a double entry, in canonical order.
fn contested_sides(on_list: &[&CheckIn], effective: Option<Dot>) -> Vec<Side> {
    let unseen: BTreeSet<_> = on_list.iter().flat_map(|check_in| check_in.unseen_check_ins.iter().copied()).collect();
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
