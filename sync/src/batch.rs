//! Batches: how entries travel.
//!
//! A batch holds entries of one scope in the sender's order of arrival, in which an entry comes
//! after everything it has seen. It is CBOR in columns, compressed with zstd: commitments to parts
//! that are there are left out and computed again, and of each log only its last signed head travels.
//! A batch ends at a signed head of every log it touches, so all of it can be verified.

mod builder;
mod columns;
mod rows;

pub use builder::{BatchBuilder, BuildError, Pushed, StoredEntry};

use crate::cbor::DecodeError;
use crate::chain::SignedHead;
use crate::entry::EntryFrame;
use crate::id::{LogId, ScopeId};
use crate::limits::BATCH_MAX_BYTES;

const COMPRESSION_LEVEL: i32 = 3;

/// Entries of one scope that can be verified together.
// Stored: as the CBOR columns of `columns`, compressed with zstd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The scope of all entries.
    pub scope: ScopeId,
    /// The logs that are touched, in order of log.
    pub logs: Vec<BatchLog>,
    /// The entries, in the sender's order of arrival; those of one log without gaps.
    pub frames: Vec<EntryFrame>,
}

/// What a batch says about one of its logs.
// Stored: in a batch, as [node, epoch, first_seq, after, last seq, hash, signature].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLog {
    /// Sequence number of the log's first entry in the batch.
    pub first_seq: u64,
    /// First 8 bytes of the hash before that entry; tells a fork from damage.
    pub after: [u8; 8],
    /// The log's last entry in the batch, signed.
    pub head: SignedHead,
}

impl BatchLog {
    /// Returns the log.
    pub const fn log(&self) -> LogId {
        self.head.dot.log
    }
}

/// Why bytes are not a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The bytes do not decompress within the limit.
    #[error("the batch does not decompress to at most {BATCH_MAX_BYTES} bytes")]
    Compression,
    /// The decompressed bytes are not a batch.
    #[error("the batch cannot be read")]
    Decode(#[from] DecodeError),
}

impl Batch {
    /// Returns the bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        zstd::bulk::compress(&self.encode_plain(), COMPRESSION_LEVEL)
            .expect("compressing from memory to memory cannot fail")
    }

    /// Reads bytes that travelled. Nothing of it is verified but the form.
    pub fn decode(bytes: &[u8]) -> Result<Self, BatchError> {
        let plain = zstd::bulk::decompress(bytes, BATCH_MAX_BYTES).map_err(|_| BatchError::Compression)?;
        Ok(Self::decode_plain(&plain)?)
    }

    /// Returns the canonical bytes before compression.
    pub fn encode_plain(&self) -> Vec<u8> {
        columns::write(self)
    }

    /// Reads the bytes before compression.
    pub fn decode_plain(bytes: &[u8]) -> Result<Self, DecodeError> {
        rows::read(bytes)
    }
}
