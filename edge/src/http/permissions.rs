//! Which commands a role may give at a desk, for the page to offer.

use lanyard_domain::Role;

/// Names of the commands staff give, with the least role for each in its usual form.
const COMMANDS: [(&str, Role); 19] = [
    ("check_in", Role::Volunteer),
    ("issue_badge", Role::Volunteer),
    ("reprint_badge", Role::Volunteer),
    ("assign_seat", Role::Volunteer),
    ("edit_document", Role::Volunteer),
    ("register_walk_up", Role::Cashier),
    ("place_order", Role::Cashier),
    ("take_payment", Role::Cashier),
    ("confirm_order", Role::Cashier),
    ("override_check_in", Role::Supervisor),
    ("complimentary_walk_up", Role::Supervisor),
    ("annul_check_in", Role::Supervisor),
    ("void_badge", Role::Supervisor),
    ("cancel_order", Role::Supervisor),
    ("resolve_conflict", Role::Supervisor),
    ("give_rights", Role::Supervisor),
    ("edit_run_book", Role::Supervisor),
    ("import_attendees", Role::Administrator),
    ("erase_attendee", Role::Administrator),
];

/// The commands of a role.
pub(super) fn commands_of(role: Role) -> Vec<&'static str> {
    COMMANDS.iter().filter(|(_, least)| role >= *least).map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lanyard_domain::command::{IfShort, Who};
    use lanyard_domain::document::Version;
    use lanyard_domain::event::{Decision, Method};
    use lanyard_domain::{Command, DocumentId};

    use super::*;

    /// One command of each kind staff give at a desk, in its usual form.
    fn usual() -> Vec<Command> {
        let (attendee, order) = ("00".repeat(16).parse().unwrap(), "00".repeat(16).parse().unwrap());
        let dot = format!("{}-0000000000000001-1", "00".repeat(16)).parse().unwrap();
        let (reason, person) = (String::new(), lanyard_domain::Person::default());
        let seat_type: lanyard_domain::SeatTypeId = "ga".parse().unwrap();
        let badge_code = "B1".parse().unwrap();
        vec![
            Command::CheckIn {
                who: Who::Attendee(attendee),
                list: "main".parse().unwrap(),
                override_reason: None,
            },
            Command::IssueBadge { attendee },
            Command::EditDocument {
                document: DocumentId::Attendee(attendee),
                seen: Version::default(),
                edits: BTreeMap::new(),
            },
            Command::ReprintBadge { attendee, reason: reason.clone() },
            Command::RegisterWalkUp {
                person,
                seat_type: seat_type.clone(),
                method: Method::Cash,
                reason: reason.clone(),
                not_the_same_as: Vec::new(),
            },
            Command::PlaceOrder {
                attendee: None,
                registrant: None,
                lines: Vec::new(),
                if_short: IfShort::Offer,
            },
            Command::TakePayment { order, method: Method::Cash, amount_minor: 0 },
            Command::ConfirmOrder { order },
            Command::AnnulCheckIn { attendee, check_in: dot, reason: reason.clone() },
            Command::VoidBadge { attendee, badge_code, reason: reason.clone() },
            Command::CancelOrder { order, reason: reason.clone() },
            Command::ResolveConflict {
                attendee,
                conflict: "00".repeat(16).parse().unwrap(),
                decision: Decision::Accept,
                reason,
            },
            Command::GiveRights { seat_type, to: lanyard_domain::Account::Hq, count: 1 },
            Command::ImportAttendees { source: String::new(), rows: Vec::new() },
            Command::EraseAttendee { attendee },
        ]
    }

    #[test]
    fn what_is_offered_is_what_the_rules_allow() {
        for command in usual() {
            let listed = COMMANDS.iter().find(|(name, _)| *name == command.name()).map(|(_, least)| *least);
            assert_eq!(listed, Some(command.least_role()), "{}", command.name());
        }
    }

    #[test]
    fn an_event_planner_changes_nothing() {
        assert!(commands_of(Role::EventPlanner).is_empty());
        assert_eq!(commands_of(Role::Administrator).len(), COMMANDS.len());
    }
}
