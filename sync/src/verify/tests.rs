//! What is admitted and what is refused, between replicas in memory.

use proptest::prelude::*;

use super::*;
use crate::context::{ContextDelta, ContextHead};
use crate::header::Header;
use crate::key::SigningKey;
use crate::payload::Part;
use crate::replica::{Replica, SCOPE};
use crate::vector::Head;

fn written(node: u8, entries: u16) -> Replica {
    let mut replica = Replica::new(node);
    for number in 0..entries {
        replica.write(number);
    }
    replica
}

fn batch_of(replica: &Replica) -> Batch {
    replica.batch_for(&VersionVector::default()).unwrap().unwrap()
}

/// Changes the header of a batch's last entry and signs the log again, as a node could that
/// does not follow the protocol.
fn forged(replica: &Replica, change: impl FnOnce(&mut Header)) -> Batch {
    let mut batch = batch_of(replica);
    let at = batch.frames.len() - 1;
    let frame = &mut batch.frames[at];
    change(&mut frame.header);
    frame.header_bytes = frame.header.encode();
    let before = replica.hash_of(frame.dot.log.dot(frame.dot.seq - 1)).unwrap();
    let entry = frame.clone().link(SCOPE, &before);
    let signed = crate::chain::SignedHead::sign(SCOPE, entry.dot, entry.hash, &replica.key);
    batch.logs.iter_mut().find(|log| log.log() == entry.dot.log).unwrap().head = signed;
    batch
}

#[test]
fn entries_are_admitted_once() {
    let one = written(1, 5);
    let mut two = Replica::new(2);
    assert_eq!(two.import(batch_of(&one)), Ok(6));
    assert_eq!(two.import(batch_of(&one)), Ok(0));
    assert_eq!(two.known.logs[&one.log()].head, *one.writer.head());
    let last = two.stored.last().unwrap();
    assert_eq!(last.signature, one.stored.last().unwrap().signature);
}

#[test]
fn a_batch_that_overlaps_adds_what_is_new() {
    let mut one = written(1, 2);
    let mut two = Replica::new(2);
    two.pull_from(&one).unwrap();
    one.write(9);
    let batch = batch_of(&one);
    let admitted = admit(&two.known, batch, &|dot| two.head_of(dot)).unwrap();
    assert_eq!((admitted.entries.len(), admitted.duplicates), (1, 3));
}

#[test]
fn a_log_relayed_by_a_sibling_verifies() {
    let one = written(1, 3);
    let (mut two, mut three) = (Replica::new(2), Replica::new(3));
    two.pull_from(&one).unwrap();
    two.write(1);
    assert_eq!(three.pull_from(&two), Ok(6));
    assert!(three.known.logs[&two.log()].head.context.vector().covers(&one.log().dot(4)));
}

#[test]
fn entries_after_a_gap_are_refused() {
    let one = written(1, 5);
    let two = Replica::new(2);
    let mut batch = batch_of(&one);
    batch.frames.remove(0);
    batch.logs[0].first_seq = 2;
    let refused = admit(&two.known, batch, &|dot| two.head_of(dot));
    assert_eq!(refused, Err(Problem::Gap(one.log().dot(1))));
}

#[test]
fn a_cloned_node_is_found_out() {
    let (mut one, mut clone) = (written(1, 2), written(1, 2));
    let mut two = Replica::new(2);
    two.pull_from(&one).unwrap();
    one.write(10);
    clone.write(20);
    clone.write(21);
    assert_eq!(two.pull_from(&one), Ok(1));
    // The clone's batch overlaps what is here, or follows on another branch of it.
    assert_eq!(two.import(batch_of(&clone)), Err(Problem::Fork(one.log().dot(4))));
    assert_eq!(two.pull_from(&clone), Err(Problem::Fork(one.log().dot(4))));
}

#[test]
fn a_changed_header_breaks_the_chain() {
    let one = written(1, 3);
    let mut batch = batch_of(&one);
    batch.frames[2].header_bytes[40] ^= 1;
    let refused = Replica::new(2).import(batch);
    assert_eq!(refused, Err(Problem::BadChain(one.log().dot(4))));
}

#[test]
fn a_head_signed_by_another_key_is_refused() {
    let one = written(1, 3);
    let mut batch = batch_of(&one);
    let head = batch.logs[0].head;
    batch.logs[0].head =
        crate::chain::SignedHead::sign(SCOPE, head.dot, head.hash, &SigningKey::from_seed(&[9; 32]));
    assert_eq!(Replica::new(2).import(batch), Err(Problem::BadSignature(head.dot)));
}

#[test]
fn a_certificate_of_another_organiser_is_refused() {
    let one = written(1, 0);
    let mut two = Replica::new(2);
    two.known.organiser = SigningKey::from_seed(&[9; 32]).public_key();
    assert_eq!(two.import(batch_of(&one)), Err(Problem::BadSignature(one.log().dot(1))));
}

