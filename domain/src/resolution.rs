//! Resolutions: what staff decided on a conflict.

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use crate::attendee::{Attendee, CheckIn, Moment};
use crate::conflict::ConflictState;
use crate::decide::Draft;
use crate::event::{ConflictResolved, Decision, Event};
use crate::fold::Placed;
use crate::id::{AttendeeId, ConflictId};
use crate::person::Person;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;

/// A decision on a conflict.
// Stored: inside `Attendee`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// The conflict.
    pub conflict: ConflictId,
    /// Every side the decision has seen, sorted.
    pub sides: Vec<Dot>,
    /// What was decided.
    #[serde(flatten)]
    pub decision: Decision,
    /// When and by whom.
    pub at: Moment,
    /// Why, in their words.
    pub reason: Option<String>,
    /// Whether it had no effect: a decision on the same sides comes before it in canonical order, or it would
    /// have taken back the last check-in that stands.
    pub overruled: bool,
}

impl Resolution {
    /// The resolution an entry states.
    pub fn new(resolved: &ConflictResolved, reason: Option<String>, at: &Placed<'_>) -> Self {
        Self {
            conflict: resolved.conflict,
            sides: resolved.sides.clone(),
            decision: resolved.decision,
            at: Moment::of(at),
            reason,
            overruled: false,
        }
    }

    /// The check-in it takes back.
    pub fn annulled(&self) -> Option<Dot> {
        match self.decision {
            Decision::Annul { check_in } => Some(check_in),
            Decision::Accept => None,
        }
    }
}

impl Attendee {
    /// The first decision on the same sides in canonical order counts; a later one is kept and shown.
    pub(crate) fn resolve(&mut self, mut resolution: Resolution, at: &Placed<'_>) {
        resolution.overruled = self.is_decided(&resolution) || self.would_leave_nobody(&resolution);
        if !resolution.overruled {
            if let Some(check_in) = resolution.annulled() {
                self.annul(check_in, resolution.reason.clone(), at);
            }
            self.settle_badges(resolution.annulled(), at);
        }
        self.resolutions.push(resolution);
    }

    fn is_decided(&self, resolution: &Resolution) -> bool {
        self.resolutions.iter().any(|earlier| {
            earlier.conflict == resolution.conflict
                && resolution.sides.iter().all(|dot| earlier.sides.contains(dot))
        })
    }

    /// Whether it takes back the only check-in left of several: concurrent decisions may each have kept another one.
    fn would_leave_nobody(&self, resolution: &Resolution) -> bool {
        let Some(dot) = resolution.annulled() else { return false };
        let Some(annulled) = self.check_ins.iter().find(|check_in| check_in.at.dot == dot) else {
            return true;
        };
        let beside = || {
            self.check_ins.iter().filter(|check_in| check_in.is_beside(annulled) && check_in.at.dot != dot)
        };
        let double_entry = beside().any(|check_in| resolution.sides.contains(&check_in.at.dot));
        double_entry && !beside().any(CheckIn::stands)
    }
}

/// Decides `ResolveConflict`.
pub(crate) fn resolve(
    view: &impl View,
    id: AttendeeId,
    conflict: ConflictId,
    decision: Decision,
    reason: &str,
) -> Result<Vec<Draft>, Refusal> {
    let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
    let conflicts = attendee.conflicts(id);
    let found = conflicts.iter().find(|known| known.id == conflict).ok_or(Refusal::UnknownConflict)?;
    if let ConflictState::Resolved(resolution) = &found.state {
        return Err(Refusal::AlreadyResolved { at_ms: resolution.at.at_ms });
    }
    if let Decision::Annul { check_in } = decision {
        let standing = attendee.check_ins.iter().any(|known| known.at.dot == check_in && known.stands());
        if !standing || !found.sides.iter().any(|side| side.at.dot == check_in) {
            return Err(Refusal::UnknownCheckIn);
        }
    }
    let facts = ConflictResolved { conflict, sides: found.dots(), decision };
    Ok(vec![Draft::new(Stream::Attendee(id), Event::with(facts, Person::because(reason)))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_world::{Node, check_in, guest, meet, resolve, venue};

    fn contested() -> ([Node; 3], AttendeeId, [Dot; 2]) {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        nodes[1].give(&check_in(id, "main")).unwrap();
        nodes[2].give(&check_in(id, "main")).unwrap();
        meet(&mut nodes);
        let attendee = nodes[0].attendee(id);
        (nodes, id, [attendee.check_ins[0].at.dot, attendee.check_ins[1].at.dot])
    }

    #[test]
    fn annulling_one_side_leaves_the_other_effective_everywhere() {
        let (mut nodes, id, [first, second]) = contested();
        let command = resolve(&nodes[2], id, Decision::Annul { check_in: first });
        nodes[2].give(&command).unwrap();
        meet(&mut nodes);
        for node in &nodes {
            let attendee = node.attendee(id);
            let effective = attendee.check_ins.iter().find(|check_in| attendee.is_effective(check_in));
            assert_eq!(effective.map(|check_in| check_in.at.dot), Some(second));
            assert!(!attendee.has_open_conflict(id));
        }
    }

    #[test]
    fn of_two_unseen_decisions_the_first_counts_and_the_other_stays_visible() {
        let (mut nodes, id, [first, second]) = contested();
        for (at, check_in) in [(1, first), (2, second)] {
            let command = resolve(&nodes[at], id, Decision::Annul { check_in });
            nodes[at].give(&command).unwrap();
        }
        meet(&mut nodes);
        let attendee = nodes[0].attendee(id);
        assert_eq!(
            attendee.resolutions.iter().map(|known| known.overruled).collect::<Vec<_>>(),
            [false, true]
        );
        assert_eq!(attendee.check_ins.iter().filter(|check_in| check_in.stands()).count(), 1);
        let conflict = &attendee.conflicts(id)[0];
        assert!(!conflict.is_open());
        assert_eq!(conflict.overruled.len(), 1);
    }

    #[test]
    fn decisions_that_each_kept_another_check_in_do_not_leave_nobody_inside() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        for node in &mut nodes {
            node.give(&check_in(id, "main")).unwrap();
        }
        let before = nodes.clone();
        // Each node meets its left neighbour's check-in only, and takes that one back.
        for at in 0..3 {
            let other = &before[(at + 1) % 3];
            nodes[at].pull(other, false);
            let taken_back = other.attendee(id).check_ins[0].at.dot;
            let command = resolve(&nodes[at], id, Decision::Annul { check_in: taken_back });
            nodes[at].give(&command).unwrap();
        }
        meet(&mut nodes);
        let attendee = nodes[0].attendee(id);
        assert_eq!(attendee.check_ins.iter().filter(|check_in| check_in.stands()).count(), 1);
        assert_eq!(attendee.resolutions.iter().filter(|known| known.overruled).count(), 1);
    }

    #[test]
    fn a_decided_conflict_and_a_check_in_that_takes_no_part_are_refused() {
        let (mut nodes, id, [first, _]) = contested();
        let elsewhere = Decision::Annul { check_in: first.log.dot(first.seq + 100) };
        let command = resolve(&nodes[1], id, elsewhere);
        assert_eq!(nodes[1].give(&command).err(), Some(Refusal::UnknownCheckIn));
        let command = resolve(&nodes[1], id, Decision::Accept);
        nodes[1].give(&command).unwrap();
        let at_ms = nodes[1].now_ms;
        assert_eq!(nodes[1].give(&command).err(), Some(Refusal::AlreadyResolved { at_ms }));
    }
}
