//! Which builds have worked on a database: one that another build knew more of is refused, and nothing is changed.

use std::collections::BTreeSet;

use lanyard_sync::hex;
use rusqlite::Connection;

use super::migrate::MIGRATIONS;
use super::{StoreError, meta};
use crate::release;

const SEAL_BYTES: usize = 8;

/// What the build that worked on a database last could read.
// Stored: in `meta`, as text with a blank between words: the first 8 bytes of a hash over what follows, the version of the
// tables, the reader's number, then every form of event as `kind/version`.
#[derive(Debug, PartialEq, Eq)]
struct Readable {
    tables: usize,
    reader: u16,
    forms: BTreeSet<String>,
}

impl Readable {
    fn here() -> Self {
        Self { tables: MIGRATIONS.len(), reader: release::reader(), forms: release::known_forms() }
    }

    fn stored(db: &Connection) -> Result<Option<Self>, StoreError> {
        let Some(text) = meta::get::<String>(db, meta::READABLE)? else { return Ok(None) };
        let readable = text.split_once(' ').filter(|(seal, said)| *seal == Self::seal(said));
        let readable = readable.and_then(|(_, said)| Self::parse(said));
        readable.map(Some).ok_or_else(|| StoreError::damaged("what it says of the build that can read it"))
    }

    fn parse(said: &str) -> Option<Self> {
        let mut words = said.split(' ');
        let (tables, reader) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Self { tables, reader, forms: words.map(str::to_owned).collect() })
    }

    /// A turned bit must not pass for a newer build.
    fn seal(said: &str) -> String {
        hex::encode(&blake3::hash(said.as_bytes()).as_bytes()[..SEAL_BYTES])
    }

    fn to_text(&self) -> String {
        let forms = self.forms.iter().cloned();
        let words = [self.tables.to_string(), self.reader.to_string()].into_iter().chain(forms);
        let said = words.collect::<Vec<_>>().join(" ");
        format!("{} {said}", Self::seal(&said))
    }
}

/// Refuses a database that a newer build has worked on.
pub(crate) fn refuse_newer(db: &Connection) -> Result<(), StoreError> {
    let found = version(db)?;
    refuse_tables(found)?;
    if found == 0 { Ok(()) } else { refuse_taken_over(db) }
}

/// Refuses what a newer build says it has worked on, whatever else about it is damaged.
pub(crate) fn refuse_taken_over(db: &Connection) -> Result<(), StoreError> {
    let (Some(stored), here) = (Readable::stored(db)?, Readable::here()) else { return Ok(()) };
    refuse_tables(stored.tables)?;
    if stored.reader > here.reader {
        let (theirs, ours) = (stored.reader, here.reader);
        return Err(StoreError::Newer {
            what: format!("it needs reader {theirs}, and this build is {ours}"),
        });
    }
    match stored.forms.difference(&here.forms).next() {
        Some(form) => Err(StoreError::Newer { what: format!("this build does not know {form}") }),
        None => Ok(()),
    }
}

fn refuse_tables(found: usize) -> Result<(), StoreError> {
    let known = MIGRATIONS.len();
    if found <= known {
        return Ok(());
    }
    Err(StoreError::Newer {
        what: format!("its tables have version {found}, and this build knows up to {known}"),
    })
}

/// Whether the build that worked on it last could read as much as this one.
pub(crate) fn is_of_this_build(db: &Connection) -> Result<bool, StoreError> {
    Ok(Readable::stored(db)? == Some(Readable::here()))
}

/// Notes that this build has worked on it.
pub(crate) fn take_over(db: &Connection) -> Result<(), StoreError> {
    meta::set(db, meta::READABLE, Readable::here().to_text())
}

/// The number of the last migration that was made.
pub(super) fn version(db: &Connection) -> Result<usize, StoreError> {
    let version: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(version as usize)
}

#[cfg(test)]
mod tests {
    use super::super::migrate::migrate;
    use super::*;
    use crate::release::pretend_next;

    #[test]
    fn tables_of_a_newer_build_are_refused() {
        let db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, "user_version", 999).unwrap();
        let refused = refuse_newer(&db).unwrap_err();
        assert!(refused.to_string().contains("install that version again"), "{refused}");
    }

    #[test]
    fn a_turned_bit_is_damage_and_no_newer_build() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        take_over(&db).unwrap();
        db.execute("UPDATE meta SET value = replace(value, 'badge-voided', 'badge-voidee')", []).unwrap();
        assert!(matches!(refuse_taken_over(&db), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn what_a_newer_build_took_over_is_refused_and_an_older_one_is_not() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        refuse_newer(&db).unwrap();
        take_over(&db).unwrap();
        refuse_newer(&db).unwrap();
        pretend_next(true);
        refuse_newer(&db).unwrap();
        assert!(!is_of_this_build(&db).unwrap());
        take_over(&db).unwrap();
        assert!(is_of_this_build(&db).unwrap());
        pretend_next(false);
        let refused = refuse_newer(&db).unwrap_err();
        assert!(refused.to_string().contains("it needs reader 2"), "{refused}");
    }
}
