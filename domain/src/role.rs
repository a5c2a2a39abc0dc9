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
