//! `PUT /conferences/{slug}`: a conference is added or brought up to date.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use lanyard_domain::{Command, Role};
use lanyard_node::http::{Json, Problem};
use serde_json::{Value, json};

use super::{broken, command_problem};
use crate::commands;
use crate::conference_file::ConferenceFile;
use crate::hq::{Hq, Running};

/// Keeps the file, configures the conference and sets the quotas that differ.
pub(super) async fn set(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
    Json { value: file, .. }: Json<ConferenceFile>,
) -> Result<axum::Json<Value>, Problem> {
    let unsound = |why: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unsound_conference", why);
    if file.slug != slug {
        return Err(unsound("The slug of the file is not the slug of the address."));
    }
    file.check().map_err(|why| unsound(&why))?;
    let running = match hq.conference(&slug) {
        Some(running) => {
            running.replace_file(file.clone()).map_err(|error| broken(&*error))?;
            running
        }
        None => begin(&hq, &file)?,
    };
    let conference = Box::new(file.conference());
    give(&running, Command::ConfigureConference { conference }).await?;
    for (seat_type, quota) in &file.quotas {
        let known = {
            let id = seat_type.clone();
            running.reader.read(move |db| db.ledger(&id)).await
        }
        .map_err(|error| broken(&error))?;
        if known.quota != quota.quota {
            give(&running, Command::SetQuota { seat_type: seat_type.clone(), quota: quota.quota }).await?;
        }
    }
    Ok(axum::Json(json!({ "conference": slug, "scope": running.identity.scope })))
}

fn begin(hq: &Hq, file: &ConferenceFile) -> Result<Arc<Running>, Problem> {
    let running = hq.begin(file).map_err(|error| broken(&*error))?;
    tokio::spawn(crate::allotments::keep_giving(running.clone()));
    Ok(running)
}

async fn give(running: &Running, command: Command) -> Result<(), Problem> {
    let given = commands::give(running, "hq", Role::Administrator, command).await;
    given.map(|_| ()).map_err(command_problem)
}
