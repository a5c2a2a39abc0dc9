//! Stream names as small numbers.

use lanyard_sync::{StreamKey, StreamName};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::StoreError;

/// The key as a column holds it: empty text, text or 16 bytes.
pub(crate) fn key_column(key: &StreamKey) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match key {
        StreamKey::None => ValueRef::Text(b""),
        StreamKey::Text(text) => ValueRef::Text(text.as_bytes()),
        StreamKey::Id(id) => ValueRef::Blob(id),
    })
}

/// A name out of two columns.
pub(crate) fn name(row: &Row<'_>, category: usize, key: usize) -> Result<StreamName, StoreError> {
    let key = match row.get_ref(key)? {
        ValueRef::Text(b"") => StreamKey::None,
        ValueRef::Text(text) => StreamKey::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(id) => {
            StreamKey::Id(id.try_into().map_err(|_| StoreError::damaged("a stream id is not 16 bytes long"))?)
        }
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {
            return Err(StoreError::damaged("a stream key is neither text nor bytes"));
        }
    };
    let category: String = row.get(category)?;
    Ok(StreamName::new(category, key))
}

/// Gives a new name a number.
pub(crate) fn insert(db: &Connection, name: &StreamName) -> Result<i64, StoreError> {
    let mut statement = db.prepare_cached("INSERT INTO streams (category, key) VALUES (?1, ?2)")?;
    Ok(statement.insert((name.category(), key_column(name.key())))?)
}

/// Gives a name a number; none if it has one.
pub(crate) fn insert_new(db: &Connection, name: &StreamName) -> Result<Option<i64>, StoreError> {
    let mut statement =
        db.prepare_cached("INSERT INTO streams (category, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    let is_new = statement.execute((name.category(), key_column(name.key())))? == 1;
    Ok(is_new.then(|| db.last_insert_rowid()))
}

/// Finds the number of a name.
pub(crate) fn find(db: &Connection, name: &StreamName) -> Result<Option<i64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id FROM streams WHERE category = ?1 AND key = ?2")?;
    let key = (name.category(), key_column(name.key()));
    Ok(statement.query_row(key, |row| row.get(0)).optional()?)
}

/// The names of a category, for categories that have few.
pub(crate) fn of_category(db: &Connection, category: &str) -> Result<Vec<StreamName>, StoreError> {
    let mut statement = db.prepare_cached("SELECT category, key FROM streams WHERE category = ?1")?;
    let mut rows = statement.query([category])?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        names.push(name(row, 0, 1)?);
    }
    Ok(names)
}

/// Finds the name of a number.
pub(crate) fn name_of(db: &Connection, id: i64) -> Result<StreamName, StoreError> {
    let mut statement = db.prepare_cached("SELECT category, key FROM streams WHERE id = ?1")?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(|| StoreError::damaged(format!("stream {id} has no name")))?;
    name(row, 0, 1)
}
