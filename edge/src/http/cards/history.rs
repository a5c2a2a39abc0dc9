//! What happened to an attendee or an order, one line an entry.

use lanyard_node::engine::EventLine;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::cards::Names;

/// A line of the history of an attendee or an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistoryLine {
    /// The entry.
    pub dot: String,
    /// Writer's clock, Unix milliseconds.
    pub at_ms: i64,
    /// The kind's wire name.
    pub what: String,
    /// Desk; none away from one.
    pub desk: Option<String>,
    /// Where the desk stands; none away from one.
    pub place: Option<String>,
    /// Who; none for the node itself.
    pub actor: Option<String>,
    /// The same in a sentence, for whoever has no words of their own for the kind.
    pub words: String,
}

impl HistoryLine {
    /// The line of an entry.
    pub fn of(line: &EventLine, names: Names<'_>) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let place = (!line.desk.is_empty()).then(|| names.place(&line.desk));
        Self {
            dot: line.dot.to_string(),
            at_ms: line.at_ms,
            what: line.kind.clone(),
            desk: some(&line.desk),
            actor: some(&line.actor),
            words: words(&line.kind, place.as_deref()),
            place,
        }
    }
}

fn words(kind: &str, place: Option<&str>) -> String {
    let deed = deed(kind);
    place.map_or_else(|| deed.to_owned(), |place| format!("{deed} at {place}"))
}

fn deed(kind: &str) -> &str {
    match kind {
        "attendee-imported" => "Came with an attendee list",
        "attendee-registered" => "Registered",
        "attendee-checked-in" => "Checked in",
        "check-in-annulled" => "Check-in taken back",
        "badge-issued" => "Badge made",
        "badge-voided" => "Badge voided",
        "badge-printed" => "Badge printed",
        "seat-assigned" => "Seat given",
        "seat-cancelled" => "Seat cancelled",
        "attendee-erased" => "Data erased",
        "document-changed" => "Badge text or notes edited",
        "conflict-resolved" => "Conflict decided",
        "order-imported" => "Order came with an attendee list",
        "order-placed" => "Ordered",
        "payment-taken" => "Payment taken",
        "order-confirmed" => "Order confirmed",
        "order-cancelled" => "Order cancelled",
        "order-released" => "Seats given back",
        "order-seat-assigned" => "Seat named",
        // A kind of a newer build: its name says more than nothing.
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use lanyard_domain::Facts;

    use super::*;

    #[test]
    fn a_line_says_where() {
        assert_eq!(words("attendee-checked-in", Some("Main door")), "Checked in at Main door");
        assert_eq!(words("attendee-imported", None), "Came with an attendee list");
    }

    #[test]
    fn every_kind_of_an_attendees_or_orders_stream_has_words() {
        let prefixes =
            ["attendee-", "badge-", "seat-", "check-in-", "conflict-", "document-", "order-", "payment-"];
        let is_shown = |kind: &&str| prefixes.iter().any(|prefix| kind.starts_with(prefix));
        for kind in Facts::KINDS.iter().map(|(kind, _)| *kind).filter(is_shown) {
            assert_ne!(deed(kind), kind);
        }
    }
}
