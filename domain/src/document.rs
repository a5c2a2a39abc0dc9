//! Documents: text that several desks may edit at once, merged by automerge.
//!
//! Responsible for the folded document: the changes that count, compacted, and what they read as. A change
//! whose dependencies are not here waits in the state until they come. Nothing with an invariant is ever a
//! value of a document.

mod bytes;
mod edit;
mod genesis;
mod merged;
mod name;
mod version;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attendee::Moment;
use crate::event::Event;
use crate::fold::Placed;
use merged::{Merged, ReadChange};

pub use bytes::DocumentBytes;
pub(crate) use edit::edit;
pub use name::{DocumentId, Field, SharedDocument};
pub use version::{Version, VersionError};

/// Most changes that count in one document; concurrent edits may pass what an edit is allowed to reach.
const APPLIED_MAX: u32 = 2_000;

/// Most changes of one document that wait for others.
const PARKED_MAX: usize = 64;

/// A value of a field, and who wrote it.
// Stored: inside `Document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// What it says; an empty one sets nothing.
    pub text: String,
    /// The change that made it so.
    pub at: Moment,
    /// Which operation of the document it is.
    op: String,
}

/// A change that waits for those it was made on.
// Stored: inside `Document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Parked {
    change: DocumentBytes,
    at: Moment,
}

/// What the changes of a document come to.
// Stored: JSON, inside `Attendee` and `SharedText`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Every change that counts, compacted; empty before the first.
    base: DocumentBytes,
    /// What an edit says it has seen.
    pub version: Version,
    /// Changes that count.
    pub changes: u32,
    /// What each field says, where it says something; several values where desks wrote unseen by each other, the one
    /// that is used first.
    pub fields: BTreeMap<Field, Vec<Written>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parked: Vec<Parked>,
    /// Changes that are in the log and do not count: unreadable, or beyond the limits.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u32,
}

/// A text that belongs to the conference.
// Stored: JSON, state of stream `document/{name}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedText {
    /// Entries folded.
    pub entries: u64,
    /// What it says.
    pub document: Document,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl SharedText {
    /// Applies one entry of the stream.
    pub fn apply(&mut self, event: &Event, at: &Placed<'_>) {
        self.entries += 1;
        if let Some(change) = event.personal.as_ref().and_then(|words| words.change.as_ref()) {
            self.document.apply(change, at);
        }
    }
}

impl Document {
    /// What a field says, the value that is used where there are several.
    pub fn text(&self, field: Field) -> Option<&str> {
        let first = self.fields.get(&field)?.first()?;
        (!first.text.is_empty()).then_some(first.text.as_str())
    }

    /// Changes that wait for those they were made on.
    pub fn waiting(&self) -> usize {
        self.parked.len()
    }

    /// Applies a change, and those that waited for it.
    pub fn apply(&mut self, change: &DocumentBytes, at: &Placed<'_>) {
        let mut next = Some(Parked { change: change.clone(), at: Moment::of(at) });
        while let Some(taken) = next {
            if !self.take(taken) {
                return;
            }
            next = self.next_parked();
        }
    }

    /// Takes one change; tells whether it counts from here on.
    fn take(&mut self, taken: Parked) -> bool {
        let (Some(mut merged), Some(change)) = (Merged::load(&self.base), ReadChange::read(&taken.change))
        else {
            self.left_out += 1;
            return false;
        };
        if merged.has(&change) {
            return false;
        }
        if self.changes >= APPLIED_MAX {
            self.left_out += 1;
            return false;
        }
        if merged.lacks(&change) {
            if self.parked.len() < PARKED_MAX {
                self.parked.push(taken);
            } else {
                self.left_out += 1;
            }
            return false;
        }
        if !merged.apply(change) {
            self.left_out += 1;
            return false;
        }
        self.changes += 1;
        self.base = merged.save();
        self.version = merged.version();
        self.fields = self.rendered(&merged, &taken.at);
        true
    }

    /// A parked change whose dependencies have come.
    fn next_parked(&mut self) -> Option<Parked> {
        if self.parked.is_empty() {
            return None;
        }
        let merged = Merged::load(&self.base)?;
        let is_ready =
            |parked: &Parked| ReadChange::read(&parked.change).is_some_and(|change| !merged.lacks(&change));
        let at = self.parked.iter().position(is_ready)?;
        Some(self.parked.remove(at))
    }

    /// The fields as they read; what was there before keeps its moment.
    fn rendered(&self, merged: &Merged, at: &Moment) -> BTreeMap<Field, Vec<Written>> {
        let mut fields = BTreeMap::new();
        for field in Field::ALL {
            let known = self.fields.get(&field).map(Vec::as_slice).unwrap_or_default();
            let written = |(op, text): (String, String)| {
                let before = known.iter().find(|known| known.op == op && known.text == text);
                Written { at: before.map_or(at, |known| &known.at).clone(), text, op }
            };
            let values: Vec<_> = merged.values(field).into_iter().map(written).collect();
            if values.iter().any(|value| !value.text.is_empty()) {
                fields.insert(field, values);
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests;
