//! Print jobs: the durable queue of badges to be printed.

use lanyard_domain::{AttendeeId, BadgeCode};
use rusqlite::Row;

use super::{Read, ReadError};
use crate::engine::{PrintQuestion, PrintState};
use crate::store::{StoreError, sql};

/// A badge to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintJob {
    /// Its number.
    pub id: i64,
    /// Whose badge.
    pub attendee: AttendeeId,
    /// The code on it.
    pub badge_code: BadgeCode,
    /// The desk that asked for it.
    pub desk: String,
    /// Where it is to come out.
    pub printer: String,
    /// Where it stands.
    pub state: PrintState,
    /// Why, as a word.
    pub reason: Option<String>,
    /// What staff are asked.
    pub question: Option<PrintQuestion>,
    /// When it was queued, Unix milliseconds.
    pub queued_at_ms: i64,
    /// When it last changed, Unix milliseconds.
    pub changed_at_ms: i64,
}

/// Most jobs of one answer.
const JOBS_MAX: u32 = 500;

impl Read<'_> {
    /// Reads the print jobs that are not at an end, oldest first.
    pub fn open_print_jobs(&self) -> Result<Vec<PrintJob>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, attendee, badge_code, desk, printer, state, reason, question, queued_at_ms, changed_at_ms \
             FROM print_jobs WHERE state IN ('queued', 'printing', 'waiting', 'failed') ORDER BY id LIMIT ?1",
        )?;
        collect(statement.query([JOBS_MAX])?)
    }

    /// Reads the last print jobs, whatever their state, latest first.
    pub fn recent_print_jobs(&self, limit: u32) -> Result<Vec<PrintJob>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, attendee, badge_code, desk, printer, state, reason, question, queued_at_ms, changed_at_ms \
             FROM print_jobs ORDER BY id DESC LIMIT ?1",
        )?;
        collect(statement.query([limit.min(JOBS_MAX)])?)
    }

    /// Reads print jobs of attendees who were erased, oldest first.
    pub fn print_jobs_of_the_erased(&self) -> Result<Vec<PrintJob>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, attendee, badge_code, desk, printer, state, reason, question, queued_at_ms, changed_at_ms \
             FROM print_jobs WHERE attendee IN (SELECT s.key FROM erasures r JOIN streams s ON s.id = r.stream \
             WHERE s.category = 'attendee') ORDER BY id LIMIT ?1",
        )?;
        collect(statement.query([JOBS_MAX])?)
    }

    /// Reads one print job.
    pub fn print_job(&self, id: i64) -> Result<Option<PrintJob>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, attendee, badge_code, desk, printer, state, reason, question, queued_at_ms, changed_at_ms \
             FROM print_jobs WHERE id = ?1",
        )?;
        Ok(collect(statement.query([id])?)?.pop())
    }

    /// Reads the print job of a badge.
    pub fn print_job_of_badge(&self, badge_code: &BadgeCode) -> Result<Option<PrintJob>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, attendee, badge_code, desk, printer, state, reason, question, queued_at_ms, changed_at_ms \
             FROM print_jobs WHERE badge_code = ?1",
        )?;
        Ok(collect(statement.query([badge_code.as_str()])?)?.pop())
    }
}

fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<PrintJob>, ReadError> {
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(read(row)?);
    }
    Ok(jobs)
}

fn read(row: &Row<'_>) -> Result<PrintJob, StoreError> {
    let id: i64 = row.get(0)?;
    let damaged = |what: &str| StoreError::damaged(format!("print job {id} has no valid {what}"));
    let (badge_code, state, question): (String, String, Option<String>) =
        (row.get(2)?, row.get(5)?, row.get(7)?);
    Ok(PrintJob {
        id,
        attendee: AttendeeId(sql::bytes(row, 1)?),
        badge_code: badge_code.parse().map_err(|_| damaged("badge code"))?,
        desk: row.get(3)?,
        printer: row.get(4)?,
        state: PrintState::parse(&state).ok_or_else(|| damaged("state"))?,
        reason: row.get(6)?,
        question: question.as_deref().and_then(PrintQuestion::parse),
        queued_at_ms: row.get(8)?,
        changed_at_ms: row.get(9)?,
    })
}
