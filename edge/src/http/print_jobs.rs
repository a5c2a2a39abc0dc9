//! Print jobs: what waits, and what staff decide on it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_domain::{Command, Role};
use lanyard_node::engine::{LocalAnswer, LocalChange, PrintState, Submitted};
use lanyard_node::http::{IdempotencyKey, Json, Problem};
use lanyard_node::read::{PrintJob, ReadError};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::cards::print_job::PrintJobCard;
use crate::http::failure::Failure;
use crate::http::parts::{Parameters, Path};
use crate::http::signed::Signed;
use crate::node::Node;

const RECENT: u32 = 50;

/// Which jobs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// `open` or `recent`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    state: WhichState,
}

/// Which jobs, by their state.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhichState {
    /// Not at an end, oldest first.
    #[default]
    Open,
    /// The last ones, whatever their state.
    Recent,
}

/// What staff decide on a job.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What to do.
    decision: PrintDecision,
    /// Another printer of this node.
    #[serde(default)]
    printer: Option<String>,
}

/// What to do with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrintDecision {
    /// It is to be printed, again or elsewhere.
    Print,
    /// It is not wanted.
    Discard,
    /// It came out.
    Printed,
}

/// Lists print jobs.
#[utoipa::path(get, path = "/print-jobs", tag = "printing", params(Which), responses((status = 200, body = Vec<PrintJobCard>)))]
pub async fn list(
    State(node): State<Node>,
    signed: Signed,
    Parameters(which): Parameters<Which>,
) -> Result<axum::Json<Vec<PrintJobCard>>, Failure> {
    signed.needs(Role::Volunteer)?;
    let jobs = node.reader.read(move |db| {
        let jobs = match which.state {
            WhichState::Open => db.open_print_jobs()?,
            WhichState::Recent => db.recent_print_jobs(RECENT)?,
        };
        jobs.into_iter().map(|job| PrintJobCard::read(db, job)).collect::<Result<Vec<_>, ReadError>>()
    });
    Ok(axum::Json(jobs.await?))
}

/// Decides on a job that waits. Sending the same decision again changes nothing.
#[utoipa::path(post, path = "/print-jobs/{job_id}/decision", tag = "printing", request_body = DecisionRequest,
    params(("job_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = PrintJobCard), (status = 409, description = "The job is in another state")))]
pub async fn decide(
    State(node): State<Node>,
    signed: Signed,
    Path(id): Path<String>,
    key: IdempotencyKey,
    request: Json<DecisionRequest>,
) -> Result<Response, Failure> {
    signed.needs(Role::Volunteer)?;
    let DecisionRequest { decision, printer } = request.value;
    if let Some(unknown) = printer.as_deref().filter(|printer| node.printer(printer).is_none()) {
        let detail = format!("This node has no printer called {unknown}.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_printer", detail).into());
    }
    let id: i64 = id.parse().map_err(|_| unknown_job())?;
    let job = node.reader.read(move |db| db.print_job(id)).await?.ok_or_else(unknown_job)?;
    if decision == PrintDecision::Printed {
        report_printed(&node, &signed, key, &request.hash, &job).await?;
    }
    let changed = node.writer.change(change(&job, decision, printer)).await.map_err(Problem::from)?;
    let after = node.reader.read(move |db| {
        db.print_job(id)?.map(|job| Ok((job.state, PrintJobCard::read(db, job)?))).transpose()
    });
    let (state, card): (PrintState, PrintJobCard) = after.await?.ok_or_else(unknown_job)?;
    match changed {
        LocalAnswer::Changed => Ok((StatusCode::CREATED, axum::Json(card)).into_response()),
        // The same decision twice, such as after a line that broke: the first one stands.
        LocalAnswer::NotApplicable if state == target(decision) => {
            Ok((StatusCode::CREATED, axum::Json(card)).into_response())
        }
        LocalAnswer::NotApplicable => Err(in_another_state(&card).into()),
    }
}

fn target(decision: PrintDecision) -> PrintState {
    match decision {
        PrintDecision::Print => PrintState::Queued,
        PrintDecision::Discard => PrintState::Discarded,
        PrintDecision::Printed => PrintState::Done,
    }
}

fn change(job: &PrintJob, decision: PrintDecision, printer: Option<String>) -> LocalChange {
    LocalChange::PrintJob {
        job: job.id,
        // What is with the printer is the printer's until it answers or the question is asked.
        from: vec![PrintState::Queued, PrintState::Waiting, PrintState::Failed],
        to: target(decision),
        reason: None,
        question: None,
        printer,
    }
}

/// What staff saw on paper is as good as what a printer confirms.
async fn report_printed(
    node: &Node,
    signed: &Signed,
    key: IdempotencyKey,
    body: &lanyard_sync::Hash,
    job: &PrintJob,
) -> Result<(), Failure> {
    let submitted = Submitted {
        id: key.0,
        body: *body,
        actor: signed.staff.to_string(),
        desk: signed.desk.to_string(),
        role: signed.role,
        command: Command::ReportPrinted { attendee: job.attendee, badge_code: job.badge_code.clone() },
        if_match: None,
    };
    node.writer.submit(submitted).await.map_err(Problem::from)?;
    Ok(())
}

fn unknown_job() -> Problem {
    Problem::not_found("No such print job is on this node.")
}

fn in_another_state(card: &PrintJobCard) -> Problem {
    let detail = format!("The job is {}; look at it again.", card.state);
    Problem::new(StatusCode::CONFLICT, "print_job_is", detail).with("print_job", card)
}
