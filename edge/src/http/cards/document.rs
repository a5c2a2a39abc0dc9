//! A document as a desk shows it: every field with what it says and who said it.

use std::collections::BTreeMap;

use lanyard_domain::Document;
use lanyard_domain::document::Written;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::cards::Names;

/// A document.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct DocumentCard {
    /// What an edit of it has seen; empty before the first.
    pub version: String,
    /// `badge_name`, `company`, `pronouns`, `access_needs` and `text`, where they say something. Several values of one
    /// field were written unseen by each other; the first is used until one is chosen.
    pub fields: BTreeMap<&'static str, Vec<ValueCard>>,
    /// Edits that wait for others that are not here.
    pub waiting: usize,
}

/// A value of a field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ValueCard {
    /// What it says; an empty one sets nothing.
    pub text: String,
    /// Who wrote it.
    pub by: String,
    /// Where.
    pub place: String,
    /// At which node.
    pub node: String,
    /// When, Unix milliseconds.
    pub at_ms: i64,
}

impl DocumentCard {
    /// The card of a document, with nothing in it before the first edit.
    pub fn of(document: Option<&Document>, names: Names<'_>) -> Self {
        let Some(document) = document else { return Self::default() };
        let shown = |values: &[Written]| values.iter().map(|value| ValueCard::of(value, names)).collect();
        Self {
            version: document.version.to_string(),
            fields: document.fields.iter().map(|(field, values)| (field.as_str(), shown(values))).collect(),
            waiting: document.waiting(),
        }
    }
}

impl ValueCard {
    fn of(value: &Written, names: Names<'_>) -> Self {
        Self {
            text: value.text.clone(),
            by: value.at.actor.clone(),
            place: names.place(&value.at.desk),
            node: names.account(value.at.account),
            at_ms: value.at.at_ms,
        }
    }
}
