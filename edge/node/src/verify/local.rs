//! I6: local tables hold what they can hold: words and numbers of their kinds, badges that the log knows, and the names
//! without which a database does not go on.
//!
//! They follow from nothing, so a wrong printer, time or number of failures cannot be told from a right one.

use lanyard_sync::VersionVector;
use rusqlite::{Connection, OptionalExtension as _};

use super::{Invariant, Report};
use crate::engine::{PrintQuestion, PrintState};
use crate::store::closed::ClosedLogs;
use crate::store::{StoreError, downgrade, entries, last_import, meta};

/// Looks at every row.
pub(super) fn check(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    check_meta(db, report)?;
    check_print_jobs(db, report)?;
    let mut statement = db.prepare("SELECT vector, heard_at_ms FROM peers")?;
    let peers = statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)))?;
    for (number, peer) in (1..).zip(peers) {
        if VersionVector::decode(&peer?.0).is_err() {
            report.find(Invariant::I6, format!("row {number} of peers cannot be read"));
        }
    }
    let mut statement = db.prepare("SELECT desk, printer FROM desk_settings")?;
    let settings = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    settings.collect::<Result<Vec<_>, _>>()?;
    let mut statement = db.prepare("SELECT subject, failures, until_ms FROM sign_in_back_off")?;
    let held = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?, row.get::<_, i64>(2)?)))?;
    held.collect::<Result<Vec<_>, _>>()?;
    Ok(())
}

fn check_meta(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    if entries::last_position(db)? > 0 && meta::get::<i64>(db, meta::OWN_EPOCH)?.is_none() {
        report.find(Invariant::I6, "the database does not say which epoch it writes");
    }
    meta::get::<[u8; 16]>(db, meta::INCARNATION)?;
    meta::get::<String>(db, meta::MACHINE)?;
    meta::get::<i64>(db, meta::HELD_UNTIL_SEQ)?;
    last_import::get(db)?;
    downgrade::is_of_this_build(db)?;
    Ok(())
}

fn check_print_jobs(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let mut statement = db.prepare("SELECT id, attendee, badge_code, state, question FROM print_jobs")?;
    let mut known = db.prepare(
        "SELECT 1 FROM streams s JOIN codes c ON c.stream = s.id AND c.badge = ?2 \
         WHERE s.category = 'attendee' AND s.key = ?1",
    )?;
    // A retired node has printed badges that do not count.
    let all_count = ClosedLogs::load(db)?.is_empty();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, attendee, badge): (i64, Vec<u8>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (state, question): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        let is_said = PrintState::parse(&state).is_some()
            && question.is_none_or(|it| PrintQuestion::parse(&it).is_some());
        if !is_said {
            report.find(Invariant::I6, format!("print job {id} is in a state that there is not"));
        }
        if all_count && known.query_row((attendee, badge), |_| Ok(())).optional()?.is_none() {
            report.find(Invariant::I6, format!("print job {id} is for a badge that the log does not know"));
        }
    }
    Ok(())
}
