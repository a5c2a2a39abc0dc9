//! Entry headers: who wrote what kind of thing about which stream, when and knowing what.
//!
//! A header is hashed and relayed byte for byte, by nodes that may not know its kind. So there is
//! one spelling of it, it holds names and never interned numbers, and what later versions add goes
//! into the opaque `ext` at its end.

use crate::cbor::{DecodeError, Next, Reader, Writer};
use crate::context::ContextDelta;
use crate::id::{CommandId, Hash};
use crate::limits::{
    ACTOR_MAX_BYTES, CATEGORY_MAX_BYTES, COUNTER_MAX, DESK_MAX_BYTES, EXT_MAX_BYTES, KIND_MAX_BYTES,
    STREAM_KEY_MAX_BYTES, WALL_TIME_MAX_MS,
};
use crate::stream::{InvalidStreamName, StreamKey, StreamName, is_word};

/// A salted hash of a payload part.
pub type Commitment = Hash;

const FIELDS: usize = 16;

/// The header of an entry.
// Stored: as a CBOR array of 16 items: category, key, kind, version, min_reader, lamport, at_ms,
// skew_ms, actor, desk, command, index, context, facts, personal, ext.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the entry is about.
    pub stream: StreamName,
    /// What happened, as a wire name without its version: lowercase letters, digits and dashes, as in
    /// `attendee-checked-in`.
    pub kind: String,
    /// Version of the kind's payload.
    pub version: u16,
    /// Oldest reader that may fold the stream after this entry.
    pub min_reader: u16,
    /// Lamport time: 1 + the greatest of the writer's previous entry and of its context.
    pub lamport: u64,
    /// The writer's wall clock, in milliseconds since 1970; for people, never for ordering.
    pub at_ms: i64,
    /// How far the writer's clock was known to be ahead, in milliseconds.
    pub skew_ms: Option<i32>,
    /// Who did it, as an id: never a name.
    pub actor: String,
    /// Where it was done; empty when at no desk.
    pub desk: String,
    /// The command that caused the entry.
    pub command: CommandId,
    /// Place among the entries of that command, from 0.
    pub index: u16,
    /// What the writer had seen; `None` when the same as for its previous entry.
    pub context: Option<ContextDelta>,
    /// Commitment to the facts.
    pub facts: Commitment,
    /// Commitment to the personal part, if there is one.
    pub personal: Option<Commitment>,
    /// What later versions add.
    pub ext: Vec<u8>,
}

/// A header that no entry may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The stream name is not valid.
    #[error("the stream name is not valid")]
    Stream(#[from] InvalidStreamName),
    /// A field is empty, too long, or has characters that it must not have.
    #[error("{field} is outside its limits")]
    OutsideLimits {
        /// Name of the field.
        field: &'static str,
    },
}

impl Header {
    /// Tells whether every field is within its limits.
    pub fn check(&self) -> Result<(), HeaderError> {
        self.stream.check()?;
        let outside = |field| Err(HeaderError::OutsideLimits { field });
        if !is_word(&self.kind, KIND_MAX_BYTES) {
            return outside("kind");
        }
        if self.lamport == 0 || self.lamport > COUNTER_MAX {
            return outside("lamport");
        }
        if self.at_ms.unsigned_abs() > WALL_TIME_MAX_MS.unsigned_abs() {
            return outside("at_ms");
        }
        if !is_line(&self.actor, ACTOR_MAX_BYTES) {
            return outside("actor");
        }
        if !is_line(&self.desk, DESK_MAX_BYTES) {
            return outside("desk");
        }
        if self.ext.len() > EXT_MAX_BYTES {
            return outside("ext");
        }
        if self.context.as_ref().is_some_and(|c| c.is_empty() || !c.is_within_limits()) {
            return outside("context");
        }
        Ok(())
    }

