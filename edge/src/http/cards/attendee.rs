//! An attendee as a row of a search and as a card.

use lanyard_domain::attendee::{Badge, CheckIn, Seat};
use lanyard_domain::order::OrderState;
use lanyard_domain::{Attendee, AttendeeId, Person, Role};
use lanyard_node::Standing;
use lanyard_node::http::ConflictCard;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::cards::Names;
use crate::http::cards::document::DocumentCard;
use crate::http::cards::history::HistoryLine;

/// An attendee in a list; namesakes can be told apart by it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttendeeRow {
    /// 32 lowercase hex digits.
    pub attendee_id: String,
    /// Whole name; empty once erased.
    pub name: String,
    /// Company or institution.
    pub company: Option<String>,
    /// E-mail with most of its letters hidden.
    pub masked_email: Option<String>,
    /// Names of the seat types held.
    pub seat_types: Vec<String>,
    /// `expected`, `in`, `out`, `canceled` or `unpaid`.
    pub state: &'static str,
    /// First check-in that stands, Unix milliseconds.
    pub checked_in_at_ms: Option<i64>,
    /// Whether a printer confirmed the active badge.
    pub badge_printed: bool,
}

/// Everything a desk shows of an attendee.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttendeeCard {
    /// The row of a list.
    #[serde(flatten)]
    pub row: AttendeeRow,
    /// Entries folded; for `If-Match`.
    pub version: u64,
    /// Given names.
    pub first_name: String,
    /// Family names.
    pub last_name: String,
    /// E-mail; for cashiers and above.
    pub email: Option<String>,
    /// A code that names this attendee.
    pub access_code: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// What is held.
    pub seats: Vec<SeatCard>,
    /// Entry scans, annulled ones too.
    pub check_ins: Vec<CheckInCard>,
    /// Badges, void ones too.
    pub badges: Vec<BadgeCard>,
    /// What happened; empty in the verdict of a check-in, which is kept short.
    pub history: Vec<HistoryLine>,
    /// Badge text and notes of staff.
    pub document: DocumentCard,
    /// Conflicts, resolved ones too.
    pub conflicts: Vec<ConflictCard>,
    /// Whether entries of this attendee are still missing here.
    pub pending: bool,
    /// Whether a newer version wrote about them: what it said is not understood here, and nothing can be changed.
    pub read_only: bool,
}

/// A seat of an attendee.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeatCard {
    /// Id of the seat type.
    pub seat_type: String,
    /// Its name.
    pub name: String,
    /// `sold` or `cancelled`; held and released seats are with orders only.
    pub state: &'static str,
    /// Whether it is paid, free or on invoice.
    pub paid: bool,
    /// The order it belongs to.
    pub order_id: Option<String>,
}

/// An entry scan.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CheckInCard {
    /// The entry.
    pub dot: String,
    /// List entered.
    pub list: String,
    /// Desk.
    pub desk: String,
    /// Node.
    pub node: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Whether it is the one that stands.
    pub effective: bool,
    /// Who took it back.
    pub annulled: Option<AnnulmentCard>,
}

/// A check-in taken back.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AnnulmentCard {
    /// Member of staff.
    pub by: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Why, in their words.
    pub reason: String,
}

/// A badge.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BadgeCard {
    /// The code on it.
    pub badge_code: String,
    /// `active` or `void`.
    pub state: &'static str,
    /// Whether another desk made one unseen.
    pub flagged: bool,
    /// When a printer confirmed it, Unix milliseconds.
    pub printed_at_ms: Option<i64>,
    /// Names of the seat types on it.
    pub entitlements: Vec<String>,
}

impl AttendeeRow {
    /// A row of an attendee.
    pub fn of(id: AttendeeId, attendee: &Attendee, names: Names<'_>) -> Self {
        let person = attendee.person.as_ref();
        let standing = attendee.check_ins.iter().find(|check_in| check_in.stands());
        Self {
            attendee_id: id.to_string(),
            name: person.map(Person::full_name).unwrap_or_default(),
            company: person.and_then(|person| person.company.clone()),
            masked_email: person.and_then(|person| person.email.as_deref()).map(masked),
            seat_types: attendee.entitlements().iter().map(|seat_type| names.seat_type(seat_type)).collect(),
            state: Standing::of(attendee).as_str(),
            checked_in_at_ms: standing.map(|check_in| check_in.at.at_ms),
            badge_printed: attendee.active_badges().any(|badge| badge.printed_at_ms.is_some()),
        }
    }
}

