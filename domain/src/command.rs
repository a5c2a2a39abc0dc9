//! Commands: what staff, HQ and policies ask for.

use std::collections::BTreeMap;

use lanyard_sync::{Dot, LogId, NodeId};
use serde::{Deserialize, Serialize};

use crate::conference::Conference;
use crate::document::{DocumentId, Field, Version};
use crate::event::{Decision, Method};
use crate::id::{AttendeeId, BadgeCode, ConflictId, ListId, OrderId, SeatTypeId, StaffId};
use crate::import::ImportRow;
use crate::ledger::Account;
use crate::person::Person;
use crate::role::Role;

/// Who is meant at a desk.
// Stored: inside `Command`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// As scanned or typed.
    Code(String),
    /// Found by search.
    Attendee(AttendeeId),
}

/// Seats wanted of one type.
// Stored: inside `Command`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What.
    pub seat_type: SeatTypeId,
    /// How many; zero and below are refused.
    pub quantity: i64,
}

/// What to do when not all seats can be had.
// Stored: inside `Command`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfShort {
    /// Hold what there is.
    Offer,
    /// Hold nothing.
    Refuse,
}

/// Who takes a seat.
// Stored: inside `Command`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// Somebody on the list.
    Attendee(AttendeeId),
    /// Somebody named at the desk.
    New(Box<Person>),
}

/// A command; every one carries its id beside it, made by whoever gives it.
// Stored: as the digest of its JSON, beside the outcome of its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Sets the whole configuration; HQ only.
    ConfigureConference {
        /// All of it.
        conference: Box<Conference>,
    },
    /// Adds or changes a member of staff; HQ only.
    SetStaff {
        /// As typed at sign-in.
        staff: StaffId,
        /// What they may do.
        role: Role,
        /// False once they left.
        active: bool,
        /// Name and PIN verifier.
        words: Person,
    },
    /// Records that a node has its certificate; HQ only.
    EnrolNode {
        /// The node.
        node: NodeId,
        /// Name shown to people.
        name: String,
        /// Serial of the certificate.
        serial: u64,
    },
    /// Ends logs of a node and takes back the seat rights they have left; HQ only.
    CloseLogs {
        /// The node.
        node: NodeId,
        /// The log it goes on with; none retires the node.
        keep: Option<LogId>,
    },
    /// Takes a chunk of rows of an attendee list.
    ImportAttendees {
        /// Name of the source, such as `pretix`.
        source: String,
        /// At most 200 rows.
        rows: Vec<ImportRow>,
    },
    /// Admits somebody to a list.
    CheckIn {
        /// Who.
        who: Who,
        /// List to be entered.
        list: ListId,
        /// Why a supervisor sets a rule aside.
        override_reason: Option<String>,
    },
    /// Takes a check-in back.
    AnnulCheckIn {
        /// Whose.
        attendee: AttendeeId,
        /// The check-in's entry.
        check_in: Dot,
        /// Why.
        reason: String,
    },
    /// Registers and admits-to-be somebody at the desk.
    RegisterWalkUp {
        /// Names and addresses.
        person: Person,
        /// What they get; it must admit.
        seat_type: SeatTypeId,
        /// How it is paid.
        method: Method,
        /// Why, where it is given.
        reason: String,
        /// Similar people staff have looked at.
        not_the_same_as: Vec<AttendeeId>,
    },
    /// Puts somebody on a seat of an order.
    AssignSeat {
        /// The order.
        order: OrderId,
        /// Position of the seat in it, from 0.
        n: u32,
        /// Who sits there.
        assignee: Assignee,
    },
    /// Makes a badge for somebody without one.
    IssueBadge {
        /// For whom.
        attendee: AttendeeId,
    },
    /// Makes a new badge and voids the earlier.
    ReprintBadge {
        /// For whom.
        attendee: AttendeeId,
        /// Why.
        reason: String,
    },
    /// Makes a badge worthless.
    VoidBadge {
        /// Whose.
        attendee: AttendeeId,
        /// Code on the badge.
        badge_code: BadgeCode,
        /// Why.
        reason: String,
    },
    /// Records what the printer confirmed; given by the print worker.
    ReportPrinted {
        /// Whose.
        attendee: AttendeeId,
        /// Code on the badge.
        badge_code: BadgeCode,
    },
    /// Holds seats.
    PlaceOrder {
        /// Whom the seats are for, where one person of the list.
        attendee: Option<AttendeeId>,
        /// Who pays, where named.
        registrant: Option<Person>,
        /// What is wanted.
        lines: Vec<Wanted>,
        /// What to do when not all seats can be had.
        if_short: IfShort,
    },
    /// Takes money for an order.
    TakePayment {
        /// The order.
        order: OrderId,
        /// Means of payment.
        method: Method,
        /// Exactly what is open, in minor units.
        amount_minor: i64,
    },
    /// Turns held and paid seats into sold ones.
    ConfirmOrder {
        /// The order.
        order: OrderId,
    },
    /// Calls an order off; a refund becomes due.
    CancelOrder {
        /// The order.
        order: OrderId,
        /// Why.
        reason: String,
    },
    /// Gives back what an order of this node holds after it lapsed or was cancelled; given by the clock.
    ReleaseOrder {
        /// The order.
        order: OrderId,
    },
    /// Decides on a conflict.
    ResolveConflict {
        /// Whose conflict.
        attendee: AttendeeId,
        /// Which.
        conflict: ConflictId,
        /// What is decided.
        decision: Decision,
        /// Why.
        reason: String,
    },
    /// Sets fields of a document, against what the desk has seen of it.
    EditDocument {
        /// Which.
        document: DocumentId,
        /// What was seen of it; whatever came since is kept beside the edit.
        seen: Version,
        /// The fields that are set; an empty text takes one away.
        edits: BTreeMap<Field, String>,
    },
    /// Erases the words about somebody, everywhere and for good.
    EraseAttendee {
        /// Whose.
        attendee: AttendeeId,
    },
    /// Records that this node has removed what it has seen erased; given by the node itself.
    ReportErasures,
    /// Gives seat rights to another node.
    GiveRights {
        /// Of which seat type.
        seat_type: SeatTypeId,
        /// Who gets them.
        to: Account,
        /// Seats.
        count: u32,
    },
    /// Sets the number of seats; HQ only.
    SetQuota {
        /// Of which seat type.
        seat_type: SeatTypeId,
        /// Seats over all nodes.
        quota: u32,
    },
}