#[test]
fn a_batch_of_another_scope_is_refused() {
    let one = written(1, 0);
    let mut batch = batch_of(&one);
    batch.scope = ScopeId([6; 16]);
    assert_eq!(Replica::new(2).import(batch), Err(Problem::DeniedScope));
}

#[test]
fn a_lamport_time_that_jumps_is_refused() {
    let one = written(1, 3);
    let batch = forged(&one, |header| header.lamport += 1);
    assert_eq!(Replica::new(2).import(batch), Err(Problem::BadLamport(one.log().dot(4))));
}

#[test]
fn a_context_of_what_is_not_here_is_refused() {
    let one = written(1, 3);
    let unseen = written(3, 1);
    let seen = ContextHead { log: unseen.log(), head: unseen.vector().head(&unseen.log()).unwrap() };
    let batch = forged(&one, |header| header.context = Some(ContextDelta::new([seen])));
    assert_eq!(Replica::new(2).import(batch), Err(Problem::MissingContext(unseen.log().dot(2))));
}

#[test]
fn a_context_on_another_branch_is_a_fork() {
    let one = written(1, 3);
    let mut two = Replica::new(2);
    let seen = ContextHead { log: two.log(), head: Head { seq: 1, prefix: [0; 8] } };
    let batch = forged(&one, |header| header.context = Some(ContextDelta::new([seen])));
    assert_eq!(two.import(batch), Err(Problem::Fork(two.log().dot(1))));
}

#[test]
fn a_refused_batch_leaves_nothing_behind() {
    let one = written(1, 3);
    let mut two = Replica::new(2);
    let before = two.vector();
    let batch = forged(&one, |header| header.lamport += 1);
    assert!(two.import(batch).is_err());
    assert_eq!(two.vector(), before);
    assert_eq!(two.pull_from(&one), Ok(4));
}

#[test]
fn a_payload_without_its_facts_opens_no_log() {
    let mut one = written(1, 0);
    let facts = &mut one.stored[0].entry.payload.facts;
    *facts = Part::Absent { commitment: facts.commitment() };
    assert_eq!(Replica::new(2).import(batch_of(&one)), Err(Problem::Malformed));
}

fn stream() -> StreamName {
    crate::writer::tests::draft(1).stream
}

/// A batch of what `to` lacks, of one entry at most.
fn first_of(from: &Replica, to: &Replica) -> Batch {
    let mut builder = crate::batch::BatchBuilder::new(SCOPE);
    let missing = from.stored.iter().filter(|stored| !to.vector().covers(&stored.entry.dot));
    for stored in missing.take(1) {
        if let Some(erasure) = from.erasures.get(&stored.entry.header.stream) {
            builder.vouch(erasure.clone());
        }
        let entry = crate::batch::StoredEntry {
            dot: stored.entry.dot,
            header_bytes: stored.entry.header_bytes.clone(),
            payload: stored.entry.payload.clone(),
            hash: stored.entry.hash,
            signature: stored.signature,
        };
        builder.push(entry, |dot| from.hash_of(dot)).unwrap();
    }
    builder.finish().unwrap().unwrap()
}

#[test]
fn a_part_that_nothing_erased_is_missed() {
    let mut one = written(1, 2);
    let entry = &mut one.stored[1].entry;
    entry.payload.personal = entry.payload.personal.as_ref().map(Part::erased);
    let dot = entry.dot;
    assert_eq!(Replica::new(2).import(batch_of(&one)), Err(Problem::NotErased(dot)));
}

#[test]
fn facts_are_never_erased() {
    let mut one = written(1, 2);
    one.erase(&stream());
    let entry = &mut one.stored[1].entry;
    entry.payload.facts = entry.payload.facts.erased();
    let dot = entry.dot;
    assert_eq!(Replica::new(2).import(batch_of(&one)), Err(Problem::NotErased(dot)));
}

#[test]
fn entries_come_without_their_parts_long_before_the_erasure_and_are_relayed_so() {
    let mut one = written(1, 3);
    one.erase(&stream());
    let (mut two, mut three) = (Replica::new(2), Replica::new(3));
    for _ in 0..2 {
        assert_eq!(two.import(first_of(&one, &two)), Ok(1));
    }
    assert_eq!(three.pull_from(&two), Ok(3), "its own opening and what it has of the other log");
    assert!(three.erasures.contains_key(&stream()), "without the entry that erases");
    assert_eq!(three.pull_from(&one), Ok(3));
    assert_eq!(two.pull_from(&three), Ok(4));
}

