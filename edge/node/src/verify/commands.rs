//! I7: each command has one outcome, sealed as it was written, and the entries an outcome names are those that the
//! command wrote; whatever a command of this node wrote has an outcome or follows from one.

use std::collections::BTreeSet;

use lanyard_domain::outcome::{Accepted, Outcome};
use lanyard_sync::CommandId;
use rusqlite::Connection;

use super::{Invariant, Report};
use crate::store::{StoreError, entries, outcomes};

/// Reads every outcome.
pub(super) fn check(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    let indexed = outcomes::indexed(db)?;
    outcomes::for_each(db, |id, read| {
        report.outcomes += 1;
        match read {
            Err(StoreError::Damaged { what }) => report.find(Invariant::I7, what),
            Err(error) => return Err(error),
            Ok((command, stored)) => {
                if !seen.insert(command) {
                    report.find(Invariant::I7, format!("command {command} has two outcomes"));
                }
                if id <= indexed && outcomes::find_indexed(db, &command)? != Some(id) {
                    report
                        .find(Invariant::I7, format!("the outcome of command {command} is not found by it"));
                }
                if let Outcome::Accepted(accepted) = stored.outcome {
                    check_entries(db, command, &accepted, report)?;
                }
            }
        }
        Ok(())
    })
}

/// The first entry is of the command itself; policies follow it.
fn check_entries(
    db: &Connection,
    command: CommandId,
    accepted: &Accepted,
    report: &mut Report,
) -> Result<(), StoreError> {
    for (index, dot) in accepted.entries.iter().enumerate() {
        let Some(pos) = entries::position_of(db, *dot)? else {
            report
                .find(Invariant::I7, format!("command {command} was answered with {dot}, which is not here"));
            continue;
        };
        // What cannot be read is found where the chains are followed.
        let Ok(Some(entry)) = entries::at(db, pos) else { continue };
        if index == 0 && entry.header.command != command {
            report.find(Invariant::I7, format!("{dot} is not of command {command}, which names it"));
        }
    }
    Ok(())
}
