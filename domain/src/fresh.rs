//! Fresh check-ins: what nodes tell each other of ahead of the log, so that nobody enters twice meanwhile.
//!
//! Never a fact: a rule may refuse by one, nothing is folded from it, and whoever heard of it soon forgets it.

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use crate::id::{AttendeeId, DeskId, ListId};
use crate::ledger::Account;
use crate::refusal::Refusal;

/// A check-in as its node tells of it, for others that do not have its entry yet.
// Stored: on the wire, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreshCheckIn {
    /// Who entered.
    pub attendee: AttendeeId,
    /// Where to.
    pub list: ListId,
    /// Admission window.
    pub window: String,
    /// When, by the clock of the node that admitted them, Unix milliseconds.
    pub at_ms: i64,
    /// At which desk.
    pub desk: DeskId,
    /// The entry that says so.
    pub dot: Dot,
}

impl FreshCheckIn {
    /// Why somebody is not admitted again: when and where they entered.
    pub(crate) fn refusal(&self) -> Refusal {
        let account = Account::Venue(self.dot.log);
        Refusal::AlreadyCheckedIn { at_ms: self.at_ms, desk: self.desk.clone(), account }
    }
}