#[test]
fn the_word_of_nobody_known_erases_nothing() {
    let mut one = written(1, 2);
    one.erase(&stream());
    let mut batch = batch_of(&one);
    batch.erasures[0].signature = Signature([1; 64]);
    assert_eq!(Replica::new(2).import(batch), Err(Problem::Malformed));
    let mut one = written(1, 0);
    one.commit([crate::writer::Draft { kind: ERASURE_KIND.into(), ..crate::writer::tests::draft(1) }]);
    let unsigned = one.log().dot(2);
    assert_eq!(Replica::new(2).import(batch_of(&one)), Err(Problem::BadSignature(unsigned)));
}

#[test]
fn what_the_log_says_is_not_said_beside_it() {
    let mut one = written(1, 2);
    let mut two = Replica::new(2);
    two.pull_from(&one).unwrap();
    one.erase(&stream());
    assert_eq!(two.pull_from(&one), Ok(1));
    two.remove_erased();
    one.write(7);
    one.remove_erased();
    let batch = one.batch_for(&two.vector()).unwrap().unwrap();
    assert_eq!(
        admit(&two.known, Batch { erasures: Vec::new(), ..batch.clone() }, &|dot| two.head_of(dot)),
        Err(Problem::NotErased(batch.frames[0].dot))
    );
    assert_eq!(two.import(Batch { erasures: Vec::new(), ..batch }), Ok(1), "it knows of the erasure");
}

/// What happens in a run of three replicas: someone writes, or takes from another.
fn steps() -> impl Strategy<Value = Vec<(usize, Option<usize>)>> {
    proptest::collection::vec((0usize..3, proptest::option::of(0usize..3)), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn canonical_order_extends_causality_and_equal_vectors_mean_equal_entries(steps in steps()) {
        let mut replicas = [Replica::new(1), Replica::new(2), Replica::new(3)];
        for (number, (actor, from)) in (0..).zip(steps) {
            match from {
                Some(from) if from != actor => {
                    let [a, b] = replicas.get_disjoint_mut([actor, from]).unwrap();
                    a.pull_from(b).unwrap();
                }
                _ => replicas[actor].write(number),
            }
        }
        for (to, from) in [(0, 1), (0, 2), (1, 0), (2, 0)] {
            let [to, from] = replicas.get_disjoint_mut([to, from]).unwrap();
            to.pull_from(from).unwrap();
        }
        let digests: Vec<Hash> = replicas.iter().map(|r| r.vector().digest()).collect();
        prop_assert!(digests.iter().all(|digest| *digest == digests[0]));
        let ordered = |replica: &Replica| {
            let mut entries: Vec<Entry> = replica.stored.iter().map(|s| s.entry.clone()).collect();
            entries.sort_by_key(Entry::canonical_key);
            entries
        };
        let entries = ordered(&replicas[0]);
        prop_assert_eq!(&entries, &ordered(&replicas[1]));
        prop_assert_eq!(&entries, &ordered(&replicas[2]));
        let mut contexts: BTreeMap<LogId, crate::context::LogContext> = BTreeMap::new();
        let mut before: Vec<Dot> = Vec::new();
        for entry in &entries {
            let context = contexts.entry(entry.dot.log).or_default();
            if let Some(delta) = &entry.header.context {
                context.apply_delta(entry.dot.log, delta).unwrap();
            }
            for (log, head) in context.vector().iter() {
                prop_assert!(before.contains(&log.dot(head.seq)), "seen, yet later in the order");
            }
            prop_assert!(before.iter().filter(|dot| dot.log == entry.dot.log).count() as u64 + 1 == entry.dot.seq);
            before.push(entry.dot);
        }
    }
}

/// What a third one wrote after it saw the first log up to somewhere, for somebody who knows that log from a
/// snapshot alone.
fn above_a_floor() -> (Replica, Batch, LogId) {
    let one = written(1, 3);
    let mut three = Replica::new(3);
    three.pull_from(&one).unwrap();
    three.write(7);
    let mut base = written(1, 8);
    base.rewind_to(&base.vector());
    let mut two = Replica::new(2);
    let log = base.log();
    two.known.logs.insert(log, base.known.logs[&log].clone());
    let lacks: VersionVector = [(log, one.vector().head(&log).unwrap())].into_iter().collect();
    let batch = three.batch_for(&lacks).unwrap().unwrap();
    (two, batch, log)
}

#[test]
fn a_context_may_name_what_is_below_a_floor_and_nothing_else_that_is_not_here() {
    let (mut two, batch, log) = above_a_floor();
    let admitted = admit(&two.known, batch.clone(), &|dot| two.head_of(dot));
    assert_eq!(admitted, Err(Problem::MissingContext(log.dot(4))));
    two.known.floors.insert(log, 10);
    assert_eq!(two.import(batch.clone()), Ok(2));
    let (mut two, batch, log) = above_a_floor();
    two.known.floors.insert(log, 4);
    assert_eq!(two.import(batch), Err(Problem::MissingContext(log.dot(4))));
}
