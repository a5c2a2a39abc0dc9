//! A conflict with its evidence, as a desk and HQ show it.

use lanyard_domain::attendee::{Attendee, Moment};
use lanyard_domain::conflict::{Conflict, ConflictState, Side, SideKind};
use lanyard_domain::event::Decision;
use lanyard_domain::resolution::Resolution;
use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::Published;

/// Facts that cannot both stand as they are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConflictCard {
    /// Stable id, the same on every node.
    pub conflict_id: String,
    /// `double_entry` or `admitted_before_notice`.
    pub kind: &'static str,
    /// Who.
    pub attendee_id: String,
    /// Their name, where names are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attendee_name: Option<String>,
    /// Entries of the attendee: what a decision is made on.
    pub version: u64,
    /// When the last of the facts was written, Unix milliseconds.
    pub opened_at_ms: i64,
    /// The facts.
    pub sides: Vec<SideCard>,
    /// From the cancellation to the check-in, milliseconds.
    pub delay_ms: Option<i64>,
    /// `open` or `resolved`.
    pub state: &'static str,
    /// What was decided, of several the one that stands.
    pub resolution: Option<ResolutionCard>,
}

/// One of the facts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SideCard {
    /// The entry.
    pub dot: String,
    /// `attendee-checked-in` or `seat-cancelled`.
    pub what: &'static str,
    /// Node.
    pub node: String,
    /// Desk.
    pub desk: String,
    /// Who.
    pub actor: String,
    /// The writer's clock, Unix milliseconds.
    pub at_ms: i64,
    /// The same corrected by known skew.
    pub corrected_at_ms: i64,
    /// Whether it is the check-in that stands.
    pub effective: bool,
}

/// What was decided.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResolutionCard {
    /// `annul` or `accept`.
    pub decision: &'static str,
    /// The check-in taken back.
    pub annulled: Option<String>,
    /// Member of staff.
    pub by: String,
    /// Node.
    pub node: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Why, in their words.
    pub reason: String,
    /// Whether another decision came first.
    pub overruled: bool,
}

impl ConflictCard {
    /// The card of a conflict of this attendee; without a name where none is to be shown.
    pub fn of(
        conflict: &Conflict,
        attendee: &Attendee,
        attendee_name: Option<String>,
        names: &Published,
    ) -> Self {
        let resolution = match &conflict.state {
            ConflictState::Open => conflict.overruled.first(),
            ConflictState::Resolved(resolution) => Some(&**resolution),
        };
        Self {
            conflict_id: conflict.id.to_string(),
            kind: conflict.kind.as_str(),
            attendee_id: conflict.attendee.to_string(),
            attendee_name,
            version: attendee.entries,
            opened_at_ms: conflict.opened_at_ms(),
            sides: conflict.sides.iter().map(|side| SideCard::of(side, names)).collect(),
            delay_ms: conflict.delay_ms,
            state: if conflict.is_open() { "open" } else { "resolved" },
            resolution: resolution.map(|resolution| ResolutionCard::of(resolution, names)),
        }
    }
}

impl SideCard {
    fn of(side: &Side, names: &Published) -> Self {
        let Moment { dot, account, desk, actor, at_ms, corrected_at_ms } = &side.at;
        Self {
            dot: dot.to_string(),
            what: match side.what {
                SideKind::CheckIn => "attendee-checked-in",
                SideKind::Cancellation => "seat-cancelled",
            },
            node: names.account_name(account),
            desk: desk.clone(),
            actor: actor.clone(),
            at_ms: *at_ms,
            corrected_at_ms: *corrected_at_ms,
            effective: side.effective,
        }
    }
}

impl ResolutionCard {
    fn of(resolution: &Resolution, names: &Published) -> Self {
        Self {
            decision: match resolution.decision {
                Decision::Annul { .. } => "annul",
                Decision::Accept => "accept",
            },
            annulled: resolution.annulled().map(|dot| dot.to_string()),
            by: resolution.at.actor.clone(),
            node: names.account_name(&resolution.at.account),
            at_ms: resolution.at.at_ms,
            reason: resolution.reason.clone().unwrap_or_default(),
            overruled: resolution.overruled,
        }
    }
}
