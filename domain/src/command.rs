//! Commands: what staff, HQ and policies ask for.

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use crate::conference::Conference;
use crate::event::{Decision, Method};
use crate::id::{AttendeeId, BadgeCode, ConflictId, ListId, OrderId, SeatTypeId, StaffId};
use crate::import::ImportRow;
use crate::ledger::Account;
use crate::person::Person;
use crate::role::Role;

/// Who is meant at a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// As scanned or typed.
    Code(String),
    /// Found by search.
    Attendee(AttendeeId),
}

/// Seats wanted of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What.
    pub seat_type: SeatTypeId,
    /// How many; zero and below are refused.
    pub quantity: i64,
}

/// What to do when not all seats can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfShort {
    /// Hold what there is.
    Offer,
    /// Hold nothing.
    Refuse,
}

/// Who takes a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// Somebody on the list.
    Attendee(AttendeeId),
    /// Somebody named at the desk.
    New(Person),
}

/// A command; every one carries its id beside it, made by whoever gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Sets the whole configuration; HQ only.
    ConfigureConference { conference: Box<Conference> },
    /// Adds or changes a member of staff; HQ only.
    SetStaff { staff: StaffId, role: Role, active: bool, words: Person },
    /// Records that a node has its certificate; HQ only.
    EnrolNode { node: lanyard_sync::NodeId, name: String, serial: u64 },
    /// Takes a chunk of rows of an attendee list.
    ImportAttendees { source: String, rows: Vec<ImportRow> },
    /// Admits somebody to a list.
    CheckIn { who: Who, list: ListId, override_reason: Option<String> },
    /// Takes a check-in back.
    AnnulCheckIn { attendee: AttendeeId, check_in: Dot, reason: String },
    /// Registers and admits-to-be somebody at the desk.
    RegisterWalkUp { person: Person, seat_type: SeatTypeId, method: Method, reason: String, not_the_same_as: Vec<AttendeeId> },
    /// Puts somebody on a seat of an order.
    AssignSeat { order: OrderId, n: u32, assignee: Assignee },
    /// Makes a badge for somebody without one.
    IssueBadge { attendee: AttendeeId },
    /// Makes a new badge and voids the earlier.
    ReprintBadge { attendee: AttendeeId, reason: String },
    /// Makes a badge worthless.
    VoidBadge { attendee: AttendeeId, badge_code: BadgeCode, reason: String },
    /// Records what the printer confirmed; given by the print worker.
    ReportPrinted { attendee: AttendeeId, badge_code: BadgeCode },
    /// Holds seats.
    PlaceOrder { attendee: Option<AttendeeId>, registrant: Option<Person>, lines: Vec<Wanted>, if_short: IfShort },
    /// Takes money for an order.
    TakePayment { order: OrderId, method: Method, amount_minor: i64 },
    /// Turns held and paid seats into sold ones.
    ConfirmOrder { order: OrderId },
    /// Calls an order off; a refund becomes due.
    CancelOrder { order: OrderId, reason: String },
    /// Gives back what an order of this node holds after it lapsed or was cancelled; given by the clock.
    ReleaseOrder { order: OrderId },
    /// Decides on a conflict.
    ResolveConflict { attendee: AttendeeId, conflict: ConflictId, decision: Decision, reason: String },
    /// Gives seat rights to another node.
    GiveRights { seat_type: SeatTypeId, to: Account, count: u32 },
    /// Sets the number of seats; HQ only.
    SetQuota { seat_type: SeatTypeId, quota: u32 },
}

impl Command {
    /// The command's stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConfigureConference { .. } => "configure_conference",
            Self::SetStaff { .. } => "set_staff",
            Self::EnrolNode { .. } => "enrol_node",
            Self::ImportAttendees { .. } => "import_attendees",
            Self::CheckIn { .. } => "check_in",
            Self::AnnulCheckIn { .. } => "annul_check_in",
            Self::RegisterWalkUp { .. } => "register_walk_up",
            Self::AssignSeat { .. } => "assign_seat",
            Self::IssueBadge { .. } => "issue_badge",
            Self::ReprintBadge { .. } => "reprint_badge",
            Self::VoidBadge { .. } => "void_badge",
            Self::ReportPrinted { .. } => "report_printed",
            Self::PlaceOrder { .. } => "place_order",
            Self::TakePayment { .. } => "take_payment",
            Self::ConfirmOrder { .. } => "confirm_order",
            Self::CancelOrder { .. } => "cancel_order",
            Self::ReleaseOrder { .. } => "release_order",
            Self::ResolveConflict { .. } => "resolve_conflict",
            Self::GiveRights { .. } => "give_rights",
            Self::SetQuota { .. } => "set_quota",
        }
    }

    /// The least role that may give it.
    pub fn least_role(&self) -> Role {
        match self {
            Self::CheckIn { override_reason: Some(_), .. }
            | Self::RegisterWalkUp { method: Method::Complimentary, .. }
            | Self::TakePayment { method: Method::Complimentary, .. } => Role::Supervisor,
            Self::CheckIn { .. }
            | Self::IssueBadge { .. }
            | Self::ReprintBadge { .. }
            | Self::ReportPrinted { .. }
            | Self::AssignSeat { .. } => Role::Volunteer,
            Self::RegisterWalkUp { .. }
            | Self::PlaceOrder { .. }
            | Self::TakePayment { .. }
            | Self::ConfirmOrder { .. } => Role::Cashier,
            Self::AnnulCheckIn { .. }
            | Self::VoidBadge { .. }
            | Self::CancelOrder { .. }
            | Self::ResolveConflict { .. }
            | Self::GiveRights { .. } => Role::Supervisor,
            Self::ConfigureConference { .. }
            | Self::SetStaff { .. }
            | Self::EnrolNode { .. }
            | Self::ImportAttendees { .. }
            | Self::ReleaseOrder { .. }
            | Self::SetQuota { .. } => Role::Administrator,
        }
    }
}
