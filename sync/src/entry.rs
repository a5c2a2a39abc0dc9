//! Entries: a header, its payload, and the place in a log that the chain hash seals.

use crate::cbor::{DecodeError, Reader, Writer};
use crate::chain::chain_hash;
use crate::context::LogContext;
use crate::header::Header;
use crate::id::{Dot, Epoch, Hash, LogId, NodeId, ScopeId};
use crate::limits::{COUNTER_MAX, EXT_MAX_BYTES, FACTS_MAX_BYTES, LOGS_MAX, PERSONAL_MAX_BYTES};
use crate::order::CanonicalKey;
use crate::payload::{Part, Payload};

const HEADER_MAX_BYTES: usize = 1024 + EXT_MAX_BYTES + LOGS_MAX * 48;
const FIELDS: usize = 6;

/// An entry of a log.
// Stored: by the database, part by part; `header_bytes` as they were written or received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub dot: Dot,
    /// The header, read.
    pub header: Header,
    /// The header, as hashed.
    pub header_bytes: Vec<u8>,
    /// What happened.
    pub payload: Payload,
    /// The chain hash.
    pub hash: Hash,
}

impl Entry {
    /// Returns the place in canonical order.
    pub const fn canonical_key(&self) -> CanonicalKey {
        CanonicalKey::new(self.header.lamport, self.dot)
    }

    /// Tells whether this entry, whose full context is `context`, had seen `dot`.
    pub fn sees(&self, context: &LogContext, dot: &Dot) -> bool {
        context.sees(&self.dot, dot)
    }
}

/// An entry that is not yet linked into its chain: as it was read, or as it travels alone.
// Stored: as a CBOR array of 6 items: node, epoch, seq, header bytes, facts, personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryFrame {
    /// Its id.
    pub dot: Dot,
    /// The header, read.
    pub header: Header,
    /// The header, as hashed.
    pub header_bytes: Vec<u8>,
    /// What happened.
    pub payload: Payload,
}

/// Parts that do not belong together as one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The header is not canonical.
    #[error("the header cannot be read")]
    Header(#[source] DecodeError),
    /// A part of the payload is not what the header commits to.
    #[error("the payload is not what the header commits to")]
    Commitment,
}

impl EntryFrame {
    /// Puts together what was stored, checking that the payload is what the header commits to.
    pub fn from_stored(dot: Dot, header_bytes: Vec<u8>, payload: Payload) -> Result<Self, FrameError> {
        let header = Header::decode(&header_bytes).map_err(FrameError::Header)?;
        let committed = payload.facts.commitment() == header.facts
            && payload.personal.as_ref().map(Part::commitment) == header.personal;
        if !committed {
            return Err(FrameError::Commitment);
        }
        Ok(Self { dot, header, header_bytes, payload })
    }

    /// Links the entry to the one before it.
    pub fn link(self, scope: ScopeId, previous: &Hash) -> Entry {
        let hash = chain_hash(scope, self.dot, previous, &self.header_bytes);
        let Self { dot, header, header_bytes, payload } = self;
        Entry { dot, header, header_bytes, payload, hash }
    }

    /// Returns the canonical bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        let size = self.header_bytes.len() + self.payload.stored_bytes() + 64;
        let mut writer = Writer::with_capacity(size);
        writer.array(FIELDS);
        writer.bytes(self.dot.log.node.as_bytes());
        writer.uint(self.dot.log.epoch.0);
        writer.uint(self.dot.seq);
        writer.bytes(&self.header_bytes);
        self.payload.facts.write(&mut writer);
        writer.option(self.payload.personal.as_ref(), |w, part| part.write(w));
        writer.into_bytes()
    }

    /// Reads the canonical bytes of a frame.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(FIELDS)?;
        let node = NodeId(reader.fixed()?);
        let log = LogId { node, epoch: Epoch(reader.uint(u64::MAX)?) };
        let dot = log.dot(reader.uint(COUNTER_MAX)?);
        if dot.seq == 0 {
            return Err(reader.invalid("sequence number 0"));
        }
        let header_bytes = reader.bytes(HEADER_MAX_BYTES)?.to_vec();
        let facts = Part::read(&mut reader, FACTS_MAX_BYTES)?;
        let personal = reader.option(|r| Part::read(r, PERSONAL_MAX_BYTES))?;
        reader.end()?;
        Self::from_stored(dot, header_bytes, Payload { facts, personal }).map_err(|error| match error {
            FrameError::Header(error) => error,
            FrameError::Commitment => reader.invalid("commitment"),
        })
    }
}

impl EntryFrame {
    /// Tells whether there was a personal part and it is gone.
    pub fn lacks_personal(&self) -> bool {
        matches!(self.payload.personal, Some(Part::Absent { .. }))
    }
}

impl From<Entry> for EntryFrame {
    fn from(entry: Entry) -> Self {
        let Entry { dot, header, header_bytes, payload, hash: _ } = entry;
        Self { dot, header, header_bytes, payload }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::writer::tests::{draft, writer};

    fn sample() -> EntryFrame {
        writer(1).append(draft(1)).expect("the draft is within limits").into()
    }

    #[test]
    fn a_frame_reads_back_with_parts_present_or_erased() {
        let frame = sample();
        assert_eq!(EntryFrame::decode(&frame.encode()), Ok(frame.clone()));
        let personal = frame.payload.personal.as_ref().map(Part::erased);
        let erased = EntryFrame { payload: Payload { personal, ..frame.payload }, ..frame };
        assert_eq!(EntryFrame::decode(&erased.encode()), Ok(erased));
    }

    #[test]
    fn a_payload_that_the_header_does_not_commit_to_is_refused() {
        let frame = sample();
        let facts = Part::Present { salt: [0; 16], bytes: b"{\"admitted\":true}".to_vec() };
        let payload = Payload { facts, ..frame.payload };
        assert_eq!(
            EntryFrame::from_stored(frame.dot, frame.header_bytes, payload),
            Err(FrameError::Commitment)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_canonical(bytes: Vec<u8>) {
            if let Ok(frame) = EntryFrame::decode(&bytes) {
                prop_assert_eq!(frame.encode(), bytes);
            }
        }

        #[test]
        fn a_damaged_frame_is_refused_or_canonical(at: prop::sample::Index, byte: u8) {
            let mut bytes = sample().encode();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(frame) = EntryFrame::decode(&bytes) {
                prop_assert_eq!(frame.encode(), bytes);
            }
        }
    }
}
