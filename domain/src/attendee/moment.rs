//! When and where something was written, as its writer's clock had it.

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use crate::fold::Placed;
use crate::id::DeskId;
use crate::ledger::Account;

/// What happened where and when, as its writer's clock had it.
// Stored: inside `Attendee` and `Order`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The entry.
    pub dot: Dot,
    /// Whose log it is.
    pub account: Account,
    /// Desk, or `hq`.
    pub desk: String,
    /// Who.
    pub actor: String,
    /// Writer's clock, Unix milliseconds.
    pub at_ms: i64,
    /// The same corrected by the known skew.
    pub corrected_at_ms: i64,
}

impl Moment {
    /// Where and when an entry was written.
    pub fn of(at: &Placed<'_>) -> Self {
        Self {
            dot: at.dot,
            account: at.account,
            desk: at.desk.to_owned(),
            actor: at.actor.to_owned(),
            at_ms: at.at_ms,
            corrected_at_ms: at.corrected_at_ms(),
        }
    }

    /// The desk as an id, where it is one.
    pub fn desk_id(&self) -> Option<DeskId> {
        self.desk.parse().ok()
    }
}
