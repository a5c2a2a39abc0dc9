//! Seat rights between nodes: whoever runs low asks, whoever has some gives.
//!
//! Responsible for the question and its answer, which travel beside the log and decide nothing: what was given
//! is an entry of the giver, in force at the receiver once that entry is here. So a question that is lost, or
//! comes twice, moves no seat that is not in the ledger.

mod give;
mod keep;

use lanyard_domain::SeatTypeId;
use lanyard_sync::{CommandId, Dot, LogId};
use serde::{Deserialize, Serialize};

pub(crate) use give::{GiveError, give};
pub use keep::{Line, keep};

/// A node asks for seat rights.
// Stored: on the wire, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Of what.
    pub seat_type: SeatTypeId,
    /// How many seats would do.
    pub count: u32,
    /// The log whose account is to get them; one of the asking node.
    pub to: LogId,
    /// Drawn by the asking node; a question that comes again is answered as before.
    pub request: CommandId,
}

/// What became of a question.
// Stored: on the wire, as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// An entry of the giver's log at or after the one that gives them; none if nothing could be spared.
    pub given: Option<Dot>,
}
