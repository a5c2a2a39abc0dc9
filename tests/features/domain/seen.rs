//! What can be seen of a node in memory, in the words of the specifications.

use anyhow::Context as _;
use lanyard_domain::conflict::SideKind;
use lanyard_domain::event::Facts;
use lanyard_domain::{Account, OrderId, SeatTypeId, View as _};

use super::commands::attendee_named;
use super::node::{Node, log_of};
use super::venue::MemoryVenue;
use crate::driver::{AttendeeSeen, BadgeSeen, CheckInSeen, ConflictSeen, OrderSeen, StateSeen, StockSeen};
use crate::fixture::seat_type_name;

fn account_name(venue: &MemoryVenue, account: Account) -> String {
    let named = venue.names().find(|name| *name != "hq" && account == Account::Venue(log_of(name)));
    named.unwrap_or("hq").to_owned()
}

/// Somebody.
pub(crate) fn attendee(node: &Node, venue: &MemoryVenue, name: &str) -> Option<AttendeeSeen> {
    let id = attendee_named(node, name).ok()?;
    let known = node.view.attendee(id)?;
    let check_ins = known.check_ins.iter().map(|check_in| CheckInSeen {
        node: account_name(venue, check_in.at.account),
        desk: check_in.at.desk.clone(),
        effective: known.is_effective(check_in),
        annulled_by: check_in.annulled.as_ref().map(|annulled| annulled.at.actor.clone()),
    });
    let badges = known.badges.iter().map(|badge| BadgeSeen {
        code: badge.badge_code.to_string(),
        active: badge.is_active(),
        entitlements: badge.entitlements.iter().map(|id| seat_type_name(id.as_str()).to_owned()).collect(),
    });
    Some(AttendeeSeen {
        version: known.entries,
        code: known.codes.first().cloned().unwrap_or_default(),
        is_in: known.is_in(),
        check_ins: check_ins.collect(),
        badges: badges.collect(),
    })
}

/// An order.
pub(crate) fn order(node: &Node, id: &OrderId, now_ms: i64) -> anyhow::Result<OrderSeen> {
    let known = node.view.order(*id).with_context(|| format!("{} does not know the order", node.name))?;
    let lines = known.lines.iter();
    Ok(OrderSeen {
        state: known.state.as_str().to_owned(),
        access_code: known.access_code.clone(),
        lines: lines
            .map(|line| (seat_type_name(line.seat_type.as_str()).to_owned(), line.wanted, line.held))
            .collect(),
        total_minor: known.total_minor(),
        paid_minor: known.paid_minor,
        hold_left_ms: known.expires_ms - now_ms,
    })
}

/// Conflicts of everybody, sorted.
pub(crate) fn conflicts(node: &Node, venue: &MemoryVenue) -> Vec<ConflictSeen> {
    let all = node.view.attendees().flat_map(|(id, known)| known.conflicts(id));
    let mut seen: Vec<_> = all
        .map(|conflict| ConflictSeen {
            kind: conflict.kind.as_str().to_owned(),
            attendee: node.name_of(conflict.attendee),
            sides: conflict
                .sides
                .iter()
                .map(|side| {
                    let what = match side.what {
                        SideKind::CheckIn => "attendee-checked-in",
                        SideKind::Cancellation => "seat-cancelled",
                    };
                    (what.to_owned(), account_name(venue, side.at.account), side.effective)
                })
                .collect(),
            delay_ms: conflict.delay_ms,
            open: conflict.is_open(),
        })
        .collect();
    seen.sort();
    seen
}

/// Seats of a type.
pub(crate) fn stock(node: &Node, id: &SeatTypeId) -> StockSeen {
    let ledger = node.view.ledger(id);
    let elsewhere = ledger
        .elsewhere(node.account(), &node.view.past_logs())
        .into_iter()
        .map(|(_, remaining)| remaining)
        .sum();
    StockSeen { here: ledger.available(node.account()), elsewhere }
}

/// Everything in short: entries, and a hash over every state.
pub(crate) fn state(node: &Node) -> StateSeen {
    let mut hasher = blake3::Hasher::new();
    for (stream, state) in node.view.states() {
        hasher.update(stream.name().to_string().as_bytes());
        hasher.update(&state.to_bytes());
    }
    StateSeen { entries: node.stored().len() as u64, hash: hasher.finalize().to_string() }
}

/// What supervisors set aside, as the log has it.
pub(crate) fn overrides(node: &Node) -> Vec<String> {
    let events = node.stored().iter().filter_map(|stored| stored.known.as_ref());
    let overridden = events.filter_map(|(_, event)| match &event.facts {
        Facts::AttendeeCheckedIn(checked_in) => checked_in.overridden,
        _ => None,
    });
    overridden
        .map(|kind| serde_json::to_value(kind).expect("a word").as_str().unwrap_or_default().to_owned())
        .collect()
}
