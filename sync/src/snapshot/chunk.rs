//! Chunks of a snapshot: states of streams, applied entries of tallies, words of erasures.

use crate::cbor::{DecodeError, Reader, Writer};
use crate::certificate::Certificate;
use crate::erasure::Erasure;
use crate::header::{read_stream, write_stream};
use crate::id::{CommandId, Epoch, Hash, LogId, NodeId};
use crate::key::Signature;
use crate::limits::{
    CHUNK_CUT_BYTES, CHUNK_MAX_BYTES, CHUNK_MAX_RECORDS, CHUNK_MIN_BYTES, CHUNK_TRAVEL_MAX_BYTES, COUNTER_MAX,
};
use crate::order::CanonicalKey;
use crate::stream::StreamName;
use crate::tag::{self, Tag};

const STREAMS: u64 = 0;
const TALLIED: u64 = 1;
const ERASURES: u64 = 2;
/// A fresh node waits while it is made: what is quick counts for more than what is small.
const COMPRESSION_LEVEL: i32 = 1;
/// What a record takes beside name and state, in bytes, about.
const RECORD_BYTES: usize = 64;
/// One name in so many ends a chunk that is long enough.
const CUTS_EVERY: u8 = 32;

/// The folded state of a stream.
// Stored: in a chunk, as [category, key, lamport, node, epoch, seq, readable, unknown, state or null].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRecord {
    /// The stream.
    pub name: StreamName,
    /// The last entry in canonical order.
    pub last: CanonicalKey,
    /// Whether no entry asks for a newer reader.
    pub readable: bool,
    /// Entries of kinds that the maker does not know.
    pub unknown: u32,
    /// The state as it is stored; none for streams that are not folded.
    pub state: Option<Vec<u8>>,
}

/// A piece of a snapshot.
// Stored: on the wire, as [0 | 1 | 2, records], compressed with zstd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// States.
    Streams(Vec<StreamRecord>),
    /// Entries of tallies that were applied, by command and index in it.
    Tallied(Vec<(CommandId, u16)>),
    /// Erased streams.
    Erasures(Vec<Erasure>),
}

/// Why bytes are no chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The bytes do not decompress within the limit.
    #[error("the chunk does not decompress to at most {CHUNK_MAX_BYTES} bytes")]
    Compression,
    /// The decompressed bytes are no chunk.
    #[error("the chunk cannot be read")]
    Decode(#[from] DecodeError),
}

/// Names the bytes of a chunk as they travel.
pub fn chunk_hash(bytes: &[u8]) -> Hash {
    let mut hasher = Tag::SnapshotChunk.hasher();
    hasher.update(bytes);
    tag::finish(&hasher)
}

