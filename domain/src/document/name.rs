//! Which documents there are and which fields they have.

use serde::{Deserialize, Serialize};

use crate::id::AttendeeId;
use crate::role::Role;

/// A document.
// Stored: inside `Command`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentId {
    /// Badge text of an attendee and the notes of staff on them; in the attendee's stream.
    Attendee(AttendeeId),
    /// A text of the conference; in a stream of its own.
    Shared(SharedDocument),
}

/// A text that belongs to the conference.
// Stored: inside `Command`, and as text in names of streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedDocument {
    /// What one shift tells the next.
    Handover,
    /// How things are done at the venue.
    RunBook,
}

/// A field of a document.
// Stored: as text in `Document` and `Command`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The name on the badge, instead of the one on the list.
    BadgeName,
    /// The company on the badge, instead of the one on the list.
    Company,
    /// The pronouns on the badge, instead of those on the list.
    Pronouns,
    /// What somebody needs to take part.
    AccessNeeds,
    /// The long text: notes of staff on an attendee, or the text of the conference.
    Text,
}

impl DocumentId {
    /// Whether the document has the field.
    pub const fn has(self, field: Field) -> bool {
        match self {
            Self::Attendee(_) => true,
            Self::Shared(_) => matches!(field, Field::Text),
        }
    }

    /// Most changes an edit may bring the document to.
    pub const fn changes_max(self) -> u32 {
        match self {
            Self::Attendee(_) => 200,
            Self::Shared(_) => 500,
        }
    }

    /// The least role that may edit it.
    pub const fn least_role(self) -> Role {
        match self {
            Self::Attendee(_) | Self::Shared(SharedDocument::Handover) => Role::Volunteer,
            Self::Shared(SharedDocument::RunBook) => Role::Supervisor,
        }
    }
}

impl SharedDocument {
    /// Its stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handover => "handover",
            Self::RunBook => "run_book",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Handover, Self::RunBook].into_iter().find(|document| document.as_str() == word)
    }
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 5] =
        [Self::BadgeName, Self::Company, Self::Pronouns, Self::AccessNeeds, Self::Text];

    /// Its stable word, also its key in the document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadgeName => "badge_name",
            Self::Company => "company",
            Self::Pronouns => "pronouns",
            Self::AccessNeeds => "access_needs",
            Self::Text => "text",
        }
    }

    /// Longest text in characters.
    pub const fn chars_max(self) -> usize {
        match self {
            Self::BadgeName | Self::Company | Self::Pronouns => 100,
            Self::AccessNeeds => 500,
            Self::Text => 4_000,
        }
    }

    /// Whether it is printed, so that it stands on one line.
    pub const fn is_one_line(self) -> bool {
        match self {
            Self::BadgeName | Self::Company | Self::Pronouns => true,
            Self::AccessNeeds | Self::Text => false,
        }
    }
}