    /// Returns the canonical bytes. They read back only when [`Self::check`] is satisfied.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(224);
        writer.array(FIELDS);
        write_stream(&mut writer, &self.stream);
        writer.text(&self.kind);
        writer.uint(self.version.into());
        writer.uint(self.min_reader.into());
        writer.uint(self.lamport);
        writer.int(self.at_ms);
        writer.option(self.skew_ms, |w, skew_ms| w.int(skew_ms.into()));
        writer.text(&self.actor);
        writer.text(&self.desk);
        writer.bytes(self.command.as_bytes());
        writer.uint(self.index.into());
        writer.option(self.context.as_ref(), |w, context| context.write(w));
        writer.bytes(self.facts.as_bytes());
        writer.option(self.personal, |w, personal| w.bytes(personal.as_bytes()));
        writer.bytes(&self.ext);
        writer.into_bytes()
    }

    /// Reads canonical bytes; anything that would be written differently is refused.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(FIELDS)?;
        let header = Self {
            stream: read_stream(&mut reader)?,
            kind: reader.text(KIND_MAX_BYTES)?.to_owned(),
            version: reader.u16()?,
            min_reader: reader.u16()?,
            lamport: reader.uint(COUNTER_MAX)?,
            at_ms: reader.int()?,
            skew_ms: reader.option(read_skew)?,
            actor: reader.text(ACTOR_MAX_BYTES)?.to_owned(),
            desk: reader.text(DESK_MAX_BYTES)?.to_owned(),
            command: CommandId(reader.fixed()?),
            index: reader.u16()?,
            context: reader.option(ContextDelta::read)?,
            facts: Hash(reader.fixed()?),
            personal: reader.option(|r| r.fixed().map(Hash))?,
            ext: reader.bytes(EXT_MAX_BYTES)?.to_vec(),
        };
        reader.end()?;
        header.check().map_err(|_| reader.invalid("header"))?;
        Ok(header)
    }
}

fn is_line(text: &str, max_bytes: usize) -> bool {
    text.len() <= max_bytes && !text.chars().any(char::is_control)
}

pub(crate) fn read_skew(reader: &mut Reader<'_>) -> Result<i32, DecodeError> {
    let skew_ms = reader.int()?;
    i32::try_from(skew_ms).map_err(|_| reader.over_limit())
}

/// Writes a stream name as category and key.
pub(crate) fn write_stream(writer: &mut Writer, stream: &StreamName) {
    writer.text(stream.category());
    match stream.key() {
        StreamKey::None => writer.null(),
        StreamKey::Text(key) => writer.text(key),
        StreamKey::Id(id) => writer.bytes(id),
    }
}

/// Reads a stream name from category and key.
pub(crate) fn read_stream(reader: &mut Reader<'_>) -> Result<StreamName, DecodeError> {
    let category = reader.text(CATEGORY_MAX_BYTES)?.to_owned();
    let key = match reader.next()? {
        Next::Null => {
            reader.null()?;
            StreamKey::None
        }
        Next::Bytes => StreamKey::Id(reader.fixed()?),
        Next::Text | Next::Integer | Next::Array | Next::Bool | Next::Other => {
            StreamKey::Text(reader.text(STREAM_KEY_MAX_BYTES)?.to_owned())
        }
    };
    Ok(StreamName::new(category, key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::context::ContextHead;
    use crate::id::{Epoch, LogId, NodeId};
    use crate::vector::Head;

    fn sample() -> Header {
        let log = LogId { node: NodeId([9; 16]), epoch: Epoch(u64::MAX) };
        Header {
            stream: StreamName::new("attendee", StreamKey::Id([7; 16])),
            kind: "attendee-checked-in".into(),
            version: 1,
            min_reader: 1,
            lamport: 70_000,
            at_ms: 1_790_000_000_000,
            skew_ms: Some(-250),
            actor: "staff-7".into(),
            desk: "lane-3".into(),
            command: CommandId([3; 16]),
            index: 0,
            context: Some(ContextDelta::new([ContextHead { log, head: Head { seq: 12, prefix: [8; 8] } }])),
            facts: Hash([4; 32]),
            personal: None,
            ext: Vec::new(),
        }
    }

    #[test]
    fn a_header_reads_back() {
        let header = sample();
        assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn every_cut_header_is_refused() {
        let bytes = sample().encode();
        for end in 0..bytes.len() {
            assert!(Header::decode(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn fields_outside_their_limits_are_refused() {
        let long = Header { kind: "k".repeat(65), ..sample() };
        assert_eq!(long.check(), Err(HeaderError::OutsideLimits { field: "kind" }));
        assert!(Header::decode(&long.encode()).is_err());
        let shouted = Header { kind: "Checked in".into(), ..sample() };
        assert_eq!(shouted.check(), Err(HeaderError::OutsideLimits { field: "kind" }));
        let two_lines = Header { desk: "lane\n3".into(), ..sample() };
        assert_eq!(two_lines.check(), Err(HeaderError::OutsideLimits { field: "desk" }));
        let zero = Header { lamport: 0, ..sample() };
        assert!(Header::decode(&zero.encode()).is_err());
        let empty = Header { context: Some(ContextDelta::default()), ..sample() };
        assert!(Header::decode(&empty.encode()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_canonical(bytes: Vec<u8>) {
            if let Ok(header) = Header::decode(&bytes) {
                prop_assert_eq!(header.encode(), bytes);
            }
        }

        #[test]
        fn a_damaged_header_is_refused_or_canonical(at: prop::sample::Index, byte: u8) {
            let mut bytes = sample().encode();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(header) = Header::decode(&bytes) {
                prop_assert_eq!(header.encode(), bytes);
            }
        }
    }
}
