//! Names of streams: what an entry is about.
//!
//! A name is a category and, for most categories, a key: `conference`, `seats/ws`,
//! `attendee/<32 hexadecimal digits>`. Names travel as they are, never as numbers.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::hex::{self, Hex};
use crate::limits::{CATEGORY_MAX_BYTES, STREAM_KEY_MAX_BYTES};

/// Which stream of a category.
// Stored: in the header, as null, text or 16 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKey {
    /// The category has one stream.
    None,
    /// A short text, such as a seat type or a desk.
    Text(String),
    /// A 16-byte id, displayed as 32 hexadecimal digits.
    Id([u8; 16]),
}

/// The name of a stream. Names order by category, then key.
// Stored: in the header, as category and key; in JSON as `category/key`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    category: Cow<'static, str>,
    key: StreamKey,
}

/// A stream name that no entry may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStreamName {
    /// The category is empty, too long or has other characters.
    #[error(
        "a stream category is 1 to {CATEGORY_MAX_BYTES} lowercase letters, digits and dashes, a letter first"
    )]
    Category,
    /// The key is empty, too long or has control characters.
    #[error("a stream key is 1 to {STREAM_KEY_MAX_BYTES} bytes of text without control characters")]
    Key,
    /// The key is a text that reads as an id.
    #[error("a stream key of 32 hexadecimal digits must be given as an id")]
    TextLikeId,
}

impl StreamName {
    /// Makes a name; [`Self::check`] tells whether an entry may carry it.
    pub fn new(category: impl Into<Cow<'static, str>>, key: StreamKey) -> Self {
        Self { category: category.into(), key }
    }

    /// Returns what kind of thing the stream is.
    pub fn category(&self) -> &str {
        &self.category
    }

    /// Returns which one of its category it is.
    pub const fn key(&self) -> &StreamKey {
        &self.key
    }

    /// Tells whether an entry may carry this name.
    pub fn check(&self) -> Result<(), InvalidStreamName> {
        if !is_word(&self.category, CATEGORY_MAX_BYTES) {
            return Err(InvalidStreamName::Category);
        }
        match &self.key {
            StreamKey::None | StreamKey::Id(_) => Ok(()),
            StreamKey::Text(key) => check_text_key(key),
        }
    }
}

/// Tells whether a text is lowercase letters, digits and dashes, a letter first.
pub(crate) fn is_word(text: &str, max_bytes: usize) -> bool {
    text.len() <= max_bytes
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && text.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn check_text_key(key: &str) -> Result<(), InvalidStreamName> {
    if key.is_empty() || key.len() > STREAM_KEY_MAX_BYTES || key.chars().any(char::is_control) {
        return Err(InvalidStreamName::Key);
    }
    if hex::decode_array::<16>(key).is_some() {
        return Err(InvalidStreamName::TextLikeId);
    }
    Ok(())
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.category)?;
        match &self.key {
            StreamKey::None => Ok(()),
            StreamKey::Text(key) => write!(f, "/{key}"),
            StreamKey::Id(id) => write!(f, "/{}", Hex(id)),
        }
    }
}

impl FromStr for StreamName {
    type Err = InvalidStreamName;

    fn from_str(text: &str) -> Result<Self, InvalidStreamName> {
        let (category, key) = match text.split_once('/') {
            None => (text, StreamKey::None),
            Some((category, key)) => match hex::decode_array(key) {
                Some(id) => (category, StreamKey::Id(id)),
                None => (category, StreamKey::Text(key.to_owned())),
            },
        };
        let name = Self::new(category.to_owned(), key);
        name.check()?;
        Ok(name)
    }
}

impl Serialize for StreamName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_from_their_text() {
        for name in [
            StreamName::new("conference", StreamKey::None),
            StreamName::new("seats", StreamKey::Text("ws".into())),
            StreamName::new("scans", StreamKey::Text("north/door 1".into())),
            StreamName::new("attendee", StreamKey::Id([7; 16])),
        ] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn names_that_read_two_ways_are_refused() {
        let like_id = StreamName::new("attendee", StreamKey::Text("07".repeat(16)));
        assert_eq!(like_id.check(), Err(InvalidStreamName::TextLikeId));
        assert_eq!("Seats/ws".parse::<StreamName>(), Err(InvalidStreamName::Category));
        assert_eq!("seats/".parse::<StreamName>(), Err(InvalidStreamName::Key));
    }
}
