//! Identifiers of the domain as newtypes.
//!
//! Attendees, orders and conflicts have 16-byte ids shown as lowercase hex; what an organiser names
//! (seat types, lists, desks, staff) has a short text id; badges and seats have codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest text id in bytes.
pub const TEXT_ID_MAX_BYTES: usize = 64;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdError {
    expected: &'static str,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for IdError {}

pub(crate) fn hex16(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        // Stored: lowercase hex text in JSON, 16 raw bytes as a stream key.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                hex16(text).map(Self).ok_or(IdError { expected: "32 lowercase hex digits" })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl $name {
            /// Derives the id from the parts that name it, each length-prefixed.
            pub fn derive(parts: &[&[u8]]) -> Self {
                Self(derive16(concat!("lanyard/", stringify!($name), "/1"), parts))
            }
        }
    };
}

/// First 16 bytes of BLAKE3 in derive-key mode over length-prefixed parts.
pub(crate) fn derive16(tag: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key(tag);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    id
}

hex_id! {
    /// A person on the attendee list: hash of conference, source and external key, or drawn at a walk-up.
    AttendeeId
}
hex_id! {
    /// What was ordered together.
    OrderId
}
hex_id! {
    /// A conflict; every node derives the same id from the same facts.
    ConflictId
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        // Stored: as text.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let sound = !text.is_empty()
                    && text.len() <= TEXT_ID_MAX_BYTES
                    && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
                sound
                    .then(|| Self(text.to_owned()))
                    .ok_or(IdError { expected: "1 to 64 characters of a-z A-Z 0-9 - _ . :" })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id! {
    /// Something sold in limited number, such as `ga` or `workshop`.
    SeatTypeId
}
text_id! {
    /// A check-in list, such as `main`.
    ListId
}
text_id! {
    /// A desk: a browser at a place.
    DeskId
}
text_id! {
    /// A member of staff, as typed at sign-in.
    StaffId
}
text_id! {
    /// The code on a badge.
    BadgeCode
}
text_id! {
    /// One seat of an attendee: `<order>:<n>`, or `<source>:<n>` for an imported one.
    SeatId
}
