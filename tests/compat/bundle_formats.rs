//! The form of bundles. What is in their batches is frozen with the formats of the log.

use lanyard_node::bundle::{BundleFault, BundleHead, BundlePart, BundleReader, BundleWriter, check};
use lanyard_sync::{Epoch, Head, LogId, NodeId, ScopeId, VersionVector};

use crate::golden::assert_frozen;

fn vector(seqs: [u64; 2]) -> VersionVector {
    let log = |n: u8| LogId { node: NodeId([n; 16]), epoch: Epoch(0xe000_0000_0000_0000 + u64::from(n)) };
    let head = |seq: u64| Head { seq, prefix: seq.to_be_bytes() };
    (1..).map(log).zip(seqs.map(head)).collect()
}

fn head() -> BundleHead {
    BundleHead { scope: ScopeId([0x5c; 16]), vector: vector([300, 7]), base: vector([12, 5]) }
}

fn written() -> Vec<u8> {
    let mut writer = BundleWriter::begin(Vec::new(), &head()).unwrap();
    writer.push(&[1, 2, 3], 288).unwrap();
    writer.push(&[4; 40], 2).unwrap();
    writer.finish().unwrap()
}

#[test]
fn heads_of_bundles_keep_their_form() {
    assert_frozen("bundle-head", &head().encode());
    assert_eq!(BundleHead::decode(&head().encode()).unwrap(), head());
}

#[test]
fn bundles_keep_their_form() {
    assert_frozen("bundle", &written());
    let bytes = written();
    let mut reader = BundleReader::open(&*bytes).unwrap();
    assert_eq!(reader.head(), &head());
    assert_eq!(reader.next_part().unwrap(), BundlePart::Batch(vec![1, 2, 3]));
    assert_eq!(reader.next_part().unwrap(), BundlePart::Batch(vec![4; 40]));
    assert_eq!(reader.next_part().unwrap(), BundlePart::End { entries: 290 });
    assert!(matches!(check(&*bytes), Err(BundleFault::Damaged { what: "a batch that cannot be read" })));
}

#[test]
fn a_later_form_is_refused_by_its_number() {
    let mut later = written();
    later[15] = 2;
    assert!(matches!(BundleReader::open(&*later), Err(BundleFault::Newer { version: 2 })));
}
