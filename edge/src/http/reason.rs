//! Why somebody does something, in their own words.

use serde::Deserialize;
use utoipa::ToSchema;

/// A reason; empty ones are for the rules to refuse.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In the words of whoever gives it.
    pub reason: String,
}

/// A body without anything in it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
