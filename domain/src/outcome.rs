//! Outcomes: what a command led to, stored for ever under its id.

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use crate::id::{AttendeeId, BadgeCode, OrderId};
use crate::refusal::Refusal;

/// What came of a command; holds references, never names.
// Stored: JSON, in the outcomes of commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rules said yes.
    Accepted(Accepted),
    /// The rules said no.
    Refused(Box<Refused>),
}

/// References to what was written.
// Stored: inside `Outcome`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The entries written, policies' too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Dot>,
    /// The attendee it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendee: Option<AttendeeId>,
    /// The order it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// The check-in it wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in: Option<Dot>,
    /// The badge it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge_code: Option<BadgeCode>,
    /// The print job it queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub print_job: Option<i64>,
}

/// A refusal and whom it was about.
// Stored: inside `Outcome`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// The attendee, where one was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendee: Option<AttendeeId>,
}
