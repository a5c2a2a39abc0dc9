//! Policies: what follows from an event this node wrote itself, as commands of its own.
//!
//! A policy's command id is derived from the causing one, so no replica acts twice.

use lanyard_sync::CommandId;

use crate::attendee::Attendee;
use crate::command::Command;
use crate::decide::Draft;
use crate::event::Facts;
use crate::stream::Stream;
use crate::view::View;

/// What a desk does by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeskProfile {
    /// Whether a check-in prints a badge at once.
    pub prints_badges: bool,
}

/// A command that follows, with the id it has on every retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// Derived from the causing command, the policy and the index.
    pub id: CommandId,
    /// What follows.
    pub command: Command,
}

/// What follows from the events a command wrote. The view is the one after them.
pub fn follow_ups(view: &impl View, cause: CommandId, written: &[Draft], desk: DeskProfile) -> Vec<FollowUp> {
    let mut commands = Vec::new();
    for draft in written {
        let Stream::Attendee(attendee) = draft.stream else { continue };
        let Some(state) = view.attendee(attendee) else { continue };
        let has_badge = state.active_badges().next().is_some();
        match &draft.event.facts {
            Facts::AttendeeCheckedIn(_) if desk.prints_badges && !has_badge => {
                commands.push(("badge at check-in", Command::IssueBadge { attendee }));
            }
            Facts::SeatAssigned(_) if has_badge && !badge_says_all(&state) => {
                let reprint = Command::ReprintBadge { attendee, reason: String::new() };
                if !commands.iter().any(|(_, earlier)| *earlier == reprint) {
                    commands.push(("badge after sale", reprint));
                }
            }
            _ => {}
        }
    }
    let numbered = commands.into_iter().zip(0_u32..);
    numbered
        .map(|((policy, command), index)| FollowUp { id: derived(cause, policy, index), command })
        .collect()
}

fn badge_says_all(attendee: &Attendee) -> bool {
    let entitlements = attendee.entitlements();
    attendee
        .active_badges()
        .any(|badge| entitlements.iter().all(|seat_type| badge.entitlements.contains(seat_type)))
}

fn derived(cause: CommandId, policy: &str, index: u32) -> CommandId {
    let parts = [&cause.0[..], policy.as_bytes(), &index.to_le_bytes()];
    CommandId(crate::id::derive16("lanyard/policy/1", &parts))
}
