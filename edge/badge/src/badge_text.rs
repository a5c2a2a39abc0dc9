//! The words of one badge.

use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

/// The words that the placeholders of a layout stand for. What is unknown stays empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BadgeText {
    /// Given name, or the whole name of someone who has one word.
    pub first_name: String,
    /// Family name; empty for single-word names.
    pub last_name: String,
    /// Company or institution.
    pub company: String,
    /// Pronouns as the attendee wrote them.
    pub pronouns: String,
    /// Name of the seat type that admits the attendee.
    pub seat_type: String,
    /// Names of the extra events the attendee may enter.
    pub entitlements: Vec<String>,
    /// What the QR code says; empty before a badge is issued, and then no QR is drawn.
    pub badge_code: String,
    /// Name of the conference.
    pub conference: String,
}

/// Every placeholder a layout may name, in the order error messages list them.
pub(crate) const PLACEHOLDERS: [&str; 8] = [
    "first_name",
    "last_name",
    "company",
    "pronouns",
    "seat_type",
    "entitlements",
    "badge_code",
    "conference",
];

impl BadgeText {
    /// Gives the words to the template engine under the names of [`PLACEHOLDERS`].
    pub(crate) fn placeholders(&self) -> Value {
        context! {
            first_name => &self.first_name,
            last_name => &self.last_name,
            company => &self.company,
            pronouns => &self.pronouns,
            seat_type => &self.seat_type,
            entitlements => self.entitlements.iter().map(Value::from).collect::<Value>(),
            badge_code => &self.badge_code,
            conference => &self.conference,
        }
    }

    /// Words of every kind, with which a layout is tried when it is read.
    pub(crate) fn sample() -> Self {
        Self {
            first_name: "Łukasz".into(),
            last_name: "Sørensen".into(),
            company: "Example".into(),
            pronouns: "they/them".into(),
            seat_type: "General admission".into(),
            entitlements: vec!["Workshop".into(), "Dinner".into()],
            badge_code: "SAMPLE".into(),
            conference: "Conference".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_placeholder_has_a_value_and_every_field_a_placeholder() {
        let values = BadgeText::sample().placeholders();
        for name in PLACEHOLDERS {
            assert!(!values.get_attr(name).expect("a map answers").is_undefined(), "{name}");
        }
        assert_eq!(values.len(), Some(PLACEHOLDERS.len()));
    }
}
