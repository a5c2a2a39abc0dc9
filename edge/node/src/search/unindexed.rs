//! Words that are still to be put into the full-text table.
//!
//! To index a hundred thousand people takes seconds. A node that begins with a snapshot keeps their words as they are and
//! indexes them beside the work, some at a time; their rows are what is left to do, whatever happens in between. Until
//! then a search looks through them one by one: it takes longer, and finds the same.

use rusqlite::{Connection, params};

use super::query::Sought;

/// Pages of the index that are merged with each step, so that its pieces do not become many. SQLite would merge more of
/// them at once and less often, and whoever waits would notice.
const PAGES_MERGED: i64 = 16;
/// Pieces of one size from which on SQLite merges them by itself, as it has it; 0 is never.
const USUAL_PIECES: i64 = 4;

/// Keeps the words of a row that is in neither table.
pub(crate) fn insert(db: &Connection, row: i64, words: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO unindexed (stream, words) VALUES (?1, ?2)")?.execute((row, words))?;
    Ok(())
}

/// Replaces the words of a row if they are still to be indexed; tells whether they are.
pub(crate) fn replace(db: &Connection, row: i64, words: &str) -> rusqlite::Result<bool> {
    let mut statement = db.prepare_cached("UPDATE unindexed SET words = ?2 WHERE stream = ?1")?;
    Ok(statement.execute((row, words))? == 1)
}

/// How many rows are left.
pub(crate) fn count(db: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = db.prepare_cached("SELECT count(*) FROM unindexed")?.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Puts the words of at most so many rows into the full-text table, in a transaction of the caller; tells how many.
pub(crate) fn index(db: &Connection, most: usize) -> rusqlite::Result<usize> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut last = db.prepare_cached(
        "SELECT coalesce(max(stream), 0) FROM (SELECT stream FROM unindexed ORDER BY stream LIMIT ?1)",
    )?;
    let last: i64 = last.query_row([most], |row| row.get(0))?;
    tell(db, "automerge", 0)?;
    db.prepare_cached(
        "INSERT INTO search (rowid, words) SELECT stream, words FROM unindexed WHERE stream <= ?1",
    )?
    .execute([last])?;
    tell(db, "flush", 0)?;
    tell(db, "merge", PAGES_MERGED)?;
    tell(db, "automerge", USUAL_PIECES)?;
    db.prepare_cached("DELETE FROM unindexed WHERE stream <= ?1")?.execute([last])
}

fn tell(db: &Connection, what: &str, value: i64) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO search (search, rank) VALUES (?1, ?2)")?.execute((what, value))?;
    Ok(())
}

/// Finds at most so many rows that are left and fit.
pub(super) fn find(db: &Connection, sought: &Sought, limit: usize) -> rusqlite::Result<Vec<i64>> {
    let mut found = Vec::new();
    let mut statement = db.prepare_cached("SELECT stream, words FROM unindexed")?;
    let mut rows = statement.query(params![])?;
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        // What is no text is damage, which is told of where the rows are indexed.
        if row.get_ref(1)?.as_str().is_ok_and(|words| sought.fits(words)) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}
