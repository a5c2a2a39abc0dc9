//! A print job as a desk shows it.

use lanyard_domain::Person;
use lanyard_node::engine::{PrintQuestion, PrintState};
use lanyard_node::read::{PrintJob, Read, ReadError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::command::Decided;
use crate::http::failure::Failure;

/// A badge to be printed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PrintJobCard {
    /// Its number on this node.
    pub job_id: String,
    /// Whose badge.
    pub attendee_id: String,
    /// Their name.
    pub attendee_name: String,
    /// The code on it.
    pub badge_code: String,
    /// Where it is to come out.
    pub printer: String,
    /// `queued`, `printing`, `done`, `waiting`, `failed` or `discarded`.
    pub state: &'static str,
    /// Why, for staff.
    pub reason: Option<String>,
    /// `did_it_print` or `print_or_discard`.
    pub question: Option<&'static str>,
    /// Unix milliseconds.
    pub queued_at_ms: i64,
    /// Unix milliseconds.
    pub done_at_ms: Option<i64>,
}

impl PrintJobCard {
    /// The card of a job, with the name of whose badge it is.
    ///
    /// # Errors
    /// When the attendee cannot be read.
    pub fn read(db: &Read<'_>, job: PrintJob) -> Result<Self, ReadError> {
        let person = db.attendee(job.attendee)?.and_then(|attendee| attendee.person);
        Ok(Self::of(job, person.map(|person| person.full_name()).unwrap_or_default()))
    }

    /// The card of the job a command queued; none where it queued none.
    ///
    /// # Errors
    /// When the job cannot be read.
    pub async fn of_decided(decided: &Decided) -> Result<Option<Self>, Failure> {
        let Some(job) = decided.accepted.print_job else { return Ok(None) };
        let job = decided.node().reader.read(move |db| db.print_job(job)).await?;
        let person = decided.attendee().and_then(|(_, attendee)| attendee.person.as_ref());
        let name = person.map(Person::full_name).unwrap_or_default();
        Ok(job.map(|job| Self::of(job, name)))
    }

    fn of(job: PrintJob, attendee_name: String) -> Self {
        let done_at_ms = (job.state == PrintState::Done).then_some(job.changed_at_ms);
        Self {
            job_id: job.id.to_string(),
            attendee_id: job.attendee.to_string(),
            attendee_name,
            badge_code: job.badge_code.to_string(),
            printer: job.printer,
            state: job.state.as_str(),
            reason: job.reason,
            question: job.question.map(PrintQuestion::as_str),
            queued_at_ms: job.queued_at_ms,
            done_at_ms,
        }
    }
}