impl Chunk {
    /// Returns the bytes that travel; none when they are over the limit.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let plain = self.encode_plain();
        if plain.len() > CHUNK_MAX_BYTES {
            return None;
        }
        let bytes = zstd::bulk::compress(&plain, COMPRESSION_LEVEL).ok()?;
        (bytes.len() <= CHUNK_TRAVEL_MAX_BYTES).then_some(bytes)
    }

    /// Returns the canonical bytes before compression.
    pub fn encode_plain(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(CHUNK_CUT_BYTES);
        writer.array(2);
        match self {
            Self::Streams(records) => {
                writer.uint(STREAMS);
                writer.array(records.len());
                for record in records {
                    record.write(&mut writer);
                }
            }
            Self::Tallied(records) => {
                writer.uint(TALLIED);
                writer.array(records.len());
                for (command, index) in records {
                    writer.array(2);
                    writer.bytes(command.as_bytes());
                    writer.uint((*index).into());
                }
            }
            Self::Erasures(records) => {
                writer.uint(ERASURES);
                writer.array(records.len());
                for erasure in records {
                    writer.array(4);
                    write_stream(&mut writer, &erasure.stream);
                    erasure.certificate.write(&mut writer);
                    writer.bytes(erasure.signature.as_bytes());
                }
            }
        }
        writer.into_bytes()
    }

    /// Reads bytes that travelled.
    pub fn decode(bytes: &[u8]) -> Result<Self, ChunkError> {
        let plain = zstd::bulk::decompress(bytes, CHUNK_MAX_BYTES).map_err(|_| ChunkError::Compression)?;
        Ok(Self::decode_plain(&plain)?)
    }

    /// Reads the bytes before compression.
    pub fn decode_plain(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let r = &mut reader;
        r.array_of(2)?;
        let chunk = match r.uint(u64::MAX)? {
            STREAMS => Self::Streams(r.list(CHUNK_MAX_RECORDS, StreamRecord::read)?),
            TALLIED => Self::Tallied(r.list(CHUNK_MAX_RECORDS, |r| {
                r.array_of(2)?;
                Ok((CommandId(r.fixed()?), r.u16()?))
            })?),
            ERASURES => Self::Erasures(r.list(CHUNK_MAX_RECORDS, |r| {
                r.array_of(4)?;
                let (stream, certificate) = (read_stream(r)?, Certificate::read(r)?);
                Ok(Erasure { stream, certificate, signature: Signature(r.fixed()?) })
            })?),
            _ => return Err(r.invalid("kind of the chunk")),
        };
        r.end()?;
        Ok(chunk)
    }
}

impl StreamRecord {
    fn write(&self, writer: &mut Writer) {
        writer.array(9);
        write_stream(writer, &self.name);
        writer.uint(self.last.lamport);
        writer.bytes(self.last.node.as_bytes());
        writer.uint(self.last.epoch.0);
        writer.uint(self.last.seq);
        writer.bool(self.readable);
        writer.uint(self.unknown.into());
        writer.option(self.state.as_deref(), Writer::bytes);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array_of(9)?;
        let name = read_stream(reader)?;
        name.check().map_err(|_| reader.invalid("name of a stream"))?;
        let lamport = reader.uint(COUNTER_MAX)?;
        let log = LogId { node: NodeId(reader.fixed()?), epoch: Epoch(reader.uint(u64::MAX)?) };
        let last = CanonicalKey::new(lamport, log.dot(reader.uint(COUNTER_MAX)?));
        let readable = reader.bool()?;
        let unknown = u32::try_from(reader.uint(u32::MAX.into())?).unwrap_or(u32::MAX);
        let state = reader.option(|r| Ok(r.bytes(CHUNK_MAX_BYTES)?.to_vec()))?;
        Ok(Self { name, last, readable, unknown, state })
    }

    fn bytes(&self) -> usize {
        RECORD_BYTES + self.state.as_ref().map_or(0, Vec::len)
    }

    /// Whether a chunk that is long enough ends here. The name alone says so: a change of one state leaves all other
    /// chunks as they were, whoever made them.
    fn cuts(&self) -> bool {
        blake3::hash(self.name.to_string().as_bytes()).as_bytes()[0].is_multiple_of(CUTS_EVERY)
    }
}

/// Cuts states, in order of stream, into chunks.
#[derive(Debug, Default)]
pub struct Chunker {
    records: Vec<StreamRecord>,
    bytes: usize,
}

impl Chunker {
    /// Adds a state; returns the chunk that it ends.
    pub fn push(&mut self, record: StreamRecord) -> Option<Chunk> {
        self.bytes += record.bytes();
        let is_long_enough = self.bytes >= CHUNK_MIN_BYTES && record.cuts();
        self.records.push(record);
        let is_full = self.bytes >= CHUNK_CUT_BYTES || self.records.len() >= CHUNK_MAX_RECORDS;
        if is_long_enough || is_full { self.finish() } else { None }
    }

    /// Ends the last chunk; none when nothing is left.
    pub fn finish(&mut self) -> Option<Chunk> {
        self.bytes = 0;
        let records = std::mem::take(&mut self.records);
        (!records.is_empty()).then_some(Chunk::Streams(records))
    }
}
