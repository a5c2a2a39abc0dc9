//! Events as entries hold them: facts, and the words about people that go with some of them.

use super::Facts;
use crate::person::Person;

/// Facts with the words that go with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub facts: Facts,
    /// Names and free text.
    pub personal: Option<Person>,
}

/// Why the bytes of an entry are no event of this build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Kind or version this build does not know; it is kept and applied after an upgrade.
    #[error("the kind of event is not known to this build")]
    Unknown,
    /// Known kind whose bytes do not parse.
    #[error("the event cannot be read: {why}")]
    Malformed {
        /// What the parser said.
        why: String,
    },
}

impl Event {
    /// An event without words.
    pub fn of(facts: impl Into<Facts>) -> Self {
        Self { facts: facts.into(), personal: None }
    }

    /// An event with words.
    pub fn with(facts: impl Into<Facts>, personal: Option<Person>) -> Self {
        Self { facts: facts.into(), personal }
    }

    /// The personal part as JSON bytes.
    pub fn personal_bytes(&self) -> Option<Vec<u8>> {
        self.personal.as_ref().map(|words| serde_json::to_vec(words).expect("words are JSON text"))
    }

    /// Reads an event back from an entry's kind, version and parts.
    ///
    /// # Errors
    /// As [`Facts::parse`]; an absent personal part is no error.
    pub fn parse(
        kind: &str,
        version: u16,
        facts: &[u8],
        personal: Option<&[u8]>,
    ) -> Result<Self, EventError> {
        let facts = Facts::parse(kind, version, facts)?;
        let personal = personal
            .map(serde_json::from_slice)
            .transpose()
            .map_err(|source: serde_json::Error| EventError::Malformed { why: source.to_string() })?;
        Ok(Self { facts, personal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::BadgeVoided;

    #[test]
    fn an_event_reads_back_and_one_of_another_build_is_told_apart() {
        let facts = BadgeVoided { badge_code: "B2".parse().unwrap() };
        let event = Event::with(facts, Person::because(" torn "));
        let (kind, version, bytes) = (event.facts.kind(), event.facts.version(), event.facts.to_bytes());
        assert_eq!(
            (kind, version, bytes.as_slice()),
            ("badge-voided", 1, br#"{"badge_code":"B2"}"#.as_slice())
        );
        let words = event.personal_bytes();
        assert_eq!(Event::parse(kind, version, &bytes, words.as_deref()), Ok(event));
        assert_eq!(Event::parse("badge-voided", 2, &bytes, None), Err(EventError::Unknown));
        assert!(matches!(Event::parse(kind, 1, b"{}", None), Err(EventError::Malformed { .. })));
    }
}
