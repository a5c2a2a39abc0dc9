//! HQ's own small database: join codes, and which node got which certificate.
//!
//! Nothing here is replicated. Codes are kept as hashes only.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};

/// How long a join code is good.
pub const JOIN_CODE_LIFE_MS: i64 = 60 * 60 * 1000;

const SCHEMA: &str = include_str!("registry.sql");

/// Why the registry failed.
#[derive(Debug, thiserror::Error)]
#[error("HQ's registry failed")]
pub struct RegistryError(#[from] rusqlite::Error);

/// What a join code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Slug of the conference.
    pub conference: String,
    /// Name the node will have.
    pub node_name: String,
}

/// What became of a join code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// It was good and is used up.
    Good(Invitation),
    /// Nobody issued it.
    Unknown,
    /// Somebody joined with it.
    Used,
    /// It is too old.
    Expired,
}

/// The open registry.
#[derive(Debug)]
pub struct Registry {
    connection: Connection,
}

impl Registry {
    /// Opens or makes the registry in a folder.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, RegistryError> {
        let connection = Connection::open(folder.join("hq.db"))?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection })
    }

    /// Remembers a join code.
    ///
    /// # Errors
    /// When the database fails.
    pub fn invite(&self, code: &str, invitation: &Invitation, now_ms: i64) -> Result<(), RegistryError> {
        self.connection.execute(
            "INSERT INTO join_codes (code_hash, conference, node_name, expires_ms) VALUES (?1, ?2, ?3, ?4)",
            params![
                hashed(code),
                invitation.conference,
                invitation.node_name,
                now_ms.saturating_add(JOIN_CODE_LIFE_MS)
            ],
        )?;
        Ok(())
    }

    /// Uses a join code up, once.
    ///
    /// # Errors
    /// When the database fails.
    pub fn redeem(&mut self, code: &str, now_ms: i64) -> Result<Redeemed, RegistryError> {
        let transaction = self.connection.transaction()?;
        let found = transaction
            .query_row(
                "SELECT conference, node_name, expires_ms, used_ms FROM join_codes WHERE code_hash = ?1",
                [hashed(code)],
                |row| {
                    let invitation = Invitation { conference: row.get(0)?, node_name: row.get(1)? };
                    Ok((invitation, row.get::<_, i64>(2)?, row.get::<_, Option<i64>>(3)?))
                },
            )
            .optional()?;
        let redeemed = match found {
            None => Redeemed::Unknown,
            Some((_, _, Some(_))) => Redeemed::Used,
            Some((_, expires_ms, None)) if now_ms >= expires_ms => Redeemed::Expired,
            Some((invitation, _, None)) => {
                transaction.execute(
                    "UPDATE join_codes SET used_ms = ?2 WHERE code_hash = ?1",
                    params![hashed(code), now_ms],
                )?;
                Redeemed::Good(invitation)
            }
        };
        transaction.commit()?;
        Ok(redeemed)
    }

    /// Takes the next serial number for a certificate.
    ///
    /// # Errors
    /// When the database fails.
    pub fn next_serial(&self) -> Result<u64, RegistryError> {
        let serial: i64 =
            self.connection
                .query_row("UPDATE serials SET last = last + 1 RETURNING last", [], |row| row.get(0))?;
        Ok(serial.unsigned_abs())
    }
}

fn hashed(code: &str) -> [u8; 32] {
    blake3::derive_key("lanyard/join-code/1", code.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn north() -> Invitation {
        Invitation { conference: "summit".to_owned(), node_name: "north".to_owned() }
    }

    #[test]
    fn a_join_code_works_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut registry = Registry::open(folder.path()).unwrap();
        registry.invite("CODE", &north(), 0).unwrap();
        assert_eq!(registry.redeem("CODE", 1).unwrap(), Redeemed::Good(north()));
        assert_eq!(registry.redeem("CODE", 2).unwrap(), Redeemed::Used);
        assert_eq!(registry.redeem("OTHER", 2).unwrap(), Redeemed::Unknown);
    }

    #[test]
    fn a_join_code_grows_old() {
        let folder = tempfile::tempdir().unwrap();
        let mut registry = Registry::open(folder.path()).unwrap();
        registry.invite("CODE", &north(), 0).unwrap();
        assert_eq!(registry.redeem("CODE", JOIN_CODE_LIFE_MS).unwrap(), Redeemed::Expired);
    }

    #[test]
    fn serials_go_on_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Registry::open(folder.path()).unwrap().next_serial().unwrap(), 1);
        assert_eq!(Registry::open(folder.path()).unwrap().next_serial().unwrap(), 2);
    }
}
