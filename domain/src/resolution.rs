//! Resolutions: what staff decided on a conflict.

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use crate::attendee::Moment;
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
    /// Whether another decision on the same sides comes before it in canonical order.
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
        let standing = attendee.check_ins.iter().any(|known| known.at.dot == check_in && known.annulled.is_none());
        if !standing || !found.sides.iter().any(|side| side.at.dot == check_in) {
            return Err(Refusal::UnknownCheckIn);
        }
    }
    let facts = ConflictResolved { conflict, sides: found.dots(), decision };
    Ok(vec![Draft::new(Stream::Attendee(id), Event::with(facts, Person::because(reason)))])
}
