//! Printers of this node, and the choice of a desk among them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use lanyard_domain::Role;
use lanyard_node::engine::{LocalChange, PrintState};
use lanyard_node::http::{Json, Problem};
use lanyard_node::read::PrintJob;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::failure::Failure;
use crate::http::signed::Signed;
use crate::node::Node;

/// A printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PrinterCard {
    /// Its id.
    pub printer: String,
    /// Its name.
    pub name: String,
    /// `ready`, `printing`, `attention` or `off`.
    pub state: &'static str,
    /// Why it does not print.
    pub reason: Option<String>,
    /// Jobs that wait for it.
    pub queued: usize,
    /// When the oldest of them was queued, Unix milliseconds.
    pub oldest_job_ms: Option<i64>,
}

/// The choice of a desk.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrinterChoice {
    /// Id of a printer of this node.
    printer: String,
}

/// Lists printers.
#[utoipa::path(get, path = "/printers", tag = "printing", responses((status = 200, body = Vec<PrinterCard>)))]
pub async fn list(
    State(node): State<Node>,
    _signed: Signed,
) -> Result<axum::Json<Vec<PrinterCard>>, Failure> {
    let asked = node.clone();
    let cards = node.reader.read(move |db| db.open_print_jobs().map(|jobs| cards(&asked, &jobs))).await?;
    Ok(axum::Json(cards))
}

/// Chooses the printer of the desk somebody is signed in at.
#[utoipa::path(put, path = "/desks/current/printer", tag = "printing", request_body = PrinterChoice,
    responses((status = 200, body = PrinterChoice), (status = 422, description = "No such printer")))]
pub async fn choose(
    State(node): State<Node>,
    signed: Signed,
    request: Json<PrinterChoice>,
) -> Result<axum::Json<PrinterChoice>, Failure> {
    signed.needs(Role::Volunteer)?;
    let PrinterChoice { printer } = request.value;
    if node.printer(&printer).is_none() {
        let detail = format!("This node has no printer called {printer}.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_printer", detail).into());
    }
    let change = LocalChange::DeskPrinter { desk: signed.desk.to_string(), printer: printer.clone() };
    node.writer.change(change).await.map_err(Problem::from)?;
    Ok(axum::Json(PrinterChoice { printer }))
}

/// Every printer with what waits for it.
pub fn cards(node: &Node, open: &[PrintJob]) -> Vec<PrinterCard> {
    let mut waiting: BTreeMap<&str, Vec<&PrintJob>> = BTreeMap::new();
    for job in open.iter().filter(|job| job.state != PrintState::Failed) {
        waiting.entry(&job.printer).or_default().push(job);
    }
    let card = |printer: &crate::config::Printer| {
        let jobs = waiting.get(printer.printer.as_str()).map(Vec::as_slice).unwrap_or_default();
        let condition = node.board.get(&printer.printer);
        PrinterCard {
            printer: printer.printer.clone(),
            name: printer.name.clone(),
            state: condition.as_ref().map_or("off", |condition| condition.state()),
            reason: condition.as_ref().and_then(|condition| condition.reason()).map(str::to_owned),
            queued: jobs.len(),
            oldest_job_ms: jobs.iter().map(|job| job.queued_at_ms).min(),
        }
    };
    node.printers.iter().map(card).collect()
}
