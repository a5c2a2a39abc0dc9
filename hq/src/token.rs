//! The administrator's token: random, made on the first start, readable by its owner only.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

const FILE: &str = "admin.token";

/// Reads the token of a data folder.
///
/// # Errors
/// When there is none.
pub fn read(data: &Path) -> anyhow::Result<String> {
    let path = data.join(FILE);
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(text.trim().to_owned())
}

/// Reads the token, or makes one on the first start.
///
/// # Errors
/// When the folder cannot be written.
pub fn read_or_make(data: &Path) -> anyhow::Result<String> {
    let path = data.join(FILE);
    if path.exists() {
        return read(data);
    }
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|source| anyhow::anyhow!("no random bytes: {source}"))?;
    let token = lanyard_sync::hex::encode(&bytes);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(token.as_bytes())?;
    file.sync_all()?;
    Ok(token)
}

/// Compares a presented token without telling by time how much of it was right.
pub fn matches(presented: &str, token: &str) -> bool {
    let key = blake3::derive_key("lanyard/admin-token/1", token.as_bytes());
    blake3::keyed_hash(&key, presented.as_bytes()) == blake3::keyed_hash(&key, token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_token_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let token = read_or_make(folder.path()).unwrap();
        assert_eq!(token.len(), 64);
        assert_eq!(read_or_make(folder.path()).unwrap(), token);
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches(&token, &token));
        assert!(!matches("guess", &token));
    }
}
