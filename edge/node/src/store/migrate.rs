//! Numbered migrations, forward only, each in one transaction.

use rusqlite::Connection;

use super::StoreError;
use super::downgrade::version;

/// In order; the number of the last one is the version of the database.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_forks.sql"),
    include_str!("migrations/0003_erasures.sql"),
    include_str!("migrations/0004_seals.sql"),
    include_str!("migrations/0005_outcomes_by_command.sql"),
    include_str!("migrations/0006_versions.sql"),
    include_str!("migrations/0007_base.sql"),
    include_str!("migrations/0008_unindexed.sql"),
];

/// Why the database cannot be used by this build.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
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

/// Brings the database to the version of this build, which is not an older one.
pub(crate) fn migrate(db: &mut Connection) -> Result<(), MigrateError> {
    let found = version(db).map_err(MigrateError::Unreadable)?;
    for (number, sql) in (1..).zip(MIGRATIONS).skip(found) {
        run(db, number, sql).map_err(|source| MigrateError::Failed { number, source })?;
    }
    Ok(())
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
}
