//! Bundles between two engines, and files that are no good.

use std::io::Cursor;

use lanyard_sync::{Batch, Problem, ScopeId, VersionVector};

use super::import::take_all;
use super::*;
use crate::engine::test_node::{SCOPE, TestNode, check_in};
use crate::engine::{ImportError, Reply, Submission};

const PEOPLE: u16 = 200;

/// What a node has, or what the writer of another bundle lacks of it.
fn bundle_of(node: &TestNode, since: Option<&[u8]>) -> Vec<u8> {
    let since = since.map(|bytes| check(bytes).unwrap().head);
    let mut bytes = Vec::new();
    export(&node.reader(), since.as_ref(), &mut bytes).unwrap();
    bytes
}

fn take(node: &mut TestNode, bytes: &[u8]) -> Result<Imported, ImportFailed> {
    let published = node.engine.published();
    take_all(&mut Cursor::new(bytes), SCOPE, &published, |batch| {
        let mut committed = node.engine.commit(vec![Submission::Import(batch.clone())]);
        assert!(committed.broken.is_none(), "{:?}", committed.broken);
        match committed.replies.pop() {
            Some(Reply::Import(reply)) => reply,
            other => panic!("no reply to an import: {other:?}"),
        }
    })
}

fn refused(node: &mut TestNode, bytes: &[u8]) -> (u64, &'static str, String) {
    let before = (node.engine.position(), node.state_hashes());
    let failed = take(node, bytes).unwrap_err();
    let said = format!("{failed}: {}", failed.reason);
    if failed.taken == 0 {
        assert_eq!((node.engine.position(), node.state_hashes()), before, "{said}");
        assert!(said.starts_with("nothing of the bundle was taken: "), "{said}");
    }
    (failed.taken, failed.reason.code(), said)
}

/// HQ with more entries than one batch holds: people, and many who come twice.
fn hq() -> TestNode {
    let mut hq = TestNode::hq_with_people(PEOPLE);
    for _ in 0..16 {
        let scans = (0..64).map(|n| Submission::Command(hq.submitted(check_in(100 + n))));
        let scans: Vec<_> = scans.collect();
        assert!(hq.engine.commit(scans).broken.is_none());
    }
    hq
}

/// A bundle taken apart: its head, and its batches.
fn parts(bytes: &[u8]) -> (BundleHead, Vec<Batch>) {
    let mut reader = BundleReader::open(bytes).unwrap();
    let mut batches = Vec::new();
    while let BundlePart::Batch(bytes) = reader.next_part().unwrap() {
        batches.push(Batch::decode(&bytes).unwrap());
    }
    (reader.head().clone(), batches)
}

