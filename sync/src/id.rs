//! Identifiers: nodes, epochs, logs, entries, scopes, commands and hashes.
//!
//! Each is its own type, copied freely, ordered by its bytes, and spelled in lowercase hexadecimal:
//! in text, in JSON and in addresses. Binary formats hold the bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::hex::{self, Hex};
use crate::key::PublicKey;
use crate::tag::{self, Tag};

/// Text that does not spell the identifier it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}")]
pub struct InvalidId {
    /// What the text should have been.
    pub what: &'static str,
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $length:literal, $what:literal) => {
        $(#[$doc])*
        // Stored: as its bytes; in JSON as lowercase hexadecimal.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// Length in bytes.
            pub const LENGTH: usize = $length;

            /// Returns the bytes.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Reads the bytes; `None` when there are more or fewer than [`Self::LENGTH`].
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Hex(&self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), Hex(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                hex::decode_array(text).map(Self).ok_or(InvalidId { what: $what })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a ", $what))
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }

                    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<$name, E> {
                        $name::from_slice(bytes)
                            .ok_or_else(|| E::invalid_length(bytes.len(), &self))
                    }
                }

                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(Visitor)
                } else {
                    deserializer.deserialize_bytes(Visitor)
                }
            }
        }
    };
}

pub(crate) use byte_id;

byte_id!(
    /// A node: the first 16 bytes of a hash of its public key.
    NodeId, 16, "node id"
);
byte_id!(
    /// A scope: one conference, or the fleet of one organiser.
    ScopeId, 16, "scope id"
);
byte_id!(
    /// A command, as named by the client that made it.
    CommandId, 16, "command id"
);
byte_id!(
    /// A BLAKE3 hash.
    Hash, 32, "hash"
);

impl NodeId {
    /// Derives the id of the node that holds this key.
    pub fn of(key: &PublicKey) -> Self {
        let mut hasher = Tag::NodeId.hasher();
        hasher.update(key.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&tag::finish(&hasher).0[..16]);
        Self(id)
    }
}

impl Hash {
    /// Returns the first 8 bytes, the form in which vectors and contexts name a head.
    pub fn prefix(&self) -> [u8; 8] {
        let mut prefix = [0; 8];
        prefix.copy_from_slice(&self.0[..8]);
        prefix
    }
}

/// A period in which a node could show that its log continues; a random number it mints itself.
// Stored: as an unsigned integer; in JSON as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Epoch {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        hex::decode_array(text)
            .map(|bytes| Self(u64::from_be_bytes(bytes)))
            .ok_or(InvalidId { what: "epoch" })
    }
}

/// One log of a scope: what one node wrote in one epoch.
// Stored: as node and epoch; in JSON as `<node>-<epoch>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// The only writer of the log.
    pub node: NodeId,
    /// The writer's epoch.
    pub epoch: Epoch,
}

impl LogId {
    /// Returns the dot of this log's entry number `seq`.
    pub const fn dot(self, seq: u64) -> Dot {
        Dot { log: self, seq }
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.node, self.epoch)
    }
}

impl FromStr for LogId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (node, epoch) = text.split_once('-').ok_or(InvalidId { what: "log id" })?;
        Ok(Self { node: node.parse()?, epoch: epoch.parse()? })
    }
}

/// The id of an entry: its log and its place in it, counted from 1.
// Stored: as node, epoch and sequence number; in JSON as `<node>-<epoch>-<seq>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// The log the entry is in.
    pub log: LogId,
    /// The place in the log, counted from 1.
    pub seq: u64,
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.log, self.seq)
    }
}

impl FromStr for Dot {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { what: "entry id" };
        let (log, seq) = text.rsplit_once('-').ok_or(invalid)?;
        let number: u64 = seq.parse().map_err(|_| invalid)?;
        if number.to_string() != seq {
            return Err(invalid);
        }
        Ok(Self { log: log.parse()?, seq: number })
    }
}

macro_rules! text_or_parts {
    ($name:ident, $parts:ty, |$value:ident| $into:expr, |$from:ident| $build:expr) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.collect_str(self);
                }
                let $value = self;
                $into.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
                    return text.parse().map_err(de::Error::custom);
                }
                let $from = <$parts>::deserialize(deserializer)?;
                Ok($build)
            }
        }
    };
}

text_or_parts!(Epoch, u64, |value| value.0, |number| Epoch(number));
text_or_parts!(LogId, (NodeId, Epoch), |value| (value.node, value.epoch), |parts| LogId {
    node: parts.0,
    epoch: parts.1
});
text_or_parts!(Dot, (LogId, u64), |value| (value.log, value.seq), |parts| Dot { log: parts.0, seq: parts.1 });

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: LogId = LogId { node: NodeId([0xab; 16]), epoch: Epoch(0x1f) };

    #[test]
    fn a_dot_reads_back_from_its_text() {
        let dot = LOG.dot(42);
        assert_eq!(dot.to_string(), "abababababababababababababababab-000000000000001f-42");
        assert_eq!(dot.to_string().parse(), Ok(dot));
    }

    #[test]
    fn only_one_spelling_of_a_dot_is_taken() {
        let text = LOG.dot(42).to_string();
        assert!(text.replace("-42", "-042").parse::<Dot>().is_err());
        assert!(text.replace("-42", "-+42").parse::<Dot>().is_err());
        assert!(text.to_uppercase().parse::<Dot>().is_err());
    }
}
