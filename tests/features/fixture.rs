//! The conference every specification is about, the same text for both drivers.

use std::fmt::Write as _;

use crate::driver::{Guest, Plan};

/// Slug of the conference.
pub(crate) const SLUG: &str = "summit";

/// Seat types: id, name as the specifications say it, price in minor units, whether it admits.
pub(crate) const SEAT_TYPES: [(&str, &str, i64, bool); 4] = [
    ("ga", "General admission", 19_900, true),
    ("ws", "CQRS Workshop", 50_000, false),
    ("cp", "Cocktail party", 5_000, false),
    ("day", "Open day", 0, true),
];

/// Id of the seat type with this name.
///
/// # Panics
/// When a specification names one that is not there.
pub(crate) fn seat_type_id(name: &str) -> &'static str {
    let found = SEAT_TYPES.iter().find(|(_, known, ..)| *known == name);
    found.unwrap_or_else(|| panic!("the conference has no seat type {name}")).0
}

/// Name of the seat type with this id, else what was given.
pub(crate) fn seat_type_name(id: &str) -> &str {
    SEAT_TYPES.iter().find(|(known, ..)| *known == id).map_or(id, |(_, name, ..)| name)
}

/// E-mail of somebody.
pub(crate) fn email_of(name: &str) -> String {
    format!("{}@example.org", name.to_lowercase().replace(' ', "."))
}

/// Ticket code of somebody, as the list has it.
pub(crate) fn ticket_of(name: &str) -> String {
    format!("T-{}", name.to_lowercase().replace(' ', "-"))
}

/// First and last name.
pub(crate) fn names(full: &str) -> (String, String) {
    let (first, last) = full.split_once(' ').unwrap_or((full, ""));
    (first.to_owned(), last.to_owned())
}

/// The conference file without quotas.
pub(crate) fn conference_toml(now_ms: i64) -> String {
    let day_ms = 86_400_000;
    let (starts_ms, ends_ms) = (now_ms - day_ms, now_ms + 3 * day_ms);
    let mut text = format!(
        "slug = \"{SLUG}\"\nname = \"Summit\"\norganiser = \"Specifications\"\nstarts_ms = {starts_ms}\n\
         ends_ms = {ends_ms}\ntime_zone = \"Europe/Copenhagen\"\ncurrency = \"EUR\"\nlocales = [\"en\"]\n"
    );
    for (id, name, price_minor, admits) in SEAT_TYPES {
        let extra = !admits;
        write!(
            text,
            "\n[seat_types.{id}]\nname = \"{name}\"\nprice_minor = {price_minor}\n\
             grants_admission = {admits}\nextra = {extra}\n"
        )
        .expect("writing to a string cannot fail");
    }
    text.push_str("\n[lists.main]\nname = \"Main door\"\nseat_types = [\"ga\", \"day\"]\n");
    text.push_str("\n[lists.workshop]\nname = \"Workshop room\"\nseat_types = [\"ws\"]\n");
    for node in ["north", "south"] {
        for lane in [1, 2] {
            write!(
                text,
                "\n[desks.{node}-{lane}]\nplace = \"{node} hall, lane {lane}\"\nnode = \"{node}\"\n\
                 lists = [\"main\", \"workshop\"]\nprints_badges = true\n"
            )
            .expect("writing to a string cannot fail");
        }
    }
    text
}

/// The part of the conference file that says how many seats there are for whom.
pub(crate) fn quotas_toml(plan: &Plan) -> String {
    let mut text = String::new();
    for (seat_type, stock) in &plan.stock {
        let shares: Vec<_> =
            stock.allotments.iter().map(|(node, seats)| format!("{node} = {seats}")).collect();
        write!(
            text,
            "\n[quotas.{seat_type}]\nquota = {}\nallotments = {{ {} }}\n",
            stock.quota,
            shares.join(", ")
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// The attendee list with one row a seat, as a plain CSV.
pub(crate) fn attendees_csv(guests: &[Guest]) -> String {
    let mut text = String::from("id,first name,last name,email,ticket code,order code,seat type,status\n");
    for guest in guests {
        let (first, last) = names(&guest.name);
        for (seat_type, state) in &guest.seats {
            writeln!(
                text,
                "{id},{first},{last},{email},{ticket},{order},{seat_type},{state}",
                id = ticket_of(&guest.name),
                email = email_of(&guest.name),
                ticket = ticket_of(&guest.name),
                order = guest.order_code,
            )
            .expect("writing to a string cannot fail");
        }
    }
    text
}
