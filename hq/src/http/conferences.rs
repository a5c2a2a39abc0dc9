//! `PUT /conferences/{slug}`: a conference is added or brought up to date.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use lanyard_domain::{Command, Role};
use lanyard_node::http::{Json, Problem};
use serde_json::{Value, json};

use super::{broken, command_problem};
use crate::conference_file::ConferenceFile;
use crate::hq::{Hq, Running};
use crate::{allotments, commands};

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
    let _alone = hq.alone().await;
    let running = match hq.conference(&slug) {
        Some(running) => {
            allotments::check_unchanged(&running, &file).map_err(|changed| {
                Problem::new(StatusCode::CONFLICT, "changed_allotment", changed.to_string())
            })?;
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
    // Last: allotments that the file adds are given at once, from the quotas set above.
    running.replace_file(file).map_err(|error| broken(&*error))?;
    Ok(axum::Json(json!({ "conference": slug, "scope": running.identity.scope })))
}

fn begin(hq: &Hq, file: &ConferenceFile) -> Result<Arc<Running>, Problem> {
    let running = hq.begin(file).map_err(|error| broken(&*error))?;
    tokio::spawn(allotments::keep_giving(running.clone()));
    Ok(running)
}

async fn give(running: &Running, command: Command) -> Result<(), Problem> {
    let given = commands::give(running, "hq", Role::Administrator, command).await;
    given.map(|_| ()).map_err(command_problem)
}

#[cfg(test)]
mod tests {
    use lanyard_node::http::request_hash;

    use super::*;
    use crate::test_hq::{TestHq, file};

    async fn put(hq: &Arc<Hq>, value: ConferenceFile) -> Result<(), Problem> {
        let hash = request_hash("PUT", "/", b"");
        set(State(hq.clone()), Path(value.slug.clone()), Json { value, hash }).await.map(|_| ())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_conference_that_is_put_by_many_at_once_has_one_log() {
        let test = TestHq::empty();
        let putting: Vec<_> = (0..4)
            .map(|_| {
                let hq = test.hq.clone();
                tokio::spawn(async move { put(&hq, file()).await })
            })
            .collect();
        for done in putting {
            done.await.unwrap().unwrap();
        }
        let logs = test.running().reader.read_here(|db| Ok(db.vector()?.iter().count()));
        assert_eq!(logs.unwrap(), 1);
    }

    #[tokio::test]
    async fn an_allotment_changes_until_its_node_is_there() {
        let test = TestHq::empty();
        let with = |north| {
            let mut file = file();
            let quota = file.quotas.values_mut().next().unwrap();
            quota.allotments = [("north".to_owned(), north)].into();
            file
        };
        put(&test.hq, with(1)).await.unwrap();
        put(&test.hq, with(2)).await.unwrap();
        test.join("north").await;
        let refused = put(&test.hq, with(3)).await.unwrap_err();
        assert_eq!((refused.status(), refused.code()), (StatusCode::CONFLICT, "changed_allotment"));
        assert_eq!(test.running().file(), with(2));
        put(&test.hq, with(2)).await.unwrap();
    }
}
