//! Payloads: what happened, in two parts that are committed to separately.
//!
//! *Facts* stay for ever; *personal* data may be erased. The header holds a commitment to each, so
//! the chain still verifies when a part is gone. A commitment is keyed by a random salt that
//! is erased with the part, so nobody can confirm a guess at what it was.

use crate::cbor::{DecodeError, Next, Reader, Writer};
use crate::id::Hash;
use crate::tag::{self, Tag};

/// One part of a payload, or what is left of it.
// Stored: as salt and bytes, or as the commitment alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The part is there.
    Present {
        /// Random bytes that key the commitment.
        salt: [u8; 16],
        /// The content; JSON, which this crate does not look into.
        bytes: Vec<u8>,
    },
    /// The part was erased.
    Absent {
        /// What the header holds.
        commitment: Hash,
    },
}

impl Part {
    /// Returns the commitment to the part.
    pub fn commitment(&self) -> Hash {
        match self {
            Self::Present { salt, bytes } => commitment(salt, bytes),
            Self::Absent { commitment } => *commitment,
        }
    }

    /// Returns the content, if it is there.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Present { bytes, .. } => Some(bytes),
            Self::Absent { .. } => None,
        }
    }

    /// Removes salt and content.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self::Absent { commitment: self.commitment() }
    }

    pub(crate) fn stored_bytes(&self) -> usize {
        match self {
            Self::Present { salt, bytes } => salt.len() + bytes.len(),
            Self::Absent { commitment } => commitment.0.len(),
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Present { salt, bytes } => {
                writer.array(2);
                writer.bytes(salt);
                writer.bytes(bytes);
            }
            Self::Absent { commitment } => writer.bytes(commitment.as_bytes()),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>, max_bytes: usize) -> Result<Self, DecodeError> {
        if reader.next()? == Next::Bytes {
            return Ok(Self::Absent { commitment: Hash(reader.fixed()?) });
        }
        reader.array_of(2)?;
        Ok(Self::Present { salt: reader.fixed()?, bytes: reader.bytes(max_bytes)?.to_vec() })
    }
}

/// Commits to bytes: BLAKE3 keyed by a hash of the salt.
pub(crate) fn commitment(salt: &[u8; 16], bytes: &[u8]) -> Hash {
    let mut key = Tag::CommitmentKey.hasher();
    key.update(salt);
    Hash(*blake3::keyed_hash(&tag::finish(&key).0, bytes).as_bytes())
}

/// The payload of an entry.
// Stored: as its two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Ids, money, counts, places.
    pub facts: Part,
    /// Names, e-mail, free text.
    pub personal: Option<Part>,
}

impl Payload {
    pub(crate) fn stored_bytes(&self) -> usize {
        self.facts.stored_bytes() + self.personal.as_ref().map_or(0, Part::stored_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erased_part_keeps_its_commitment() {
        let part = Part::Present { salt: [1; 16], bytes: b"{}".to_vec() };
        assert_eq!(part.erased().commitment(), part.commitment());
        assert_eq!(part.erased().bytes(), None);
    }

    #[test]
    fn the_salt_changes_the_commitment() {
        assert_ne!(commitment(&[1; 16], b"{}"), commitment(&[2; 16], b"{}"));
    }
}
