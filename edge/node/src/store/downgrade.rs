//! Which builds have worked on a database: one that another build knew more of is refused, and nothing is changed.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::migrate::MIGRATIONS;
use super::{StoreError, meta};
use crate::release;

/// What the build that worked on a database last could read.
// Stored: in `meta`, as text: the reader's number, then every form of event as `kind/version`, after blanks.
#[derive(Debug, PartialEq, Eq)]
struct Readable {
    reader: u16,
    forms: BTreeSet<String>,
}

impl Readable {
    fn here() -> Self {
        Self { reader: release::reader(), forms: release::known_forms() }
    }

    fn stored(db: &Connection) -> Result<Option<Self>, StoreError> {
        let Some(text) = meta::get::<String>(db, meta::READABLE)? else { return Ok(None) };
        let mut words = text.split(' ');
        let reader = words.next().and_then(|word| word.parse().ok());
        let reader = reader.ok_or_else(|| StoreError::damaged("it does not say which build can read it"))?;
        Ok(Some(Self { reader, forms: words.map(str::to_owned).collect() }))
    }

    fn to_text(&self) -> String {
        let forms = self.forms.iter().map(String::as_str);
        std::iter::once(self.reader.to_string().as_str()).chain(forms).collect::<Vec<_>>().join(" ")
    }
}

/// Refuses a database that a newer build has worked on.
pub(crate) fn refuse_newer(db: &Connection) -> Result<(), StoreError> {
    let (found, known) = (version(db)?, MIGRATIONS.len());
    if found > known {
        return Err(StoreError::Newer {
            what: format!("its tables have version {found}, and this build knows up to {known}"),
        });
    }
    if found == 0 {
        return Ok(());
    }
    let (Some(stored), here) = (Readable::stored(db)?, Readable::here()) else { return Ok(()) };
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
