//! Which commands a role may give at a desk, for the page to offer.

use lanyard_domain::Role;

/// Names of the commands staff give, with the least role for each in its usual form.
const COMMANDS: [(&str, Role); 16] = [
    ("check_in", Role::Volunteer),
    ("issue_badge", Role::Volunteer),
    ("reprint_badge", Role::Volunteer),
    ("assign_seat", Role::Volunteer),
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
    ("import_attendees", Role::Administrator),
];

/// The commands of a role.
pub(super) fn commands_of(role: Role) -> Vec<&'static str> {
    COMMANDS.iter().filter(|(_, least)| role >= *least).map(|(name, _)| *name).collect()
}
