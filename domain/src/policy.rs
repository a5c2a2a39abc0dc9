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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_world::{Node, Written, check_in, guest, sell, venue};

    const PRINTS: DeskProfile = DeskProfile { prints_badges: true };

    fn drafts(written: &[Written]) -> Vec<Draft> {
        written.iter().map(|entry| Draft::new(entry.stream.clone(), entry.event.clone())).collect()
    }

    fn after(node: &Node, written: &[Written], desk: DeskProfile) -> Vec<Command> {
        let follow = follow_ups(&node.view, CommandId([1; 16]), &drafts(written), desk);
        follow.into_iter().map(|follow| follow.command).collect()
    }

    #[test]
    fn a_check_in_prints_the_first_badge_where_the_desk_prints() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let north = &mut nodes[1];
        let written = north.give(&check_in(id, "main")).unwrap();
        assert_eq!(after(north, &written, DeskProfile::default()), []);
        assert_eq!(after(north, &written, PRINTS), [Command::IssueBadge { attendee: id }]);
        north.give(&Command::IssueBadge { attendee: id }).unwrap();
        assert_eq!(after(north, &written, PRINTS), []);
    }

    #[test]
    fn a_sale_reprints_a_badge_that_does_not_say_what_was_bought() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        let north = &mut nodes[1];
        north.give(&Command::IssueBadge { attendee: id }).unwrap();
        let before = north.deciding().command;
        let order = sell(north, Some(id), &[("ws", 1)]).unwrap();
        assert_ne!(before, north.deciding().command);
        let line = north.order(order).lines[0].clone();
        let assigned = crate::event::SeatAssigned {
            seat: crate::order::seat_id(order, 0),
            seat_type: line.seat_type,
            admits: false,
            order,
        };
        let draft = [Draft::new(Stream::Attendee(id), crate::Event::of(assigned))];
        let follow = follow_ups(&north.view, before, &draft, PRINTS);
        assert_eq!(follow.len(), 1);
        assert_eq!(follow[0].command, Command::ReprintBadge { attendee: id, reason: String::new() });
        assert_eq!(follow, follow_ups(&north.view, before, &draft, PRINTS), "the same id on every retry");
        north.give(&follow[0].command).unwrap();
        assert_eq!(follow_ups(&north.view, before, &draft, PRINTS), []);
    }
}
