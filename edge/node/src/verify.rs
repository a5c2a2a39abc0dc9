//! Verification: what must always be true of a node's database, checked from the log up.
//!
//! Responsible for the invariants of one database: each log gap-free, chained, signed and as committed
//! (I5), read models equal to the fold (I6), one outcome a command (I7), seats conserved (I1), one good
//! badge and one effective check-in each (I2, I3). A finding names the rows and says what to do.

mod chains;
mod columns;
mod commands;
mod local;
mod models;
mod rules;
#[cfg(test)]
mod tests;
mod wal;

use std::path::Path;

use rusqlite::Connection;

use crate::store::downgrade::refuse_taken_over;
use crate::store::{StoreError, open_for_reading};

/// Most findings of one kind that are listed; more are counted.
pub const FINDINGS_MAX: usize = 100;
const CACHE_KIB: u32 = 16 * 1024;

/// An invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Seats are conserved per type.
    I1,
    /// One active badge per attendee, open double entries aside.
    I2,
    /// One effective check-in per attendee, list and window, and none lost.
    I3,
    /// Each log is gap-free, and chain, signatures and commitments verify.
    I5,
    /// Every read model equals the fold of the log.
    I6,
    /// Each command id has one outcome.
    I7,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is broken.
    pub invariant: Invariant,
    /// Where and how, in a sentence.
    pub what: String,
}

/// What was checked and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries whose chain and payload were checked.
    pub entries: u64,
    /// Logs.
    pub logs: u64,
    /// Streams whose state was folded again.
    pub streams: u64,
    /// Outcomes.
    pub outcomes: u64,
    /// Entries that follow a snapshot; states and projections can be compared with the log once they are here.
    pub entries_to_come: u64,
    /// Long streams that are being folded anew; states and projections can be compared with the log once they are.
    pub streams_to_fold: u64,
    /// What is not as it must be, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub more_findings: u64,
}

impl Report {
    /// Whether everything is as it must be.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, invariant: Invariant, what: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { invariant, what: what.into() });
        } else {
            self.more_findings += 1;
        }
    }

    /// What could not be read to its end is damaged; the other checks go on.
    fn find_failure(&mut self, error: &StoreError) {
        let why = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
        self.find(
            Invariant::I5,
            format!("the check did not come to its end: {error}{why}. Run `lanyard repair`."),
        );
    }
}

impl Invariant {
    /// Whether it is about the log and what is made of it, and not about what the log says happened.
    pub const fn is_of_the_store(self) -> bool {
        match self {
            Self::I5 | Self::I6 | Self::I7 => true,
            Self::I1 | Self::I2 | Self::I3 => false,
        }
    }

    /// What must be true.
    pub const fn claim(self) -> &'static str {
        match self {
            Self::I1 => "seats are conserved",
            Self::I2 => "one good badge per attendee",
            Self::I3 => "one effective check-in per attendee, list and window",
            Self::I5 => "each log is whole",
            Self::I6 => "read models equal the fold of the log",
            Self::I7 => "each command has one outcome",
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} ({}): {}", self.invariant, self.invariant.claim(), self.what)
    }
}

/// Checks a database as of one commit; the node may be working.
///
/// # Errors
/// When the database cannot be opened; whatever in it cannot be read is a finding.
pub fn verify(database: &Path) -> Result<Report, StoreError> {
    let db = open_for_reading(database, CACHE_KIB)?;
    if let Err(newer @ StoreError::Newer { .. }) = refuse_taken_over(&db) {
        return Err(newer);
    }
    db.execute_batch("BEGIN")?;
    let mut report = Report::default();
    if let Err(error) = wal::check(database, &mut report) {
        report.find(
            Invariant::I5,
            format!("the write-ahead log cannot be read: {error}. Run `lanyard repair`."),
        );
    }
    for check in [
        check_pages,
        chains::check,
        columns::check,
        models::check,
        commands::check,
        local::check,
        // Last: however much it finds, what is wrong with the log and its fold is listed before.
        rules::check,
    ] {
        if let Err(error) = check(&db, &mut report) {
            report.find_failure(&error);
        }
    }
    Ok(report)
}

fn check_pages(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let said: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if said != "ok" {
        report.find(Invariant::I5, format!("SQLite finds damage in the file: {said}. Run `lanyard repair`."));
    }
    Ok(())
}
