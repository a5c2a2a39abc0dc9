//! Projections: what is read about a stream, written from its folded state in the same transaction.
//!
//! Responsible for the rows beside a state: words to search, codes, conflicts, holds, and the sums of
//! arrivals. Each follows from the state alone, so any of them may be dropped and made again.
//!
//! Rows are never written with REPLACE or RETURNING: for those SQLite opens a savepoint, at which the full-text table
//! writes out what it has gathered, and a list of a thousand people would be a thousand segments.

pub(crate) mod arrivals;
pub(crate) mod attendee;
mod order;
mod standing;

use lanyard_domain::{Account, Facts, Folded, Stream};
use rusqlite::Connection;

pub use standing::Standing;

use crate::search::unindexed;
use crate::store::StoreError;

/// The stream whose rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its number.
    pub(crate) id: i64,
    /// Whether nothing was written for it before.
    pub(crate) is_new: bool,
    /// Whether its words are left to be indexed beside the work, because it is one of very many.
    pub(crate) is_of_many: bool,
}

/// What of a stream has to be projected again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Words, codes or all of it.
    pub(crate) words: bool,
    /// Badges.
    pub(crate) badges: bool,
    /// Everything, because the stream was folded anew.
    pub(crate) all: bool,
}

impl Changed {
    /// Notes what an event changes.
    pub(crate) fn note(&mut self, facts: &Facts) {
        match facts {
            Facts::AttendeeImported(_)
            | Facts::AttendeeRegistered(_)
            | Facts::OrderImported(_)
            | Facts::OrderPlaced(_) => self.words = true,
            Facts::BadgeIssued(_) => self.badges = true,
            Facts::AttendeeErased(_) => self.all = true,
            _ => {}
        }
    }
}

/// The rows that follow from a state. They are made without the database, so that whoever writes has only to write.
#[derive(Debug)]
pub(crate) enum Rows {
    Attendee(attendee::Rows),
    Order(order::Rows),
    /// Of a stream that is read as it is.
    None,
}

impl Rows {
    /// Makes those that changed.
    pub(crate) fn of(stream: &Stream, folded: &Folded, changed: Changed, own: Account) -> Self {
        match (stream, folded) {
            (Stream::Attendee(id), Folded::Attendee(state)) => {
                Self::Attendee(attendee::Rows::of(*id, state, changed))
            }
            (Stream::Order(_), Folded::Order(state)) => Self::Order(order::Rows::of(state, changed, own)),
            _ => Self::None,
        }
    }

    /// Writes them.
    pub(crate) fn write(&self, db: &Connection, row: Row) -> Result<(), StoreError> {
        match self {
            Self::Attendee(rows) => rows.write(db, row),
            Self::Order(rows) => rows.write(db, row),
            Self::None => Ok(()),
        }
    }
}

/// Takes away the rows of streams of which entries do not count any more: what they are folded to anew may have none.
pub(crate) fn forget(db: &Connection, streams: &[i64]) -> Result<(), StoreError> {
    let rows = serde_json::to_string(streams).expect("numbers are JSON");
    for sql in [
        "DELETE FROM codes WHERE stream IN (SELECT value FROM json_each(?1))",
        "DELETE FROM search WHERE rowid IN (SELECT value FROM json_each(?1))",
        "DELETE FROM unindexed WHERE stream IN (SELECT value FROM json_each(?1))",
        "DELETE FROM holds WHERE stream IN (SELECT value FROM json_each(?1))",
        "DELETE FROM conflicts WHERE stream IN (SELECT value FROM json_each(?1))",
        "DELETE FROM registrants WHERE stream IN (SELECT value FROM json_each(?1))",
    ] {
        db.prepare_cached(sql)?.execute([&rows])?;
    }
    Ok(())
}

/// Empties every projection but the states themselves.
pub(crate) fn clear(db: &Connection) -> Result<(), StoreError> {
    db.execute_batch(
        "DELETE FROM states; DELETE FROM tallied; DELETE FROM arrivals; DELETE FROM attendees; DELETE FROM codes; \
         DELETE FROM holds; DELETE FROM conflicts; DELETE FROM registrants; DELETE FROM unindexed; \
         DROP TABLE search;",
    )?;
    db.execute_batch(crate::search::TABLE_SQL)?;
    Ok(())
}

/// Lets a code stand for a stream; `badge` is the code as printed on a badge.
fn insert_code(db: &Connection, code: &str, row: Row, badge: Option<&str>) -> Result<(), StoreError> {
    let mut statement =
        db.prepare_cached("INSERT OR IGNORE INTO codes (code, stream, badge) VALUES (?1, ?2, ?3)")?;
    statement.execute((code, row.id, badge))?;
    Ok(())
}

/// Replaces the words a stream is found by.
fn replace_words(db: &Connection, row: Row, words: &str) -> Result<(), StoreError> {
    if row.is_of_many {
        return Ok(unindexed::insert(db, row.id, words)?);
    }
    if !row.is_new {
        if unindexed::replace(db, row.id, words)? {
            return Ok(());
        }
        db.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([row.id])?;
    }
    db.prepare_cached("INSERT INTO search (rowid, words) VALUES (?1, ?2)")?.execute((row.id, words))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::engine::test_node::TestNode;

    #[test]
    fn the_words_of_one_commit_are_one_segment_of_the_full_text_table() {
        let mut node = TestNode::hq_with_people(2);
        let segments = |node: &TestNode| -> i64 {
            let sql = "SELECT count(DISTINCT segid) FROM search_idx";
            node.engine.connection().query_row(sql, [], |row| row.get(0)).unwrap()
        };
        node.engine.connection().execute("INSERT INTO search (search) VALUES ('optimize')", []).unwrap();
        assert_eq!(segments(&node), 1);
        node.import_people(100..160);
        assert_eq!(segments(&node), 2);
    }
}
