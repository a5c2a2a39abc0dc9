//! Outcomes and local tables of a damaged database, taken over row by row as far as they are whole.

use lanyard_domain::outcome::Outcome;
use lanyard_sync::CommandId;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use crate::engine::Engine;
use crate::store::outcomes::{self, StoredOutcome};
use crate::store::{StoreError, entries};

/// Tables whose rows are copied, with their columns.
const TABLES: [(&str, &str); 2] =
    [("desk_settings", "desk, printer"), ("sign_in_back_off", "subject, failures, until_ms")];

/// With the ids, by which outcomes and the files of badges name their jobs.
const JOB_COLUMNS: &str =
    "id, attendee, badge_code, desk, printer, state, reason, question, queued_at_ms, changed_at_ms";

impl Engine {
    /// Takes over what is whole; returns how many outcomes came over and how many rows did not.
    pub(super) fn take_over_local(&mut self, old: &Connection) -> Result<(u64, u64), StoreError> {
        self.connection_for_repair().execute_batch("BEGIN IMMEDIATE")?;
        let (outcomes, mut lost) = self.take_outcomes(old)?;
        let db = self.connection_for_repair();
        for (table, columns) in TABLES {
            lost += copy_rows(db, old, table, columns, |_| Ok(true))?;
        }
        lost += copy_rows(db, old, "print_jobs", JOB_COLUMNS, |row| is_known_badge(db, row))?;
        go_on_numbering_jobs(db, old)?;
        db.execute_batch("COMMIT")?;
        Ok((outcomes, lost))
    }

    /// Returns how many came over and how many did not.
    fn take_outcomes(&mut self, old: &Connection) -> Result<(u64, u64), StoreError> {
        let (mut taken, mut lost, mut failed) = (0, 0, None);
        let walked = outcomes::for_each(old, |_, read| {
            match read.ok().map(|(command, stored)| self.take_outcome(&command, &stored)) {
                Some(Ok(true)) => taken += 1,
                Some(Ok(false)) | None => lost += 1,
                Some(Err(error)) => {
                    failed = Some(error);
                    return Err(StoreError::damaged("the new database failed"));
                }
            }
            Ok(())
        });
        match (failed, walked) {
            (Some(error), _) => Err(error),
            // Of a table that ends in a page that cannot be read, there is what was read before.
            (None, walked) => Ok((taken, lost + u64::from(walked.is_err()))),
        }
    }

    /// Keeps an outcome, unless its entries are lost: it would promise what nobody has.
    fn take_outcome(&mut self, command: &CommandId, stored: &StoredOutcome) -> Result<bool, StoreError> {
        let (db, known) = self.outcomes_for_repair();
        if !has_entries(db, &stored.outcome)? {
            return Ok(false);
        }
        match known.get(db, command)? {
            None => known.insert(db, command, stored)?,
            // Made of all the command's entries, as they were taken in: only the request was still to come.
            Some(made) if made.is_without_request() && !stored.is_without_request() => {
                known.replace(db, command, stored)?;
            }
            Some(_) => {}
        }
        Ok(true)
    }
}

fn has_entries(db: &Connection, outcome: &Outcome) -> Result<bool, StoreError> {
    let Outcome::Accepted(accepted) = outcome else { return Ok(true) };
    for dot in &accepted.entries {
        if entries::position_of(db, *dot)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_known_badge(db: &Connection, job: &[Value]) -> Result<bool, StoreError> {
    let mut known = db.prepare_cached(
        "SELECT 1 FROM streams s JOIN codes c ON c.stream = s.id AND c.badge = ?2 \
         WHERE s.category = 'attendee' AND s.key = ?1",
    )?;
    Ok(known.query_row((&job[1], &job[2]), |_| Ok(())).optional()?.is_some())
}

/// The id of a job that was forgotten or is damaged stands in its outcome: no later one gets it.
fn go_on_numbering_jobs(db: &Connection, old: &Connection) -> Result<(), StoreError> {
    let last = "SELECT max(seq) FROM sqlite_sequence WHERE name = 'print_jobs'";
    let highest = |db: &Connection| db.query_row(last, [], |row| row.get::<_, Option<i64>>(0));
    // A number that cannot be read says nothing; those of the jobs that came over are taken all the same.
    let Ok(Some(used)) = highest(old) else { return Ok(()) };
    if highest(db)?.is_none_or(|here| here < used) {
        db.execute("DELETE FROM sqlite_sequence WHERE name = 'print_jobs'", [])?;
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('print_jobs', ?1)", [used])?;
    }
    Ok(())
}

fn copy_rows(
    db: &Connection,
    old: &Connection,
    table: &str,
    columns: &str,
    is_wanted: impl Fn(&[Value]) -> Result<bool, StoreError>,
) -> Result<u64, StoreError> {
    let places = vec!["?"; columns.split(',').count()].join(", ");
    let mut insert = db.prepare(&format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})"))?;
    let Ok(mut statement) = old.prepare(&format!("SELECT {columns} FROM {table}")) else { return Ok(1) };
    let Ok(mut rows) = statement.query([]) else { return Ok(1) };
    let mut lost = 0;
    loop {
        match rows.next() {
            Ok(None) => return Ok(lost),
            // What lies behind it in a small table is not looked for.
            Err(_) => return Ok(lost + 1),
            Ok(Some(row)) => {
                let values = (0..row.as_ref().column_count()).map(|at| row.get(at)).collect();
                let values: Result<Vec<Value>, _> = values;
                match values {
                    Ok(values) if is_wanted(&values)? => {
                        insert.execute(rusqlite::params_from_iter(values))?;
                    }
                    Ok(_) | Err(_) => lost += 1,
                }
            }
        }
    }
}
