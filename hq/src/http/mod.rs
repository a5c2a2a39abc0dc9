//! HQ's JSON API and status page: one file a resource.

mod attendees;
mod authorise;
mod bundles;
mod conferences;
mod erasures;
mod health;
mod imports;
mod join_codes;
mod joins;
mod nodes;
mod orders;
mod quotas;
mod reports;
mod resume;
mod retirement;
mod rights;
mod routes;
mod staff;
mod status_page;

pub use routes::routes;

use std::error::Error;
use std::sync::Arc;

use axum::http::StatusCode;
use lanyard_node::http::Problem;

use crate::commands::CommandError;
use crate::hq::{Hq, Running};

/// The conference of a path.
fn running(hq: &Hq, slug: &str) -> Result<Arc<Running>, Problem> {
    hq.conference(slug).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "unknown_conference",
            format!("There is no conference {slug} here."),
        )
    })
}

/// A refusal of the rules, or of the writer.
fn command_problem(error: CommandError) -> Problem {
    match error {
        CommandError::Refused(refused) => Problem::from(&refused.refusal),
        CommandError::Submit(error) => Problem::from(error),
    }
}

/// Something broke; logged here, once, and not explained to the client.
fn broken(error: &(dyn Error + 'static)) -> Problem {
    tracing::error!(error, "a request failed");
    Problem::internal()
}