fn put_together(head: &BundleHead, batches: &[Batch]) -> Vec<u8> {
    let mut writer = BundleWriter::begin(Vec::new(), head).unwrap();
    for batch in batches {
        writer.push(&batch.encode(), batch.frames.len() as u64).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn two_nodes_without_a_line_end_in_the_same_state() {
    let (mut hq, mut north) = (hq(), TestNode::new(1));
    let first = bundle_of(&hq, None);
    assert!(parts(&first).1.len() > 1, "more than one batch is meant");
    let imported = take(&mut north, &first).unwrap();
    assert_eq!(imported, Imported { taken: hq.engine.position(), known: 0, missing: Vec::new() });
    for number in 0..5 {
        north.accept(check_in(number));
    }
    let before = hq.engine.position();
    hq.import_person(PEOPLE);
    let newer = hq.engine.position() - before;

    let back = bundle_of(&north, Some(&first));
    let imported = take(&mut hq, &back).unwrap();
    assert_eq!(
        (imported.taken, imported.known),
        (check(&*back).unwrap().entries, 0),
        "only what is new travels"
    );
    let forth = bundle_of(&hq, Some(&back));
    let imported = take(&mut north, &forth).unwrap();
    assert_eq!((imported.taken, imported.known), (newer, 0));
    assert_eq!(hq.engine.vector(), north.engine.vector());
    assert_eq!(hq.state_hashes(), north.state_hashes());
    assert_eq!(hq.state_hashes().0, north.state_hashes().1);
    assert_eq!(hq.engine.published().arrivals.inside, 64 + 5);
    assert_eq!(crate::verify::verify(&north.path()).unwrap().findings, []);
}

#[test]
fn a_second_time_changes_nothing() {
    let (hq, mut north) = (hq(), TestNode::new(1));
    let bundle = bundle_of(&hq, None);
    take(&mut north, &bundle).unwrap();
    let before = (north.engine.position(), north.state_hashes());
    let again = take(&mut north, &bundle).unwrap();
    assert_eq!(again, Imported { taken: 0, known: hq.engine.position(), missing: Vec::new() });
    assert_eq!((north.engine.position(), north.state_hashes()), before);
    let own = bundle_of(&north, Some(&bundle_of(&north, None)));
    assert_eq!(check(&*own).unwrap().entries, 0);
    assert_eq!(take(&mut north, &own).unwrap(), Imported::default());
}

#[test]
fn a_bundle_cut_anywhere_is_refused_whole() {
    let (hq, mut north) = (hq(), TestNode::new(1));
    let bundle = bundle_of(&hq, None);
    let head = parts(&bundle).0.encode().len();
    let ends = [0, 1, 13, 14, 15, 16, 31, 32, 40, head - 1, head, head + 1, head + 4, head + 5];
    let from_the_end = [1, 31, 32, 33, 40, 44, 45].map(|left| bundle.len() - left);
    let between = (1..20).map(|n| n * bundle.len() / 20);
    for end in ends.into_iter().chain(from_the_end).chain(between) {
        let (taken, code, said) = refused(&mut north, &bundle[..end]);
        let expected = if end < 14 { "not_a_bundle" } else { "truncated_bundle" };
        assert_eq!((taken, code), (0, expected), "cut at {end}: {said}");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_before_anything_is_taken() {
    let (hq, mut north) = (TestNode::hq_with_people(3), TestNode::new(1));
    let bundle = bundle_of(&hq, None);
    for at in 0..bundle.len() {
        let mut damaged = bundle.clone();
        damaged[at] ^= 1 << (at % 8);
        let fault = check(&*damaged).expect_err("damage is noticed");
        match at {
            0..14 => assert_eq!(fault.code(), "not_a_bundle", "byte {at}"),
            14..16 => assert_eq!(fault.code(), "newer_bundle", "byte {at}"),
            _ => assert!(matches!(fault.code(), "damaged_bundle" | "truncated_bundle"), "byte {at}: {fault}"),
        }
        if at % 50 == 0 {
            assert_eq!(refused(&mut north, &damaged).0, 0);
        }
    }
    let trailing = [&*bundle, b"\0"].concat();
    assert_eq!(refused(&mut north, &trailing).1, "damaged_bundle");
    assert_eq!(refused(&mut north, b"first_name,last_name\nAda,Lovelace\n").1, "not_a_bundle");
    take(&mut north, &bundle).unwrap();
}

#[test]
fn a_bundle_of_another_conference_is_refused() {
    let (hq, mut north) = (TestNode::hq_with_people(3), TestNode::new(1));
    let (head, mut batches) = parts(&bundle_of(&hq, None));
    let elsewhere = BundleHead { scope: ScopeId([6; 16]), ..head.clone() };
    for batch in &mut batches {
        batch.scope = elsewhere.scope;
    }
    let other = put_together(&elsewhere, &batches);
    assert_eq!(refused(&mut north, &other).1, "other_conference");
    assert_eq!(refused(&mut north, &put_together(&head, &batches)).1, "damaged_bundle");
    let since = export(&hq.reader(), Some(&elsewhere), Vec::new()).unwrap_err();
    assert!(matches!(since, ExportError::OtherScope), "{since}");
}

#[test]
fn a_forged_batch_is_refused_and_what_came_before_it_stays() {
    let (mut hq, mut north) = (hq(), TestNode::new(1));
    let (head, mut batches) = parts(&bundle_of(&hq, None));
    let first = batches[0].frames.len() as u64;
    let genuine = batches[1].logs[0].head.signature;
    batches[1].logs[0].head.signature = batches[0].logs[0].head.signature;
    let (taken, code, said) = refused(&mut north, &put_together(&head, &batches));
    assert_eq!((taken, code), (first, "bad_signature"), "{said}");
    assert!(said.contains(&format!("{first} entries before that came in whole, verified batches and stay")));
    assert_eq!(north.engine.vector().iter().map(|(_, head)| head.seq).max(), Some(first));
    batches[1].logs[0].head.signature = genuine;
    let imported = take(&mut north, &put_together(&head, &batches)).unwrap();
    assert_eq!((imported.known, imported.taken), (first, hq.engine.position() - first));
    hq.pull(&north).unwrap();
    assert_eq!(hq.state_hashes(), north.state_hashes());
}

#[test]
fn what_goes_on_from_entries_that_are_not_here_names_them() {
    let (mut hq, mut north, mut south) = (hq(), TestNode::new(1), TestNode::new(2));
    let whole = bundle_of(&hq, None);
    take(&mut north, &whole).unwrap();
    north.accept(check_in(1));
    let of_north = bundle_of(&north, Some(&whole));
    let (taken, code, said) = refused(&mut south, &of_north);
    assert_eq!((taken, code), (0, "missing_entries"));
    assert!(
        said.contains(&format!("from entry 1 to {} is not here. Let the other side", hq.engine.position()))
    );
    // A head that does not say what is left out is found out by the admission.
    let (head, batches) = parts(&of_north);
    let silent = BundleHead { base: VersionVector::default(), ..head };
    let (taken, code, said) = refused(&mut south, &put_together(&silent, &batches));
    assert_eq!((taken, code), (0, "missing_context"));
    assert!(said.contains("export without --since"), "{said}");
    take(&mut south, &whole).unwrap();
    take(&mut south, &of_north).unwrap();
    take(&mut hq, &of_north).unwrap();
    assert_eq!(south.engine.position(), hq.engine.position() + 1, "south has written that its epoch is open");
}

#[test]
fn what_a_bundle_promises_and_does_not_hold_is_named() {
    let (hq, mut north) = (hq(), TestNode::new(1));
    let (head, mut batches) = parts(&bundle_of(&hq, None));
    batches.truncate(1);
    let imported = take(&mut north, &put_together(&head, &batches)).unwrap();
    let (first, last) = (imported.taken + 1, hq.engine.position());
    assert_eq!(imported.missing.len(), 1);
    assert_eq!((imported.missing[0].first, imported.missing[0].last), (first, last));
}

#[test]
fn a_fork_is_named_before_anything_is_written() {
    let hq = TestNode::hq_with_people(3);
    let (mut head, _) = parts(&bundle_of(&hq, None));
    let (log, mut at) = head.vector.iter().next().unwrap();
    at.prefix = [9; 8];
    head.vector.set(log, at);
    let refused = export(&hq.reader(), Some(&head), Vec::new()).unwrap_err();
    assert!(matches!(refused, ExportError::Fork(dot) if dot == log.dot(at.seq)), "{refused}");
}

#[test]
fn a_head_reads_back_and_nothing_may_follow_it() {
    let (head, _) = parts(&bundle_of(&TestNode::hq_with_people(1), None));
    let bytes = head.encode();
    assert!(bytes.len() <= HEAD_MAX_BYTES);
    assert_eq!(BundleHead::decode(&bytes).unwrap(), head);
    assert!(BundleHead::decode(&[&*bytes, b"\0"].concat()).is_err());
    assert!(BundleHead::decode(&bytes[..bytes.len() - 1]).is_err());
}

#[tokio::test]
async fn a_file_goes_through_the_writer() {
    let (hq, north) = (hq(), TestNode::new(1));
    let path = hq.directory.path().join("hq.bundle");
    let exported = export_to_file(&hq.reader(), None, &path).unwrap();
    assert_eq!(exported.entries, hq.engine.position());
    assert!(matches!(export_to_file(&hq.reader(), None, &path), Err(ExportError::File(_))));
    let (writer, thread) = crate::Writer::spawn(north.engine).unwrap();
    let imported = import(std::fs::File::open(&path).unwrap(), SCOPE, &writer).await.unwrap();
    assert_eq!(imported.taken, exported.entries);
    assert!(writer.now().vector.dominates(&hq.engine.vector()));
    let other = import(std::fs::File::open(&path).unwrap(), ScopeId([6; 16]), &writer).await.unwrap_err();
    assert!(matches!(other.reason, Reason::OtherScope), "{other}");
    drop(writer);
    thread.join().unwrap();
}

#[test]
fn a_batch_is_asked_for_once_and_a_full_disk_says_what_came_before() {
    let (hq, north) = (hq(), TestNode::new(1));
    let bundle = bundle_of(&hq, None);
    let published = north.engine.published();
    let mut asked = 0;
    let failed = take_all(&mut Cursor::new(&bundle), SCOPE, &published, |batch| {
        asked += 1;
        if asked == 2 {
            return Err(ImportError::StoreFull);
        }
        Ok(batch
            .logs
            .iter()
            .map(|log| (log.log(), lanyard_sync::Head::new(log.head.dot.seq, &log.head.hash)))
            .collect())
    });
    let failed = failed.unwrap_err();
    assert_eq!((asked, failed.reason.code()), (2, "store_full"));
    assert_eq!(failed.taken, parts(&bundle).1[0].frames.len() as u64);
    let busy = take_all(&mut Cursor::new(&bundle), SCOPE, &published, |_| {
        Err(ImportError::Problem(Problem::Busy { retry_after_ms: 1 }))
    });
    assert_eq!(busy.unwrap_err().reason.code(), "busy");
}
