//! The organiser's key: signs every certificate; made on HQ's first start and never leaves it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use lanyard_sync::{SigningKey, hex};

const FILE: &str = "organiser.key";

/// Reads the key of a data folder, or makes one on the first start, readable by its owner only.
///
/// # Errors
/// When the file cannot be read or made, or does not hold a key.
pub fn read_or_make(data: &Path) -> anyhow::Result<SigningKey> {
    let path = data.join(FILE);
    if path.exists() {
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let seed =
            hex::decode_array(text.trim()).with_context(|| format!("{} holds no key", path.display()))?;
        return Ok(SigningKey::from_seed(&seed));
    }
    let mut seed = [0_u8; 32];
    lanyard_node::clock::system_entropy(&mut seed);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(hex::encode(&seed).as_bytes())?;
    file.sync_all()?;
    Ok(SigningKey::from_seed(&seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = read_or_make(folder.path()).unwrap().public_key();
        assert_eq!(read_or_make(folder.path()).unwrap().public_key(), first);
    }
}
