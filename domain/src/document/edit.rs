//! The rules of editing a document.

use std::collections::BTreeMap;

use super::merged::{Merged, UnknownVersion};
use super::{Document, DocumentId, Field, Version};
use crate::decide::{Deciding, Draft};
use crate::event::{DocumentChanged, Event};
use crate::person::Person;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::view::View;

/// Longest change in bytes: base64 of it fits into the personal part of an entry.
const CHANGE_MAX_BYTES: usize = 40 * 1024;

/// Decides `EditDocument`: the words are set against what the desk has seen, so that whatever somebody else wrote
/// meanwhile is kept beside them.
pub(crate) fn edit(
    view: &impl View,
    document: DocumentId,
    seen: &Version,
    edits: &BTreeMap<Field, String>,
    deciding: &Deciding,
) -> Result<Vec<Draft>, Refusal> {
    let (stream, present) = editable(view, document)?;
    let edits = within_limits(document, edits)?;
    if present.changes >= document.changes_max() {
        return Err(Refusal::DocumentFull { changes: present.changes });
    }
    let made = Merged::load(&present.base).ok_or(UnknownVersion).and_then(|merged| {
        // Each change has an actor of its own: two branches of a log never make two changes of one name.
        let log = deciding.log;
        let actor = deciding.draw(&format!("actor {} {}", log.node, log.epoch), 0);
        merged.edit(seen, &edits, actor)
    });
    let Some(change) = made.map_err(|UnknownVersion| Refusal::UnknownVersion)? else { return Ok(Vec::new()) };
    if change.0.len() > CHANGE_MAX_BYTES {
        return Err(invalid(Field::Text, "too much at once".to_owned()));
    }
    let words = Person { change: Some(change), ..Person::default() };
    Ok(vec![Draft::new(stream, Event::with(DocumentChanged {}, Some(words)))])
}

/// The stream of a document that may be edited, and what it says.
fn editable(view: &impl View, document: DocumentId) -> Result<(Stream, Document), Refusal> {
    match document {
        DocumentId::Shared(shared) => {
            Ok((Stream::Document(shared), view.document(shared).unwrap_or_default()))
        }
        DocumentId::Attendee(id) => {
            let attendee = view.attendee(id).ok_or(Refusal::UnknownAttendee)?;
            match &attendee.erased {
                Some(erased) => Err(Refusal::Erased { at_ms: erased.at_ms }),
                None => Ok((Stream::Attendee(id), attendee.document.as_deref().cloned().unwrap_or_default())),
            }
        }
    }
}

/// The texts as they are kept: trimmed, and only those the document has room for.
fn within_limits(
    document: DocumentId,
    edits: &BTreeMap<Field, String>,
) -> Result<BTreeMap<Field, String>, Refusal> {
    let mut kept = BTreeMap::new();
    for (field, text) in edits {
        if !document.has(*field) {
            return Err(invalid(*field, "not a field of this document".to_owned()));
        }
        let text = text.trim().replace("\r\n", "\n");
        if text.chars().count() > field.chars_max() {
            return Err(invalid(*field, format!("longer than {} characters", field.chars_max())));
        }
        let is_wrong = |c: char| c.is_control() && (field.is_one_line() || !matches!(c, '\n' | '\t'));
        if text.contains(is_wrong) {
            return Err(invalid(*field, "has characters that cannot be shown".to_owned()));
        }
        kept.insert(*field, text);
    }
    Ok(kept)
}

fn invalid(field: Field, why: String) -> Refusal {
    Refusal::InvalidField { field: field.as_str().to_owned(), why }
}