impl Command {
    /// The command's stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConfigureConference { .. } => "configure_conference",
            Self::SetStaff { .. } => "set_staff",
            Self::EnrolNode { .. } => "enrol_node",
            Self::CloseLogs { .. } => "close_logs",
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
            Self::EditDocument { .. } => "edit_document",
            Self::EraseAttendee { .. } => "erase_attendee",
            Self::ReportErasures => "report_erasures",
            Self::GiveRights { .. } => "give_rights",
            Self::SetQuota { .. } => "set_quota",
        }
    }

    /// The least role that may give it.
    pub fn least_role(&self) -> Role {
        match self {
            Self::CheckIn { override_reason: None, .. }
            | Self::IssueBadge { .. }
            | Self::ReprintBadge { .. }
            | Self::ReportPrinted { .. }
            | Self::AssignSeat { .. } => Role::Volunteer,
            Self::EditDocument { document, .. } => document.least_role(),
            Self::RegisterWalkUp { method: Method::Cash | Method::Free, .. }
            | Self::PlaceOrder { .. }
            | Self::TakePayment { method: Method::Cash | Method::Free, .. }
            | Self::ConfirmOrder { .. } => Role::Cashier,
            Self::CheckIn { override_reason: Some(_), .. }
            | Self::RegisterWalkUp { method: Method::Complimentary, .. }
            | Self::TakePayment { method: Method::Complimentary, .. }
            | Self::AnnulCheckIn { .. }
            | Self::VoidBadge { .. }
            | Self::CancelOrder { .. }
            | Self::ResolveConflict { .. }
            | Self::GiveRights { .. } => Role::Supervisor,
            Self::ConfigureConference { .. }
            | Self::SetStaff { .. }
            | Self::EnrolNode { .. }
            | Self::CloseLogs { .. }
            | Self::ImportAttendees { .. }
            | Self::EraseAttendee { .. }
            | Self::ReportErasures
            | Self::ReleaseOrder { .. }
            | Self::SetQuota { .. } => Role::Administrator,
        }
    }
}
