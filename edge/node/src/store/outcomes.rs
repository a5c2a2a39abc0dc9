//! Outcomes of commands, kept for ever under the command's id.
//!
//! They are in no log, so nothing else shows that one was damaged: each row has a seal over all of it.

use lanyard_domain::outcome::Outcome;
use lanyard_sync::{CommandId, Hash};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::{StoreError, sql};

const SEAL: &str = "lanyard/outcome-seal/1";

/// An outcome and the request it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredOutcome {
    pub(crate) body: Hash,
    pub(crate) outcome: Outcome,
}

/// Reads the outcome of a command.
pub(crate) fn get(db: &Connection, command: &CommandId) -> Result<Option<StoredOutcome>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT command, body, outcome, seal FROM outcomes WHERE command = ?1")?;
    let mut rows = statement.query([command.as_bytes().as_slice()])?;
    rows.next()?.map(|row| read(row).map(|(_, stored)| stored)).transpose()
}

/// Calls `visit` for every row, in order of time; with what is wrong where a row is damaged.
pub(crate) fn for_each(
    db: &Connection,
    mut visit: impl FnMut(Result<(CommandId, StoredOutcome), StoreError>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = db.prepare("SELECT command, body, outcome, seal FROM outcomes ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match read(row) {
            Err(error @ (StoreError::Sqlite(_) | StoreError::Full)) => return Err(error),
            read => visit(read)?,
        }
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<(CommandId, StoredOutcome), StoreError> {
    let command = CommandId(sql::bytes(row, 0)?);
    let damaged = || StoreError::damaged(format!("the outcome of command {command} cannot be read"));
    let body = sql::hash(row, 1)?;
    let bytes = row.get_ref(2)?.as_blob().map_err(|_| damaged())?;
    let is_whole = match row.get_ref(3)? {
        // Of an earlier version.
        ValueRef::Null => true,
        _ => sql::bytes(row, 3)? == seal(&command, &body, bytes),
    };
    if !is_whole {
        return Err(damaged());
    }
    let outcome = serde_json::from_slice(bytes).map_err(|_| damaged())?;
    Ok((command, StoredOutcome { body, outcome }))
}

/// The first bytes of a hash of the row.
fn seal(command: &CommandId, body: &Hash, outcome: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new_derive_key(SEAL);
    hasher.update(command.as_bytes()).update(body.as_bytes()).update(outcome);
    let mut seal = [0; 8];
    hasher.finalize_xof().fill(&mut seal);
    seal
}

/// Keeps the outcome of a command.
pub(crate) fn insert(
    db: &Connection,
    command: &CommandId,
    body: &Hash,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    let outcome = serde_json::to_vec(outcome).expect("an outcome holds nothing that JSON cannot say");
    let mut statement =
        db.prepare_cached("INSERT INTO outcomes (command, body, outcome, seal) VALUES (?1, ?2, ?3, ?4)")?;
    let seal = seal(command, body, &outcome);
    statement.execute((command.as_bytes().as_slice(), body.as_bytes().as_slice(), outcome, seal))?;
    Ok(())
}

/// Changes what the outcome of a command refers to.
pub(crate) fn replace(db: &Connection, command: &CommandId, outcome: &Outcome) -> Result<(), StoreError> {
    let Some(stored) = get(db, command)? else { return Ok(()) };
    let outcome = serde_json::to_vec(outcome).expect("an outcome holds nothing that JSON cannot say");
    let mut statement =
        db.prepare_cached("UPDATE outcomes SET outcome = ?2, seal = ?3 WHERE command = ?1")?;
    let seal = seal(command, &stored.body, &outcome);
    statement.execute((command.as_bytes().as_slice(), outcome, seal))?;
    Ok(())
}
