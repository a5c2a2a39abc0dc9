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

/// How a join code is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinCode {
    /// It is good.
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

    /// Looks a join code up, and leaves it as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub fn look_up(&self, code: &str, now_ms: i64) -> Result<JoinCode, RegistryError> {
        let found = self
            .connection
            .query_row(
                "SELECT conference, node_name, expires_ms, used_ms FROM join_codes WHERE code_hash = ?1",
                [hashed(code)],
                |row| {
                    let invitation = Invitation { conference: row.get(0)?, node_name: row.get(1)? };
                    Ok((invitation, row.get::<_, i64>(2)?, row.get::<_, Option<i64>>(3)?))
                },
            )
            .optional()?;
        Ok(match found {
            None => JoinCode::Unknown,
            Some((_, _, Some(_))) => JoinCode::Used,
            Some((_, expires_ms, None)) if now_ms >= expires_ms => JoinCode::Expired,
            Some((invitation, _, None)) => JoinCode::Good(invitation),
        })
    }

    /// Uses a join code up; false when it was used before.
    ///
    /// # Errors
    /// When the database fails; then the code is as it was.
    pub fn use_up(&self, code: &str, now_ms: i64) -> Result<bool, RegistryError> {
        let changed = self.connection.execute(
            "UPDATE join_codes SET used_ms = ?2 WHERE code_hash = ?1 AND used_ms IS NULL",
            params![hashed(code), now_ms],
        )?;
        Ok(changed == 1)
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
    fn a_join_code_is_used_up_once_and_looking_costs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path()).unwrap();
        registry.invite("CODE", &north(), 0).unwrap();
        for _ in 0..2 {
            assert_eq!(registry.look_up("CODE", 1).unwrap(), JoinCode::Good(north()));
        }
        assert!(registry.use_up("CODE", 1).unwrap());
        assert!(!registry.use_up("CODE", 2).unwrap());
        assert_eq!(registry.look_up("CODE", 2).unwrap(), JoinCode::Used);
        assert_eq!(registry.look_up("OTHER", 2).unwrap(), JoinCode::Unknown);
        assert!(!registry.use_up("OTHER", 2).unwrap());
    }

    #[test]
    fn a_join_code_grows_old() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path()).unwrap();
        registry.invite("CODE", &north(), 0).unwrap();
        assert_eq!(registry.look_up("CODE", JOIN_CODE_LIFE_MS).unwrap(), JoinCode::Expired);
    }

    #[test]
    fn serials_go_on_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Registry::open(folder.path()).unwrap().next_serial().unwrap(), 1);
        assert_eq!(Registry::open(folder.path()).unwrap().next_serial().unwrap(), 2);
    }
}
