//! Deterministic CBOR (RFC 8949, section 4.2.1), the part of it that the formats here use.
//!
//! The writer makes the only spelling there is; the reader refuses every other one, so what was
//! read and written again is the same bytes. Used: integers, byte strings, text, arrays, null,
//! false and true. Not used: maps, tags, floats, indefinite lengths.

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
/// Added to the type when 1, 2, 4 or 8 bytes with the number follow.
const IN_1_BYTE: u8 = 0x18;
const IN_2_BYTES: u8 = 0x19;
const IN_4_BYTES: u8 = 0x1a;
const IN_8_BYTES: u8 = 0x1b;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;

/// Why bytes are not the format they should be. Positions count bytes from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end inside an item.
    #[error("the bytes end too early")]
    Truncated,
    /// Another type of item is expected here.
    #[error("byte {at}: another type of item is expected")]
    Unexpected {
        /// Position of the item.
        at: usize,
    },
    /// The item is spelled in a longer or other way than the canonical one.
    #[error("byte {at}: not in canonical form")]
    NotCanonical {
        /// Position of the item.
        at: usize,
    },
    /// A number or length is over its limit.
    #[error("byte {at}: over its limit")]
    OverLimit {
        /// Position after the item.
        at: usize,
    },
    /// A value has the right type and does not make sense.
    #[error("byte {at}: {what} is not valid")]
    Invalid {
        /// Position after the item.
        at: usize,
        /// What is not valid.
        what: &'static str,
    },
    /// Bytes follow the end.
    #[error("bytes follow the end")]
    Trailing,
}

/// Appends canonical CBOR to a buffer.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    #[expect(clippy::cast_possible_truncation, reason = "each arm matches what fits")]
    fn head(&mut self, major: u8, value: u64) {
        let major = major << 5;
        match value {
            0..24 => self.out.push(major | value as u8),
            24..0x100 => self.out.extend_from_slice(&[major | IN_1_BYTE, value as u8]),
            0x100..0x1_0000 => {
                let [a, b] = (value as u16).to_be_bytes();
                self.out.extend_from_slice(&[major | IN_2_BYTES, a, b]);
            }
            0x1_0000..0x1_0000_0000 => {
                let [a, b, c, d] = (value as u32).to_be_bytes();
                self.out.extend_from_slice(&[major | IN_4_BYTES, a, b, c, d]);
            }
            _ => {
                self.out.push(major | IN_8_BYTES);
                self.out.extend_from_slice(&value.to_be_bytes());
            }
        }
    }

    pub(crate) fn array(&mut self, length: usize) {
        self.head(ARRAY, length as u64);
    }

    pub(crate) fn uint(&mut self, value: u64) {
        self.head(UNSIGNED, value);
    }

    pub(crate) fn int(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(UNSIGNED, value),
            Err(_) => self.head(NEGATIVE, !value.cast_unsigned()),
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn null(&mut self) {
        self.out.push(NULL);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.out.push(if value { TRUE } else { FALSE });
    }

    /// Writes null for `None`.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }
}

/// The type of the next item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Integer,
    Bytes,
    Text,
    Array,
    Bool,
    Null,
    Other,
}

