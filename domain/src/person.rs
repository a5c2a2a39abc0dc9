//! A person's words: the part of an event that may be erased.

use serde::{Deserialize, Serialize};

use crate::document::DocumentBytes;

/// Names, addresses and free text; the personal part of a payload. Absent fields are not written.
// Stored: JSON, the personal part of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Given names, or the whole name of someone with a single one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_name: String,
    /// Family names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_name: String,
    /// E-mail as given; compared without case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Company or institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Pronouns as the attendee wrote them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pronouns: Option<String>,
    /// BCP 47 tag of the preferred language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Why somebody did something, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A code nobody knows, as it was scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned: Option<String>,
    /// Argon2id verifier of a staff PIN (PHC string).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_verifier: Option<String>,
    /// A change of a document, which holds what was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<DocumentBytes>,
}

impl Person {
    /// Personal part that holds a reason only, or none for an empty one.
    pub fn because(reason: &str) -> Option<Self> {
        let reason = reason.trim();
        (!reason.is_empty()).then(|| Self { reason: Some(reason.to_owned()), ..Self::default() })
    }

    /// First and last name with a blank between, whichever exist.
    pub fn full_name(&self) -> String {
        match (self.first_name.trim(), self.last_name.trim()) {
            (first, "") => first.to_owned(),
            ("", last) => last.to_owned(),
            (first, last) => format!("{first} {last}"),
        }
    }

    /// Whether two descriptions are of one person: by e-mail where both have one, else by name.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self.email_key(), other.email_key()) {
            (Some(one), Some(other)) => one == other,
            _ => self.full_name().to_lowercase() == other.full_name().to_lowercase(),
        }
    }

    /// E-mail for comparison: trimmed and lower case.
    pub fn email_key(&self) -> Option<String> {
        self.email.as_deref().map(|email| email.trim().to_lowercase()).filter(|email| !email.is_empty())
    }
}
