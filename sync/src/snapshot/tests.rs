//! What of a snapshot is believed, and that it reads back.

use proptest::prelude::*;

use super::*;
use crate::certificate::tests::organiser;
use crate::id::CommandId;
use crate::order::CanonicalKey;
use crate::replica::{Replica, SCOPE};
use crate::stream::{StreamKey, StreamName};

fn manifest_of(replica: &Replica) -> Manifest {
    let logs = replica.known.logs.values().map(|known| {
        let head = &known.head;
        let stored = replica.stored.iter().find(|stored| stored.entry.dot == head.log.dot(head.seq)).unwrap();
        SnapshotLog {
            certificate: known.certificate.clone(),
            head: SignedHead {
                dot: head.log.dot(head.seq),
                hash: head.hash,
                signature: stored.signature.unwrap(),
            },
            lamport: head.lamport,
            context: head.context.vector().clone(),
        }
    });
    Manifest {
        scope: SCOPE,
        maker: replica.known.logs[&replica.log()].certificate.clone(),
        build: "1.0.0".into(),
        logs: logs.collect(),
        forks: [(replica.log(), 9)].into(),
        closed: BTreeMap::new(),
        retired: vec![NodeId([4; 16])],
        chunks: vec![ChunkName { hash: chunk_hash(b"chunk"), bytes: 5 }],
    }
}

fn two_logs() -> Replica {
    let mut one = Replica::new(1);
    let mut two = Replica::new(2);
    one.write(1);
    two.pull_from(&one).unwrap();
    two.write(2);
    two
}

fn open(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    Manifest::open(bytes, SCOPE, &organiser().public_key())
}

#[test]
fn a_manifest_is_believed_as_its_maker_signed_it() {
    let replica = two_logs();
    let manifest = manifest_of(&replica);
    let bytes = manifest.sign(&replica.key).unwrap();
    assert_eq!(open(&bytes), Ok(manifest.clone()));
    assert_eq!(manifest.vector(), replica.vector());
    assert_eq!(manifest.entries(), 4);
    let stranger = SigningKey::from_seed(&[77; 32]);
    assert_eq!(open(&manifest.sign(&stranger).unwrap()), Err(ManifestError::BadSignature));
    let elsewhere = Manifest { scope: ScopeId([6; 16]), ..manifest };
    assert_eq!(open(&elsewhere.sign(&replica.key).unwrap()), Err(ManifestError::OtherScope));
}

#[test]
fn a_head_that_its_writer_did_not_sign_is_not_believed() {
    let replica = two_logs();
    let mut manifest = manifest_of(&replica);
    manifest.logs[0].head.dot.seq += 1;
    assert_eq!(open(&manifest.sign(&replica.key).unwrap()), Err(ManifestError::BadSignature));
}

#[test]
fn a_context_that_names_what_is_not_there_is_not_believed() {
    let replica = two_logs();
    let mut manifest = manifest_of(&replica);
    let seen = manifest.logs.iter_mut().find(|log| !log.context.is_empty()).unwrap();
    let (log, head) = seen.context.iter().next().unwrap();
    seen.context.set(log, Head { seq: head.seq + 1, ..head });
    assert_eq!(open(&manifest.sign(&replica.key).unwrap()), Err(ManifestError::Inconsistent));
}

fn record(number: u32, bytes: usize) -> StreamRecord {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let log = LogId { node: NodeId([1; 16]), epoch: Epoch(3) };
    StreamRecord {
        name: StreamName::new("attendee", StreamKey::Id(id)),
        last: CanonicalKey::new(7, log.dot(5)),
        readable: true,
        unknown: 0,
        state: Some(vec![u8::try_from(number % 251).unwrap(); bytes]),
    }
}

fn chunks(records: impl IntoIterator<Item = StreamRecord>) -> Vec<Chunk> {
    let mut chunker = Chunker::default();
    let mut chunks: Vec<_> = records.into_iter().filter_map(|record| chunker.push(record)).collect();
    chunks.extend(chunker.finish());
    chunks
}

#[test]
fn a_changed_state_changes_one_chunk() {
    let before = chunks((0..4_000).map(|number| record(number, 1_000)));
    let after = chunks((0..4_000).map(|number| record(number, if number == 1_234 { 1_400 } else { 1_000 })));
    assert!(before.len() > 4, "{} chunks", before.len());
    let changed = after.iter().filter(|chunk| !before.contains(chunk)).count();
    assert!(changed <= 2, "{changed} of {} chunks changed", after.len());
}

#[test]
fn what_is_larger_than_a_chunk_is_not_made() {
    assert_eq!(Chunk::Streams(vec![record(1, crate::limits::CHUNK_MAX_BYTES)]).encode(), None);
    let bomb = zstd::bulk::compress(&vec![0; 64 * 1024 * 1024], 1).unwrap();
    assert_eq!(Chunk::decode(&bomb), Err(ChunkError::Compression));
}

proptest! {
    #[test]
    fn chunks_read_back(
        sizes in prop::collection::vec(prop::option::of(0_usize..300), 0..40),
        tallied in prop::collection::vec((any::<[u8; 16]>(), any::<u16>()), 0..40),
    ) {
        let records = (0_u32..).zip(sizes).map(|(number, size)| {
            let mut record = record(number, size.unwrap_or(0));
            record.state = record.state.filter(|_| size.is_some());
            record
        });
        let tallied = tallied.into_iter().map(|(command, index)| (CommandId(command), index)).collect();
        for chunk in [Chunk::Streams(records.collect()), Chunk::Tallied(tallied)] {
            let bytes = chunk.encode().unwrap();
            prop_assert_eq!(Chunk::decode(&bytes), Ok(chunk));
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(open(&bytes).is_err());
        prop_assert!(Chunk::decode(&bytes).is_err());
        let packed = zstd::bulk::compress(&bytes, 1).unwrap();
        if let Ok(chunk) = Chunk::decode(&packed) {
            prop_assert_eq!(Chunk::decode(&chunk.encode().unwrap()), Ok(chunk));
        }
    }
}