/// Reads canonical CBOR and nothing else.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Says that the value just read does not make sense.
    pub(crate) fn invalid(&self, what: &'static str) -> DecodeError {
        DecodeError::Invalid { at: self.at, what }
    }

    pub(crate) fn over_limit(&self) -> DecodeError {
        DecodeError::OverLimit { at: self.at }
    }

    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(DecodeError::Trailing) }
    }

    pub(crate) fn next(&self) -> Result<Next, DecodeError> {
        let first = *self.bytes.get(self.at).ok_or(DecodeError::Truncated)?;
        Ok(match (first >> 5, first) {
            (UNSIGNED | NEGATIVE, _) => Next::Integer,
            (BYTES, _) => Next::Bytes,
            (TEXT, _) => Next::Text,
            (ARRAY, _) => Next::Array,
            (_, TRUE | FALSE) => Next::Bool,
            (_, NULL) => Next::Null,
            _ => Next::Other,
        })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(count).ok_or(DecodeError::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(DecodeError::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    fn head(&mut self) -> Result<(u8, u64), DecodeError> {
        let at = self.at;
        let first = self.take(1)?[0];
        let (value, least) = match first & 0x1f {
            short @ 0..24 => (u64::from(short), 0),
            IN_1_BYTE => (self.number(1)?, 24),
            IN_2_BYTES => (self.number(2)?, 0x100),
            IN_4_BYTES => (self.number(4)?, 0x1_0000),
            IN_8_BYTES => (self.number(8)?, 0x1_0000_0000),
            _ => return Err(DecodeError::NotCanonical { at }),
        };
        if value < least {
            return Err(DecodeError::NotCanonical { at });
        }
        Ok((first >> 5, value))
    }

    fn number(&mut self, width: usize) -> Result<u64, DecodeError> {
        Ok(self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn head_of(&mut self, major: u8) -> Result<u64, DecodeError> {
        let at = self.at;
        let (found, value) = self.head()?;
        if found == major { Ok(value) } else { Err(DecodeError::Unexpected { at }) }
    }

    fn length_of(&mut self, major: u8, max: usize) -> Result<usize, DecodeError> {
        let length = self.head_of(major)?;
        usize::try_from(length).ok().filter(|length| *length <= max).ok_or(self.over_limit())
    }

    /// Reads the start of an array of at most `max` items. Whatever is allocated for it should
    /// grow as items are read: the length alone is only a claim.
    pub(crate) fn array(&mut self, max: usize) -> Result<usize, DecodeError> {
        self.length_of(ARRAY, max)
    }

    /// Reads the start of an array of exactly `length` items.
    pub(crate) fn array_of(&mut self, length: usize) -> Result<(), DecodeError> {
        let at = self.at;
        if self.array(length)? == length { Ok(()) } else { Err(DecodeError::Unexpected { at }) }
    }

    pub(crate) fn uint(&mut self, max: u64) -> Result<u64, DecodeError> {
        let value = self.head_of(UNSIGNED)?;
        if value <= max { Ok(value) } else { Err(self.over_limit()) }
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        let value = self.head_of(UNSIGNED)?;
        u16::try_from(value).map_err(|_| self.over_limit())
    }

    pub(crate) fn int(&mut self) -> Result<i64, DecodeError> {
        let at = self.at;
        let (major, value) = self.head()?;
        let value = i64::try_from(value).map_err(|_| self.over_limit())?;
        match major {
            UNSIGNED => Ok(value),
            NEGATIVE => Ok(!value),
            _ => Err(DecodeError::Unexpected { at }),
        }
    }

    pub(crate) fn bytes(&mut self, max: usize) -> Result<&'a [u8], DecodeError> {
        let length = self.length_of(BYTES, max)?;
        self.take(length)
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let at = self.at;
        let bytes = self.bytes(N)?;
        bytes.try_into().map_err(|_| DecodeError::Unexpected { at })
    }

    pub(crate) fn text(&mut self, max: usize) -> Result<&'a str, DecodeError> {
        let length = self.length_of(TEXT, max)?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.invalid("text"))
    }

    pub(crate) fn null(&mut self) -> Result<(), DecodeError> {
        match self.next()? {
            Next::Null => self.take(1).map(|_| ()),
            _ => Err(DecodeError::Unexpected { at: self.at }),
        }
    }

    pub(crate) fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.next()? {
            Next::Bool => Ok(self.take(1)?[0] == TRUE),
            _ => Err(DecodeError::Unexpected { at: self.at }),
        }
    }

    /// Reads an array of at most `max` items of one kind.
    pub(crate) fn list<T>(
        &mut self,
        max: usize,
        read: impl Fn(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let length = self.array(max)?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// Reads null as `None`.
    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.next()? == Next::Null {
            self.null()?;
            return Ok(None);
        }
        read(self).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::default();
        write(&mut writer);
        writer.into_bytes()
    }

    #[test]
    fn integers_are_spelled_as_in_the_rfc() {
        assert_eq!(written(|w| w.uint(23)), [0x17]);
        assert_eq!(written(|w| w.uint(24)), [0x18, 24]);
        assert_eq!(written(|w| w.uint(1000)), [0x19, 0x03, 0xe8]);
        assert_eq!(written(|w| w.uint(1_000_000)), [0x1a, 0, 0x0f, 0x42, 0x40]);
        assert_eq!(written(|w| w.int(-1)), [0x20]);
        assert_eq!(written(|w| w.int(-1000)), [0x39, 0x03, 0xe7]);
        assert_eq!(written(|w| w.int(i64::MIN)).len(), 9);
    }

    #[test]
    fn a_longer_spelling_is_refused() {
        assert_eq!(Reader::new(&[0x18, 23]).uint(u64::MAX), Err(DecodeError::NotCanonical { at: 0 }));
        assert_eq!(Reader::new(&[0x9f, 0xff]).array(5), Err(DecodeError::NotCanonical { at: 0 }));
    }

    #[test]
    fn a_length_beyond_the_bytes_or_the_limit_is_refused() {
        assert_eq!(Reader::new(&[0x45, 1, 2]).bytes(64), Err(DecodeError::Truncated));
        assert_eq!(
            Reader::new(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]).bytes(64),
            Err(DecodeError::OverLimit { at: 9 })
        );
    }

    proptest::proptest! {
        #[test]
        fn every_integer_reads_back(value: i64) {
            let bytes = written(|w| w.int(value));
            proptest::prop_assert_eq!(Reader::new(&bytes).int(), Ok(value));
        }
    }
}
