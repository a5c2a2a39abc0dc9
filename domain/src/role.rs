//! What each role may do.

use serde::{Deserialize, Serialize};

use crate::command::Command;

/// A role of a member of staff, least rights first.
// Stored: as text in `staff-set/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads arrivals and quotas, changes nothing.
    EventPlanner,
    /// Checks people in and prints badges.
    Volunteer,
    /// Sells seats and takes money besides.
    Cashier,
    /// Overrides, annuls, cancels and resolves besides.
    Supervisor,
    /// Does everything on this node.
    Administrator,
}

impl Role {
    /// Tells whether the role may give the command.
    pub fn may(self, command: &Command) -> bool {
        self >= command.least_role()
    }

    /// The role's stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventPlanner => "event_planner",
            Self::Volunteer => "volunteer",
            Self::Cashier => "cashier",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Method;
    use crate::id::{AttendeeId, OrderId};
    use crate::test_world::{check_in, person, place, text};

    #[test]
    fn each_role_may_what_the_one_below_may_and_a_little_more() {
        let id = AttendeeId([1; 16]);
        let walk_up = |method| Command::RegisterWalkUp {
            person: person("Ada"),
            seat_type: text("ga"),
            method,
            reason: "press".into(),
            not_the_same_as: Vec::new(),
        };
        let Command::CheckIn { who, list, .. } = check_in(id, "main") else { panic!() };
        let overriding = Command::CheckIn { who, list, override_reason: Some("speaker".into()) };
        let table = [
            (check_in(id, "main"), Role::Volunteer),
            (Command::ReprintBadge { attendee: id, reason: "lost".into() }, Role::Volunteer),
            (place(None, &[("ga", 1)]), Role::Cashier),
            (walk_up(Method::Cash), Role::Cashier),
            (walk_up(Method::Complimentary), Role::Supervisor),
            (overriding, Role::Supervisor),
            (Command::CancelOrder { order: OrderId([1; 16]), reason: "asked".into() }, Role::Supervisor),
            (Command::SetQuota { seat_type: text("ga"), quota: 1 }, Role::Administrator),
        ];
        for (command, least) in table {
            let roles =
                [Role::EventPlanner, Role::Volunteer, Role::Cashier, Role::Supervisor, Role::Administrator];
            for role in roles {
                assert_eq!(role.may(&command), role >= least, "{} as {}", command.name(), role.as_str());
            }
        }
    }
}
