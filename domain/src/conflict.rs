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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideKind {
    /// It admitted.
    CheckIn,
    /// It cancelled.
    Cancellation,
}

/// One of the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::event::Decision;
    use crate::import::SourceState::Paid;
    use crate::test_world::{
        Node, cancel, check_in, guest, import, imported_order, meet, resolve, row, sell, venue,
    };

    fn twice_in() -> ([Node; 3], AttendeeId) {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        nodes[1].give(&check_in(id, "main")).unwrap();
        nodes[2].give(&check_in(id, "main")).unwrap();
        meet(&mut nodes);
        (nodes, id)
    }

    #[test]
    fn two_unseen_check_ins_are_one_double_entry_with_the_same_verdict_everywhere() {
        let (nodes, id) = twice_in();
        let conflicts = nodes[0].attendee(id).conflicts(id);
        assert_eq!(conflicts.len(), 1);
        assert_eq!(conflicts[0].kind, ConflictKind::DoubleEntry);
        assert_eq!(conflicts[0].sides.iter().map(|side| side.effective).collect::<Vec<_>>(), [true, false]);
        assert!(conflicts[0].is_open() && nodes[0].attendee(id).has_open_conflict(id));
        assert_eq!(nodes[1].attendee(id).conflicts(id), conflicts);
        assert_eq!(nodes[2].attendee(id).conflicts(id), conflicts);
    }

    #[test]
    fn taking_one_check_in_back_settles_a_double_entry_without_a_decision() {
        let (mut nodes, id) = twice_in();
        let check_in = nodes[1].attendee(id).check_ins[0].at.dot;
        nodes[1]
            .give(&Command::AnnulCheckIn { attendee: id, check_in, reason: "wrong person".into() })
            .unwrap();
        assert_eq!(nodes[1].attendee(id).conflicts(id), []);
        assert!(nodes[1].attendee(id).is_in());
    }

    #[test]
    fn a_third_check_in_that_the_decision_had_not_seen_opens_the_conflict_again() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        for node in &mut nodes {
            node.give(&check_in(id, "main")).unwrap();
        }
        let south = nodes[2].clone();
        nodes[1].pull(&south, false);
        let command = resolve(&nodes[1], id, Decision::Accept);
        nodes[1].give(&command).unwrap();
        assert!(!nodes[1].attendee(id).has_open_conflict(id));
        meet(&mut nodes);
        let conflicts = nodes[0].attendee(id).conflicts(id);
        assert_eq!((conflicts.len(), conflicts[0].sides.len()), (1, 3));
        assert!(conflicts[0].is_open());
        let command = resolve(&nodes[0], id, Decision::Accept);
        nodes[0].give(&command).unwrap();
        assert!(!nodes[0].attendee(id).has_open_conflict(id));
    }

    fn admitted_late(other_seat: bool) -> ([Node; 3], AttendeeId) {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        if other_seat {
            sell(&mut nodes[0], Some(id), &[("ws", 1)]).unwrap();
        }
        let order = imported_order(&nodes[0], id);
        nodes[0].give(&cancel(order)).unwrap();
        nodes[1].now_ms += 90_000;
        nodes[1].give(&check_in(id, "main")).unwrap();
        meet(&mut nodes);
        (nodes, id)
    }

    #[test]
    fn somebody_admitted_before_the_notice_is_a_conflict_with_the_delay() {
        let (mut nodes, id) = admitted_late(true);
        for node in &nodes {
            let conflicts = node.attendee(id).conflicts(id);
            assert_eq!(conflicts.len(), 1);
            assert_eq!(conflicts[0].kind, ConflictKind::AdmittedBeforeNotice);
            assert_eq!(conflicts[0].delay_ms, Some(90_000));
            assert_eq!(conflicts[0].sides.len(), 2);
        }
        let command = resolve(&nodes[2], id, Decision::Accept);
        nodes[2].give(&command).unwrap();
        meet(&mut nodes);
        assert!(nodes.iter().all(|node| !node.attendee(id).has_open_conflict(id)));
        assert_eq!(nodes[0].attendee(id).conflicts(id).len(), 1, "a decided one stays visible");
    }

    #[test]
    fn a_cancellation_the_desk_knew_of_and_one_that_leaves_another_seat_are_no_conflict() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let order = imported_order(&nodes[0], id);
        nodes[1].give(&check_in(id, "main")).unwrap();
        meet(&mut nodes);
        nodes[0].give(&cancel(order)).unwrap();
        assert_eq!(nodes[0].attendee(id).conflicts(id), [], "cancelled after it was known who is in");

        let other = import(&mut nodes[0], vec![row("Bo", &[("ga", Paid)])])[0];
        meet(&mut nodes);
        sell(&mut nodes[0], Some(other), &[("free", 1)]).unwrap();
        let order = imported_order(&nodes[0], other);
        nodes[0].give(&cancel(order)).unwrap();
        nodes[1].give(&check_in(other, "main")).unwrap();
        meet(&mut nodes);
        assert_eq!(
            nodes[0].attendee(other).conflicts(other).len(),
            1,
            "the free seat does not open the door"
        );
        sell(&mut nodes[0], Some(other), &[("ga", 1)]).unwrap();
        assert_eq!(nodes[0].attendee(other).conflicts(other), [], "a new seat of the list settles it");
    }

    #[test]
    fn a_workshop_that_is_cancelled_unseen_contests_the_workshop_room_alone() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let order = sell(&mut nodes[1], Some(id), &[("ws", 1)]).unwrap();
        meet(&mut nodes);
        nodes[0].give(&cancel(order)).unwrap();
        nodes[1].give(&check_in(id, "main")).unwrap();
        nodes[1].give(&check_in(id, "ws")).unwrap();
        meet(&mut nodes);
        let lists: Vec<_> =
            nodes[0].attendee(id).conflicts(id).iter().map(|conflict| conflict.list.to_string()).collect();
        assert_eq!(lists, ["ws"]);
    }
}
