//! What a node shows over HTTP, in the words of the specifications.

use serde_json::Value;

use super::sessions::role_of;
use crate::driver::{
    AttendeeSeen, BadgeSeen, CheckInSeen, ConflictSeen, JobSeen, OrderSeen, StateSeen, StockSeen,
};
use crate::fixture::seat_type_name;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn each<T>(values: &Value, shown: impl Fn(&Value) -> T) -> Vec<T> {
    values.as_array().map(|values| values.iter().map(shown).collect()).unwrap_or_default()
}

/// Somebody, from their card.
pub(crate) fn attendee(card: &Value) -> AttendeeSeen {
    AttendeeSeen {
        version: card["version"].as_u64().unwrap_or_default(),
        code: text(&card["access_code"]),
        is_in: card["state"] == "in",
        check_ins: each(&card["check_ins"], |check_in| CheckInSeen {
            node: text(&check_in["node"]),
            desk: text(&check_in["desk"]),
            effective: check_in["effective"] == true,
            annulled_by: check_in["annulled"]["by"].as_str().map(role_of),
        }),
        badges: each(&card["badges"], |badge| BadgeSeen {
            code: text(&badge["badge_code"]),
            active: badge["state"] == "active",
            entitlements: each(&badge["entitlements"], |name| seat_type_name(&text(name)).to_owned()),
        }),
    }
}

/// The dot of the check-in that stands.
pub(crate) fn standing_check_in(card: &Value) -> Option<String> {
    let check_ins = card["check_ins"].as_array()?;
    check_ins.iter().find(|check_in| check_in["annulled"].is_null()).map(|check_in| text(&check_in["dot"]))
}

/// An order, from its card.
pub(crate) fn order(card: &Value, now_ms: i64) -> OrderSeen {
    let count = |value: &Value| u32::try_from(value.as_u64().unwrap_or_default()).unwrap_or(u32::MAX);
    OrderSeen {
        state: text(&card["state"]),
        access_code: text(&card["access_code"]),
        lines: each(&card["lines"], |line| {
            (text(&line["name"]), count(&line["wanted"]), count(&line["held"]))
        }),
        total_minor: card["total_minor"].as_i64().unwrap_or_default(),
        paid_minor: card["paid_minor"].as_i64().unwrap_or_default(),
        hold_left_ms: card["expires_ms"].as_i64().unwrap_or_default() - now_ms,
    }
}

/// A conflict, from its card; HQ shows no names.
pub(crate) fn conflict(card: &Value, attendee: &str) -> ConflictSeen {
    ConflictSeen {
        kind: text(&card["kind"]),
        attendee: attendee.to_owned(),
        sides: each(&card["sides"], |side| {
            (text(&side["what"]), text(&side["node"]), side["effective"] == true)
        }),
        delay_ms: card["delay_ms"].as_i64(),
        open: card["state"] == "open",
    }
}

/// Seats of a type, from the list of seat types.
pub(crate) fn stock(cards: &Value, id: &str) -> StockSeen {
    let found = cards.as_array().and_then(|cards| cards.iter().find(|card| card["seat_type"] == id));
    let count = |name: &str| found.and_then(|card| card[name].as_i64()).unwrap_or_default();
    StockSeen { here: count("remaining_here"), elsewhere: count("remaining_elsewhere") }
}

/// A print job; what staff are told may stand with the printer.
pub(crate) fn job(card: &Value, printers: &Value) -> JobSeen {
    let printer =
        printers.as_array().and_then(|cards| cards.iter().find(|one| one["printer"] == card["printer"]));
    let reason = card["reason"].as_str().or_else(|| printer.and_then(|printer| printer["reason"].as_str()));
    JobSeen {
        id: text(&card["job_id"]),
        name: text(&card["attendee_name"]),
        printer: text(&card["printer"]),
        state: text(&card["state"]),
        question: card["question"].as_str().map(str::to_owned),
        reason: reason.map(str::to_owned),
    }
}

/// Everything in short.
pub(crate) fn state(card: &Value) -> StateSeen {
    StateSeen { entries: card["entries"].as_u64().unwrap_or_default(), hash: text(&card["state_hash"]) }
}

/// What supervisors set aside, from the lines of `lanyard events --json`.
pub(crate) fn overrides(lines: &str) -> Vec<String> {
    let events = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.filter_map(|event| event["facts"]["overridden"].as_str().map(str::to_owned)).collect()
}
