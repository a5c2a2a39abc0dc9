//! Outcomes of commands, kept for ever under the command's id.

use lanyard_domain::outcome::Outcome;
use lanyard_sync::{CommandId, Hash};
use rusqlite::Connection;

use super::{StoreError, sql};

/// An outcome and the request it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredOutcome {
    pub(crate) body: Hash,
    pub(crate) outcome: Outcome,
}

pub(crate) fn get(db: &Connection, command: &CommandId) -> Result<Option<StoredOutcome>, StoreError> {
    let mut statement = db.prepare_cached("SELECT body, outcome FROM outcomes WHERE command = ?1")?;
    let mut rows = statement.query([command.as_bytes().as_slice()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let body = sql::hash(row, 0)?;
    let outcome = row.get_ref(1)?.as_blob().map_err(|_| damaged(command))?;
    let outcome = serde_json::from_slice(outcome).map_err(|_| damaged(command))?;
    Ok(Some(StoredOutcome { body, outcome }))
}

pub(crate) fn insert(
    db: &Connection,
    command: &CommandId,
    body: &Hash,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    let outcome = serde_json::to_vec(outcome).expect("an outcome holds nothing that JSON cannot say");
    let mut statement =
        db.prepare_cached("INSERT INTO outcomes (command, body, outcome) VALUES (?1, ?2, ?3)")?;
    statement.execute((command.as_bytes().as_slice(), body.as_bytes().as_slice(), outcome))?;
    Ok(())
}

/// Changes what the outcome of a command refers to.
pub(crate) fn replace(db: &Connection, command: &CommandId, outcome: &Outcome) -> Result<(), StoreError> {
    let outcome = serde_json::to_vec(outcome).expect("an outcome holds nothing that JSON cannot say");
    let mut statement = db.prepare_cached("UPDATE outcomes SET outcome = ?2 WHERE command = ?1")?;
    statement.execute((command.as_bytes().as_slice(), outcome))?;
    Ok(())
}

fn damaged(command: &CommandId) -> StoreError {
    StoreError::damaged(format!("the outcome of command {command} cannot be read"))
}
