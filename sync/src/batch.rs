//! Batches: how entries travel.
//!
//! A batch holds entries of one scope in the sender's order of arrival, in which an entry comes
//! after everything it has seen. It is CBOR in columns, compressed with zstd: commitments to parts
//! that are there are left out and computed again, and of each log only its last signed head travels.
//! A batch ends at a signed head of every log it touches, so all of it can be verified. Where personal parts
//! are gone and the receiver has not seen why, the word that erased them travels beside the entries.

mod builder;
mod columns;
mod rows;

pub use builder::{BatchBuilder, BuildError, Pushed, StoredEntry};

use crate::cbor::DecodeError;
use crate::chain::SignedHead;
use crate::entry::EntryFrame;
use crate::erasure::Erasure;
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
    /// Why personal parts are gone, in order of stream; nothing about what the receiver knows by its log.
    pub erasures: Vec<Erasure>,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::CommandId;
    use crate::limits::BATCH_MAX_ENTRIES;
    use crate::replica::Replica;
    use crate::stream::{StreamKey, StreamName};
    use crate::vector::VersionVector;
    use crate::writer::tests::draft;
    use crate::writer::{Draft, Salted};

    fn noise(number: u64, purpose: &str) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(purpose.as_bytes()).update(&number.to_be_bytes());
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        bytes
    }

    fn check_in(number: u64) -> Draft {
        let facts = br#"{"list":"main","direction":"entry","window":"day-1","method":"camera"}"#;
        Draft {
            stream: StreamName::new("attendee", StreamKey::Id(noise(number, "attendee"))),
            at_ms: 1_790_000_000_000
                + i64::try_from(number).unwrap() * 1_700
                + i64::from(noise(number, "jitter")[0]) * 9,
            command: CommandId(noise(number, "command")),
            facts: Salted { salt: noise(number, "salt"), bytes: facts.to_vec() },
            personal: None,
            ..draft(0)
        }
    }

    fn replica_with(check_ins: u64) -> Replica {
        let mut replica = Replica::new(1);
        for number in 0..check_ins {
            replica.commit([check_in(number)]);
        }
        replica
    }

    #[test]
    fn a_check_in_takes_at_most_80_bytes_of_a_full_batch() {
        let replica = replica_with(1_000);
        let opened: VersionVector =
            [(replica.log(), crate::vector::Head::new(1, &replica.hash_of(replica.log().dot(1)).unwrap()))]
                .into_iter()
                .collect();
        let batch = replica.batch_for(&opened).unwrap().unwrap();
        assert_eq!(batch.frames.len(), BATCH_MAX_ENTRIES);
        let bytes = batch.encode();
        assert_eq!(Batch::decode(&bytes), Ok(batch));
        assert!(bytes.len() <= 80 * BATCH_MAX_ENTRIES, "{} bytes", bytes.len());
    }

    #[test]
    fn a_batch_ends_at_its_limit_and_the_next_goes_on() {
        let replica = replica_with(1_500);
        let first = replica.batch_for(&VersionVector::default()).unwrap().unwrap();
        assert_eq!(first.frames.len(), BATCH_MAX_ENTRIES);
        let mut other = Replica::new(2);
        assert_eq!(other.import(first), Ok(1_000));
        assert_eq!(other.pull_from(&replica), Ok(501));
    }

    #[test]
    fn large_entries_make_small_batches() {
        let mut replica = Replica::new(1);
        for number in 0..40 {
            let facts = Salted { salt: [1; 16], bytes: vec![b' '; 60 * 1024] };
            replica.commit([Draft { facts, ..check_in(number) }]);
        }
        let batch = replica.batch_for(&VersionVector::default()).unwrap().unwrap();
        assert!(batch.frames.len() < 20);
        assert!(batch.encode_plain().len() <= crate::limits::BATCH_CUT_BYTES);
        assert_eq!(Replica::new(2).pull_from(&replica), Ok(41));
    }

    #[test]
    fn a_batch_is_cut_where_all_of_it_is_signed() {
        let mut replica = Replica::new(1);
        replica.commit((0..700).map(check_in));
        replica.commit((700..1_400).map(check_in));
        let batch = replica.batch_for(&VersionVector::default()).unwrap().unwrap();
        assert_eq!(batch.frames.len(), 701);
        assert_eq!(Replica::new(2).pull_from(&replica), Ok(1_401));
    }

    #[test]
    fn what_has_no_signed_head_in_reach_makes_no_batch() {
        let mut replica = Replica::new(1);
        replica.commit((0..1_001).map(check_in));
        let opened = replica.batch_for(&VersionVector::default()).unwrap().unwrap();
        let mut other = Replica::new(2);
        assert_eq!(other.import(opened), Ok(1));
        assert_eq!(replica.batch_for(&other.vector()), Err(BuildError::Unsigned(replica.log().dot(2))));
    }

    #[test]
    fn erased_parts_travel_as_commitments() {
        let mut replica = Replica::new(1);
        replica.write(1);
        replica.erase(&draft(1).stream);
        let batch = replica.batch_for(&VersionVector::default()).unwrap().unwrap();
        assert_eq!(batch.erasures.len(), 1);
        let mut other = Replica::new(2);
        let read = Batch::decode(&batch.encode()).unwrap();
        assert_eq!(read, batch);
        assert_eq!(other.import(read), Ok(3));
        let entry = &other.stored[other.stored.len() - 2].entry;
        assert_eq!(*entry, replica.stored[1].entry);
        assert!(matches!(entry.payload.personal, Some(crate::payload::Part::Absent { .. })));
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let bomb = zstd::bulk::compress(&vec![0; 64 * 1024 * 1024], 3).unwrap();
        assert_eq!(Batch::decode(&bomb), Err(BatchError::Compression));
    }

    fn three_logs() -> Batch {
        let (mut one, mut two, mut three) = (Replica::new(1), Replica::new(2), Replica::new(3));
        for number in 0..4 {
            one.write(number);
            two.pull_from(&one).unwrap();
            two.write(number);
            one.pull_from(&two).unwrap();
        }
        three.pull_from(&one).unwrap();
        three.write(9);
        three.batch_for(&VersionVector::default()).unwrap().unwrap()
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes: Vec<u8>) {
            prop_assert!(Batch::decode(&bytes).is_err());
            prop_assert!(Batch::decode_plain(&bytes).is_err());
        }

        #[test]
        fn a_damaged_batch_is_refused_or_says_what_it_read(at: prop::sample::Index, byte: u8) {
            let mut bytes = three_logs().encode_plain();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(batch) = Batch::decode_plain(&bytes) {
                prop_assert_eq!(Batch::decode_plain(&batch.encode_plain()), Ok(batch));
            }
        }
    }
}
