//! What reading a list came to: whose export it is, which columns were used, which rows were refused.

use std::collections::BTreeMap;

use serde::Serialize;

use super::columns::{Field, Source};

/// The report on one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whose export it is.
    pub source: Source,
    /// Rows with anything in them, the header aside.
    pub rows: u64,
    /// Rows that were handed on.
    pub accepted: u64,
    /// Rows that were not, in the order of their lines.
    pub refused: Vec<RefusedRow>,
    /// What was made of the header.
    pub columns: ColumnReport,
}

/// One row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedRow {
    /// Line of the file the row starts at, the header being line 1.
    pub line: u64,
    /// Why, and for whom to put right.
    pub reason: String,
}

/// Which columns were used for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnReport {
    /// Field of an attendee to the header it was read from.
    pub recognised: BTreeMap<Field, String>,
    /// Headers nothing was read from.
    pub ignored: Vec<String>,
}