impl AttendeeCard {
    /// The card of an attendee for somebody of a role.
    pub fn of(id: AttendeeId, attendee: &Attendee, names: Names<'_>, viewer: Role) -> Self {
        let person = attendee.person.as_ref();
        let email = person.and_then(|person| person.email.clone());
        let row = AttendeeRow::of(id, attendee, names);
        Self {
            version: attendee.entries,
            first_name: person.map(|person| person.first_name.clone()).unwrap_or_default(),
            last_name: person.map(|person| person.last_name.clone()).unwrap_or_default(),
            email: email.filter(|_| viewer >= Role::Cashier),
            access_code: attendee.codes.first().cloned(),
            language: person.and_then(|person| person.language.clone()),
            seats: attendee.seats.values().map(|seat| SeatCard::of(seat, names)).collect(),
            check_ins: attendee
                .check_ins
                .iter()
                .map(|check_in| CheckInCard::of(attendee, check_in, names))
                .collect(),
            badges: attendee.badges.iter().map(|badge| BadgeCard::of(badge, names)).collect(),
            history: Vec::new(),
            document: DocumentCard::of(attendee.document.as_deref(), names),
            conflicts: attendee
                .conflicts(id)
                .iter()
                .map(|conflict| ConflictCard::of(conflict, attendee, Some(row.name.clone()), names.0))
                .collect(),
            pending: false,
            read_only: false,
            row,
        }
    }
}

impl SeatCard {
    fn of(seat: &Seat, names: Names<'_>) -> Self {
        Self {
            seat_type: seat.seat_type.to_string(),
            name: names.seat_type(&seat.seat_type),
            state: if seat.cancelled.is_some() { OrderState::Cancelled.as_str() } else { "sold" },
            paid: seat.paid,
            order_id: Some(seat.order.to_string()),
        }
    }
}

impl CheckInCard {
    fn of(attendee: &Attendee, check_in: &CheckIn, names: Names<'_>) -> Self {
        Self {
            dot: check_in.at.dot.to_string(),
            list: check_in.list.to_string(),
            desk: check_in.at.desk.clone(),
            node: names.account(check_in.at.account),
            at_ms: check_in.at.at_ms,
            effective: attendee.is_effective(check_in),
            annulled: check_in.annulled.as_ref().map(|annulment| AnnulmentCard {
                by: annulment.at.actor.clone(),
                at_ms: annulment.at.at_ms,
                reason: annulment.reason.clone().unwrap_or_default(),
            }),
        }
    }
}

impl BadgeCard {
    fn of(badge: &Badge, names: Names<'_>) -> Self {
        Self {
            badge_code: badge.badge_code.to_string(),
            state: if badge.is_active() { "active" } else { "void" },
            flagged: badge.flagged,
            printed_at_ms: badge.printed_at_ms,
            entitlements: badge.entitlements.iter().map(|seat_type| names.seat_type(seat_type)).collect(),
        }
    }
}

/// Keeps the first letter of the name and of the domain, and the ending: `a…@e….org`.
pub fn masked(email: &str) -> String {
    let Some((name, domain)) = email.trim().rsplit_once('@') else { return "…".to_owned() };
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    let ending = domain.rsplit_once('.').map_or(String::new(), |(_, ending)| format!(".{ending}"));
    format!("{}…@{}…{ending}", first(name), first(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_tells_namesakes_apart_and_no_more() {
        assert_eq!(masked("ada.lovelace@example.org"), "a…@e….org");
        assert_eq!(masked("Ärzte@bücher.example"), "Ä…@b….example");
        assert_eq!(masked("x@localhost"), "x…@l…");
        assert_eq!(masked("not an address"), "…");
    }
}
