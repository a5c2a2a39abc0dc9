//! I7: each command has one outcome, and the entries an outcome names are in the log.

use std::collections::BTreeSet;

use lanyard_domain::outcome::Outcome;
use lanyard_sync::CommandId;
use rusqlite::Connection;

use super::{Invariant, Report};
use crate::store::{StoreError, entries, sql};

/// Reads every outcome.
pub(super) fn check(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let mut statement = db.prepare("SELECT command, outcome FROM outcomes")?;
    let mut rows = statement.query([])?;
    let mut seen = BTreeSet::new();
    while let Some(row) = rows.next()? {
        report.outcomes += 1;
        let command = CommandId(sql::bytes(row, 0)?);
        if !seen.insert(command) {
            report.find(Invariant::I7, format!("command {command} has two outcomes"));
        }
        let bytes: Vec<u8> = row.get(1)?;
        match serde_json::from_slice(&bytes) {
            Ok(Outcome::Accepted(accepted)) => {
                for dot in accepted.entries {
                    if entries::position_of(db, dot)?.is_none() {
                        report.find(
                            Invariant::I7,
                            format!("command {command} was answered with {dot}, which is not here"),
                        );
                    }
                }
            }
            Ok(Outcome::Refused(_)) => {}
            Err(error) => {
                report.find(Invariant::I7, format!("the outcome of {command} cannot be read: {error}"));
            }
        }
    }
    Ok(())
}
