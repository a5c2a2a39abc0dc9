//! Outcomes of commands, kept for ever under the command's id.
//!
//! They are in no log, so nothing else shows that one was damaged: each row has a seal over all of it.

use std::collections::BTreeMap;

use lanyard_domain::outcome::Outcome;
use lanyard_sync::{CommandId, Hash};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{StoreError, meta, sql};

/// Outcomes that are not in the index, at most.
const RECENT_MAX: usize = 512;

const SEAL: &str = "lanyard/outcome-seal/1";

/// Stands for a request that nobody remembers: the command's id has to do.
const FORGOTTEN: Hash = Hash([0; 32]);

/// An outcome and the request it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredOutcome {
    pub(crate) body: Hash,
    pub(crate) outcome: Outcome,
}

impl StoredOutcome {
    /// What came of a command whose request is not known, by the entries it wrote.
    pub(crate) const fn without_request(outcome: Outcome) -> Self {
        Self { body: FORGOTTEN, outcome }
    }

    /// Whether the request is not known.
    pub(crate) fn is_without_request(&self) -> bool {
        self.body == FORGOTTEN
    }

    /// Whether it may be what came of a request.
    pub(crate) fn answers(&self, body: &Hash) -> bool {
        self.body == *body || self.is_without_request()
    }
}

/// Outcomes by command. The index over the random ids of commands is written for several hundred at once, because one at
/// a time nearly each changes a page of its own; those that are not in it yet are known here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcomes {
    recent: BTreeMap<CommandId, i64>,
}

impl Outcomes {
    /// Reads which are not in the index.
    pub(crate) fn load(db: &Connection) -> Result<Self, StoreError> {
        let mut statement = db.prepare_cached("SELECT command, id FROM outcomes WHERE id > ?1")?;
        let mut rows = statement.query([indexed(db)?])?;
        let mut recent = BTreeMap::new();
        while let Some(row) = rows.next()? {
            recent.insert(CommandId(sql::bytes(row, 0)?), row.get(1)?);
        }
        Ok(Self { recent })
    }

    /// Reads the outcome of a command.
    pub(crate) fn get(
        &self,
        db: &Connection,
        command: &CommandId,
    ) -> Result<Option<StoredOutcome>, StoreError> {
        self.find(db, command)?.map(|id| read_at(db, id, command)).transpose()
    }

    /// Keeps the outcome of a command that has none.
    pub(crate) fn insert(
        &mut self,
        db: &Connection,
        command: &CommandId,
        stored: &StoredOutcome,
    ) -> Result<(), StoreError> {
        let StoredOutcome { body, outcome } = stored;
        let outcome = serde_json::to_vec(outcome).expect("an outcome holds nothing that JSON cannot say");
        let mut statement =
            db.prepare_cached("INSERT INTO outcomes (command, body, outcome, seal) VALUES (?1, ?2, ?3, ?4)")?;
        let seal = seal(command, body, &outcome);
        let id =
            statement.insert((command.as_bytes().as_slice(), body.as_bytes().as_slice(), outcome, seal))?;
        self.recent.insert(*command, id);
        if self.recent.len() >= RECENT_MAX { self.index(db) } else { Ok(()) }
    }

    /// Changes what is known of a command's outcome.
    pub(crate) fn replace(
        &self,
        db: &Connection,
        command: &CommandId,
        stored: &StoredOutcome,
    ) -> Result<(), StoreError> {
        let Some(id) = self.find(db, command)? else { return Ok(()) };
        let StoredOutcome { body, outcome } = stored;
        let outcome = serde_json::to_vec(outcome).expect("an outcome holds nothing that JSON cannot say");
        let mut statement =
            db.prepare_cached("UPDATE outcomes SET body = ?2, outcome = ?3, seal = ?4 WHERE id = ?1")?;
        let seal = seal(command, body, &outcome);
        statement.execute((id, body.as_bytes().as_slice(), outcome, seal))?;
        Ok(())
    }

    fn find(&self, db: &Connection, command: &CommandId) -> Result<Option<i64>, StoreError> {
        match self.recent.get(command) {
            Some(id) => Ok(Some(*id)),
            None => find_indexed(db, command),
        }
    }

