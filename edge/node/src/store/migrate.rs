//! Numbered migrations, forward only, each in one transaction.

use rusqlite::Connection;

use super::StoreError;

/// In order; the number of the last one is the version of the database.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_forks.sql"),
    include_str!("migrations/0003_erasures.sql"),
    include_str!("migrations/0004_seals.sql"),
    include_str!("migrations/0005_outcomes_by_command.sql"),
];

/// Why the database cannot be used by this build.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer build wrote it.
    #[error(
        "the database has version {found} and this build reads up to {known}; install the newer build again"
    )]
    Newer {
        /// Version of the database.
        found: usize,
        /// Version of this build.
        known: usize,
    },
    /// A migration failed; the database is as it was.
    #[error("migration {number} failed")]
    Failed {
        /// Which one.
        number: usize,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The version cannot be read.
    #[error("the version of the database cannot be read")]
    Unreadable(#[source] StoreError),
}

/// Brings the database to the version of this build.
pub(crate) fn migrate(db: &mut Connection) -> Result<(), MigrateError> {
    let found = version(db).map_err(MigrateError::Unreadable)?;
    let known = MIGRATIONS.len();
    if found > known {
        return Err(MigrateError::Newer { found, known });
    }
    for (number, sql) in (1..).zip(MIGRATIONS).skip(found) {
        run(db, number, sql).map_err(|source| MigrateError::Failed { number, source })?;
    }
    Ok(())
}

fn version(db: &Connection) -> Result<usize, StoreError> {
    let version: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(version as usize)
}

fn run(db: &mut Connection, number: usize, sql: &str) -> Result<(), StoreError> {
    let transaction = db.transaction()?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", i64::try_from(number).unwrap_or(i64::MAX))?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_migrated_once() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        migrate(&mut db).unwrap();
        assert_eq!(version(&db).unwrap(), MIGRATIONS.len());
    }

    #[test]
    fn a_database_of_a_newer_build_is_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, "user_version", 999).unwrap();
        let refused = migrate(&mut db).unwrap_err();
        assert!(matches!(refused, MigrateError::Newer { found: 999, .. }));
        assert!(refused.to_string().contains("install the newer build"));
    }
}
