//! Refusals, submissions that were not decided, and faults of files as problems.

use axum::http::StatusCode;
use lanyard_domain::Refusal;

use super::problem::Problem;
use crate::engine::SubmitError;
use crate::import::{FileFault, ImportFailed};

impl From<&Refusal> for Problem {
    /// The refusal's words and its data under `refusal`; whoever knows names adds them.
    fn from(refusal: &Refusal) -> Self {
        let status = match refusal {
            Refusal::NotPermitted { .. } | Refusal::HqOnly => StatusCode::FORBIDDEN,
            _ if refusal.is_about_something_unknown() => StatusCode::NOT_FOUND,
            _ if refusal.is_about_content() => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::CONFLICT,
        };
        Self::new(status, refusal.code(), refusal.to_string()).with("refusal", refusal)
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        let detail = error.to_string();
        match error {
            SubmitError::Busy { retry_after_ms } => Self::busy(retry_after_ms),
            SubmitError::KeyReused => {
                let detail = "This Idempotency-Key was used for another request. Draw a new one.";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
            }
            SubmitError::NotPermitted { needs } => {
                Self::not_permitted(format!("This needs a {}.", needs.as_str().replace('_', " ")))
                    .with("refusal", Refusal::NotPermitted { needs })
            }
            SubmitError::StaleVersion { version, between } => {
                let events: Vec<_> = between
                    .iter()
                    .map(|line| {
                        serde_json::json!({
                            "dot": line.dot, "what": line.kind, "at_ms": line.at_ms, "desk": line.desk, "actor": line.actor,
                        })
                    })
                    .collect();
                let detail = "It changed since you looked. See what came in between and decide again.";
                Self::new(StatusCode::PRECONDITION_FAILED, "stale_version", detail)
                    .with("version", version)
                    .with("events_between", events)
            }
            SubmitError::NeedsUpgrade { .. } => Self::new(StatusCode::CONFLICT, "needs_upgrade", detail),
            SubmitError::NodesTooOld { nodes } => {
                let detail = format!(
                    "Not every node can read this yet. Upgrade {} first, start it, and let HQ hear of it.",
                    nodes.join(", ")
                );
                Self::new(StatusCode::CONFLICT, "nodes_too_old", detail).with("nodes", nodes)
            }
            SubmitError::Retired => {
                let detail = "This node was retired at HQ: nothing it writes counts any more. Go on at another node, \
                              or let this one join anew into an empty data folder.";
                Self::new(StatusCode::CONFLICT, "retired", detail)
            }
            SubmitError::Healing => {
                let detail = "HQ was restored from a backup and waits until its nodes gave back what they know. \
                              Look at `nodes`; `resume` goes on without them.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "healing", detail).retry_after_ms(5_000)
            }
            SubmitError::HistoryPending => {
                let detail = "This node began from a snapshot and still fetches the older log, which this depends on. \
                              Try again in a moment, or at another node.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "history_pending", detail).retry_after_ms(2_000)
            }
            SubmitError::StoreFull => {
                let detail = "The disk of this node is full. Reading goes on; free some space.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_full", detail).retry_after_ms(5_000)
            }
            SubmitError::Stopped => {
                let detail = "This node has stopped writing. Start it again; its log says why it stopped.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", detail).retry_after_ms(5_000)
            }
        }
    }
}

impl From<FileFault> for Problem {
    fn from(fault: FileFault) -> Self {
        let status = match fault {
            FileFault::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            FileFault::NotCsv { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            FileFault::Empty
            | FileFault::TooManyRows
            | FileFault::TooManyColumns
            | FileFault::Encoding { .. }
            | FileFault::Nul { .. }
            | FileFault::MissingColumn { .. }
            | FileFault::RepeatedColumn { .. }
            | FileFault::OpenQuote { .. }
            | FileFault::RowTooLong { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, fault.code(), fault.to_string())
    }
}

impl From<ImportFailed> for Problem {
    fn from(failed: ImportFailed) -> Self {
        let detail = failed.to_string();
        match failed {
            ImportFailed::File(fault) => fault.into(),
            ImportFailed::Alias(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_alias", detail),
            ImportFailed::Submit { taken_rows, source } => Self::from(source).with("taken_rows", taken_rows),
            ImportFailed::Refused { taken_rows, refusal } => {
                Self::from(&*refusal).with("taken_rows", taken_rows)
            }
            ImportFailed::Read(_) | ImportFailed::Stopping => {
                tracing::error!(error = &failed as &dyn std::error::Error, "an import failed");
                Self::internal()
            }
        }
    }
}