    /// Takes all of them into the index, in its order.
    fn index(&mut self, db: &Connection) -> Result<(), StoreError> {
        let mut statement =
            db.prepare_cached("INSERT INTO outcomes_by_command (command, id) VALUES (?1, ?2)")?;
        let mut last = indexed(db)?;
        for (command, id) in std::mem::take(&mut self.recent) {
            statement.execute((command.as_bytes().as_slice(), id))?;
            last = last.max(id);
        }
        meta::set(db, meta::OUTCOMES_INDEXED, last)
    }
}

fn read_at(db: &Connection, id: i64, command: &CommandId) -> Result<StoredOutcome, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT command, body, outcome, seal FROM outcomes WHERE id = ?1")?;
    let mut rows = statement.query([id])?;
    let missing = || StoreError::damaged(format!("the outcome of command {command} is missing"));
    match read(rows.next()?.ok_or_else(missing)?)? {
        (of, stored) if of == *command => Ok(stored),
        _ => Err(missing()),
    }
}

/// Up to which outcome they are in the index.
pub(crate) fn indexed(db: &Connection) -> Result<i64, StoreError> {
    Ok(meta::get(db, meta::OUTCOMES_INDEXED)?.unwrap_or(0))
}

/// Finds an outcome in the index.
pub(crate) fn find_indexed(db: &Connection, command: &CommandId) -> Result<Option<i64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id FROM outcomes_by_command WHERE command = ?1")?;
    Ok(statement.query_row([command.as_bytes().as_slice()], |row| row.get(0)).optional()?)
}

/// Calls `visit` for every row with its place, in order of time; with what is wrong where a row is damaged.
pub(crate) fn for_each(
    db: &Connection,
    mut visit: impl FnMut(i64, Result<(CommandId, StoredOutcome), StoreError>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = db.prepare("SELECT command, body, outcome, seal, id FROM outcomes ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match read(row) {
            Err(error @ (StoreError::Sqlite(_) | StoreError::Full)) => return Err(error),
            read => visit(row.get(4)?, read)?,
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

#[cfg(test)]
mod tests {
    use lanyard_domain::outcome::Accepted;

    use super::*;
    use crate::store::migrate::migrate;

    const BODY: Hash = Hash([7; 32]);

    fn command(number: usize) -> CommandId {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&blake3::hash(&number.to_le_bytes()).as_bytes()[..8]);
        CommandId(id)
    }

    fn keep(outcomes: &mut Outcomes, db: &Connection, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let outcome = Outcome::Accepted(Accepted::default());
            outcomes.insert(db, &command(number), &StoredOutcome { body: BODY, outcome }).unwrap();
        }
    }

    fn known(outcomes: &Outcomes, db: &Connection, numbers: std::ops::Range<usize>) -> usize {
        numbers.filter(|number| outcomes.get(db, &command(*number)).unwrap().is_some()).count()
    }

    #[test]
    fn outcomes_are_found_in_the_index_and_before_they_are_in_it() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        let mut outcomes = Outcomes::load(&db).unwrap();
        let all = 2 * RECENT_MAX + 10;
        keep(&mut outcomes, &db, 0..all);
        assert_eq!(outcomes.recent.len(), 10);
        assert_eq!(indexed(&db).unwrap(), i64::try_from(2 * RECENT_MAX).unwrap());
        assert_eq!(known(&outcomes, &db, 0..all), all);
        assert_eq!(known(&outcomes, &db, all..all + 10), 0);
        let again = Outcomes::load(&db).unwrap();
        assert_eq!((again.recent.len(), known(&again, &db, 0..all)), (10, all));
    }

    #[test]
    fn what_was_rolled_back_is_not_known_after_it_is_read_again() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        let mut outcomes = Outcomes::load(&db).unwrap();
        keep(&mut outcomes, &db, 0..RECENT_MAX - 1);
        db.execute_batch("BEGIN").unwrap();
        keep(&mut outcomes, &db, RECENT_MAX - 1..RECENT_MAX + 3);
        db.execute_batch("ROLLBACK").unwrap();
        let mut outcomes = Outcomes::load(&db).unwrap();
        assert_eq!(known(&outcomes, &db, 0..RECENT_MAX + 3), RECENT_MAX - 1);
        keep(&mut outcomes, &db, RECENT_MAX - 1..RECENT_MAX + 3);
        assert_eq!(known(&outcomes, &db, 0..RECENT_MAX + 3), RECENT_MAX + 3);
    }
}
