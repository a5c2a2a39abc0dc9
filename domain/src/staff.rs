//! A member of staff: role, name and PIN verifier.

use serde::{Deserialize, Serialize};

use crate::event::{Event, Facts};
use crate::fold::Placed;
use crate::person::Person;
use crate::role::Role;

/// Somebody who may sign in.
// Stored: JSON, state of stream `staff/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Entries folded.
    pub entries: u64,
    /// What they may do; none before HQ's entry.
    pub role: Option<Role>,
    /// False once they left.
    pub active: bool,
    /// Name and PIN verifier.
    pub words: Person,
}

impl Staff {
    /// Applies one entry of the stream; only HQ's count.
    pub fn apply(&mut self, event: &Event, at: &Placed<'_>) {
        self.entries += 1;
        if let (Facts::StaffSet(set), true) = (&event.facts, at.authority) {
            self.role = Some(set.role);
            self.active = set.active;
            self.words = event.personal.clone().unwrap_or_default();
        }
    }
}
