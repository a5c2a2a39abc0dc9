//! Versions of a document: the changes nothing was made on yet.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most changes a version names; each edit brings them down to one.
const HEADS_MAX: usize = 64;

/// What somebody has seen of a document; empty before its first edit.
// Stored: text in JSON, the changes' hashes in lowercase hex with dots between.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub(super) BTreeSet<[u8; 32]>);

/// A text that is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at most {HEADS_MAX} hashes of 64 lowercase hex digits with dots between")]
pub struct VersionError;

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, head) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_char('.')?;
            }
            head.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({self})")
    }
}

impl FromStr for Version {
    type Err = VersionError;
    fn from_str(text: &str) -> Result<Self, VersionError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let heads = text.split('.').take(HEADS_MAX + 1).map(head).collect::<Option<BTreeSet<_>>>();
        heads.filter(|heads| heads.len() <= HEADS_MAX).map(Self).ok_or(VersionError)
    }
}

fn head(text: &str) -> Option<[u8; 32]> {
    let (high, low) = (text.get(..32)?, text.get(32..)?);
    let mut head = [0; 32];
    head[..16].copy_from_slice(&crate::id::hex16(high)?);
    head[16..].copy_from_slice(&crate::id::hex16(low)?);
    Some(head)
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_back_and_nothing_else_is_one() {
        let version = Version([[1; 32], [0xab; 32]].into());
        let text = version.to_string();
        assert_eq!(text, format!("{}.{}", "01".repeat(32), "ab".repeat(32)));
        assert_eq!(text.parse(), Ok(version));
        assert_eq!("".parse(), Ok(Version::default()));
        let many: Vec<_> = (0..=HEADS_MAX).map(|n| format!("{n:064x}")).collect();
        for wrong in [".", "ab", &"AB".repeat(32), &format!("{text}."), &many.join(".")] {
            assert_eq!(wrong.parse::<Version>(), Err(VersionError), "{wrong}");
        }
        assert_eq!(many[1..].join(".").parse::<Version>().map(|version| version.0.len()), Ok(HEADS_MAX));
    }
}
