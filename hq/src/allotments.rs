//! Allotments: what the conference file grants a node is given once its first log is known.
//!
//! The command's id is derived from conference, seat type and node name, so each allotment is given once,
//! whatever happens to HQ in between. A node that begins a new epoch gets nothing by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use lanyard_domain::{Account, Command, Role, SeatTypeId};
use lanyard_sync::LogId;

use crate::commands::{self, CommandError, derived_id};
use crate::hq::Running;

/// Gives what is due to nodes whose logs are known, now and after every change, until HQ stops.
pub async fn keep_giving(running: Arc<Running>) {
    let mut published = running.writer.published();
    let mut given = BTreeSet::new();
    loop {
        if let Err(source) = give_due(&running, &mut given).await {
            tracing::warn!(error = &source as &dyn std::error::Error, "allotments were not given");
        }
        if published.changed().await.is_err() {
            return;
        }
    }
}

/// What was given since HQ started, by seat type and node name; spares looking again after every commit.
type Given = BTreeSet<(SeatTypeId, String)>;

async fn give_due(running: &Running, given: &mut Given) -> Result<(), CommandError> {
    let file = running.file();
    let due: usize = file.quotas.values().map(|quota| quota.allotments.len()).sum();
    if given.len() >= due {
        return Ok(());
    }
    for (name, log) in crate::nodes::first_logs(running) {
        for (seat_type, quota) in &file.quotas {
            let allotment = quota.allotments.get(&name).copied();
            let Some(count) = allotment.filter(|_| !given.contains(&(seat_type.clone(), name.clone())))
            else {
                continue;
            };
            given.insert((seat_type.clone(), name.clone()));
            if count == 0 {
                continue;
            }
            let id = derived_id("lanyard/allotment/1", &[&file.slug, seat_type.as_str(), &name]);
            let command =
                Command::GiveRights { seat_type: seat_type.clone(), to: Account::Venue(log), count };
            give_once(running, id, log, command).await?;
        }
    }
    Ok(())
}

async fn give_once(
    running: &Running,
    id: lanyard_sync::CommandId,
    log: LogId,
    command: Command,
) -> Result<(), CommandError> {
    match commands::give_as(running, id, "hq", Role::Administrator, command).await {
        Ok(_) | Err(CommandError::Submit(lanyard_node::SubmitError::KeyReused)) => Ok(()),
        Err(CommandError::Refused(refused)) => {
            tracing::warn!(node = %log.node, refusal = refused.refusal.code(), "an allotment was refused");
            Ok(())
        }
        Err(other) => Err(other),
    }
}
