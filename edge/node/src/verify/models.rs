//! I6: every stored state, sum and projection is what the log says.
//!
//! All of them are made again from the log in a database aside, as `lanyard rebuild` makes them, and compared row by
//! row.

use lanyard_domain::Account;
use lanyard_sync::{Epoch, LogId};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, Rows};

use super::{Invariant, Report};
use crate::project::arrivals::Tally;
use crate::rebuild::{Restored, restore};
use crate::state_hash::for_each_stream;
use crate::store::base::Base;
use crate::store::logs::{self, LogRow};
use crate::store::migrate::migrate;
use crate::store::{StoreError, meta, sql, waiting};

/// How a table is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Exactly what the log says.
    Exactly,
    /// All of that; what entries said that were set aside may still be there.
    AtLeast,
}

/// What is compared: a table, whose numbers staff can be told, and how its rows are read in a fixed order.
const TABLES: [(&str, Holds, &str); 9] = [
    // A rebuild makes the index of words anew, in other words that mean the same.
    (
        "the schema",
        Holds::Exactly,
        "SELECT type, name, tbl_name, CASE name WHEN 'search' THEN '' ELSE sql END FROM main.sqlite_master \
         ORDER BY name, type",
    ),
    (
        "states",
        Holds::Exactly,
        "SELECT stream, last_pos, last_lamport, last_log, last_seq, readable, unknown, standing, state FROM states \
         ORDER BY stream",
    ),
    ("tallied", Holds::AtLeast, "SELECT command, idx FROM tallied ORDER BY command, idx"),
    (
        "arrivals",
        Holds::Exactly,
        "SELECT standing, attendees FROM arrivals WHERE attendees <> 0 ORDER BY standing",
    ),
    ("attendees", Holds::Exactly, "SELECT stream, name_key, email_key FROM attendees ORDER BY stream"),
    ("codes", Holds::AtLeast, "SELECT code, stream, badge FROM codes ORDER BY code, stream"),
    ("conflicts", Holds::Exactly, "SELECT id, stream, open, opened_at_ms FROM conflicts ORDER BY id"),
    // Those of accounts that are over stay where they are, and nobody looks at them.
    ("holds", Holds::Exactly, "SELECT stream, owner, until_ms FROM holds WHERE owner = ?1 ORDER BY stream"),
    (
        "search",
        Holds::Exactly,
        "SELECT term, doc FROM temp.words UNION ALL SELECT term, doc FROM temp.unindexed_words ORDER BY 1, 2",
    ),
];

/// The words of the full-text index, one row for each place it names.
const WORDS_SQL: &str = "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search, instance); \
                         CREATE TABLE temp.unindexed_words (term TEXT, doc INTEGER)";

/// Makes everything again and compares.
pub(super) fn check(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let logs = logs::all(db)?;
    let Some(own) = own_account(db, logs.values())? else { return Ok(()) };
    if Base::load(db)?.is_some() {
        // What the log says is known once all of it is here.
        return Ok(());
    }
    report.streams_to_fold = waiting::count(db)?;
    if report.streams_to_fold > 0 {
        // A node that runs, or is started, puts their states in place.
        return Ok(());
    }
    let aside = database_aside()?;
    let mut arrivals = Tally::default();
    for_each_stream(db, |name, row, refolded| {
        report.streams += 1;
        let stream = lanyard_domain::Stream::parse(name);
        let restored = Restored::of(stream.as_ref(), refolded, own);
        restore(&aside, &logs, row, restored, &mut arrivals)
    })?;
    arrivals.save(&aside)?;
    // Tables that are temporary are no change of a database that was opened for reading alone.
    db.pragma_update(None, "query_only", false)?;
    for connection in [db, &aside] {
        connection.execute_batch(WORDS_SQL)?;
        add_unindexed(connection)?;
    }
    for (table, holds, sql) in TABLES {
        if let Some(number) = first_difference(db, &aside, (holds, sql), own)? {
            let what = format!("row {number} of {table} is not what the log says; run `lanyard rebuild`");
            report.find(Invariant::I6, what);
        }
    }
    Ok(())
}

/// Adds the words that are still to be indexed, one row for each as well.
fn add_unindexed(db: &Connection) -> Result<(), StoreError> {
    let mut unindexed = db.prepare("SELECT words, stream FROM unindexed")?;
    let mut insert = db.prepare("INSERT INTO temp.unindexed_words (term, doc) VALUES (?1, ?2)")?;
    let mut rows = unindexed.query([])?;
    while let Some(row) = rows.next()? {
        let (words, stream): (String, i64) = (row.get(0)?, row.get(1)?);
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            insert.execute((word, stream))?;
        }
    }
    Ok(())
}

/// Whose holds the projections tell; none of a database that nobody wrote to.
fn own_account<'a>(
    db: &Connection,
    mut logs: impl Iterator<Item = &'a LogRow>,
) -> Result<Option<Account>, StoreError> {
    let Some(epoch) = meta::get::<i64>(db, meta::OWN_EPOCH)? else { return Ok(None) };
    let epoch = Epoch(sql::counter(epoch));
    let own = logs
        .find(|row| row.log.epoch == epoch)
        .ok_or_else(|| StoreError::damaged("the epoch that this node writes is not among the logs"))?;
    let log: LogId = own.log;
    Ok(Some(if own.authority { Account::Hq } else { Account::Venue(log) }))
}

/// An empty database that is gone when it is closed.
fn database_aside() -> Result<Connection, StoreError> {
    let mut aside = Connection::open("")?;
    aside.pragma_update(None, "foreign_keys", false)?;
    aside.pragma_update(None, "journal_mode", "OFF")?;
    migrate(&mut aside).map_err(|error| StoreError::damaged(error.to_string()))?;
    aside.execute_batch("BEGIN")?;
    Ok(aside)
}

/// The number of the first row of the log's that is not there, or that is there and not the log's.
fn first_difference(
    db: &Connection,
    aside: &Connection,
    (holds, sql): (Holds, &str),
    own: Account,
) -> Result<Option<u64>, StoreError> {
    let (mut stored, mut wanted) = (db.prepare(sql)?, aside.prepare(sql)?);
    let names_owner = stored.parameter_count() > 0;
    let owner = own.to_string();
    let parameters: &[&str] = if names_owner { &[&owner] } else { &[] };
    let mut stored = stored.query(rusqlite::params_from_iter(parameters))?;
    let mut wanted = wanted.query(rusqlite::params_from_iter(parameters))?;
    for number in 1.. {
        let wanted = next(&mut wanted)?;
        let mut found = next(&mut stored)?;
        while holds == Holds::AtLeast && found.is_some() && found != wanted {
            found = next(&mut stored)?;
        }
        if found != wanted {
            return Ok(Some(number));
        }
        if wanted.is_none() {
            break;
        }
    }
    Ok(None)
}

fn next(rows: &mut Rows<'_>) -> Result<Option<Vec<Value>>, StoreError> {
    let values = |row: &Row<'_>| (0..row.as_ref().column_count()).map(|at| row.get(at)).collect();
    Ok(rows.next()?.map(values).transpose()?)
}
