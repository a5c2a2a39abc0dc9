//! Admission: what of a received batch may be stored.
//!
//! All of it or nothing. Checked are scope, certificate, chain, signature, lamport time and context
//! of each log, against what the receiver has. What it has already is skipped; what differs from what
//! it has is a fork. The caller stores the result in one transaction and then takes up the new heads.

use std::collections::BTreeMap;

use crate::batch::{Batch, BatchLog};
use crate::certificate::Certificate;
use crate::chain::genesis_hash;
use crate::entry::{Entry, EntryFrame};
use crate::epoch::{EPOCH_OPENED_KIND, EPOCH_OPENED_VERSION, EpochOpened};
use crate::id::{Dot, Hash, LogId, ScopeId};
use crate::key::{PublicKey, Signature};
use crate::problem::Problem;
use crate::vector::VersionVector;
use crate::writer::LogHead;

/// What a receiver knows about a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLog {
    /// Its last stored entry.
    pub head: LogHead,
    /// The certificate its first entry carries.
    pub certificate: Certificate,
}

/// What a receiver knows about a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownScope {
    /// The scope.
    pub scope: ScopeId,
    /// The key that signs certificates.
    pub organiser: PublicKey,
    /// The logs that have entries here, the own one included.
    pub logs: BTreeMap<LogId, KnownLog>,
}

/// What a receiver has stored about one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredHead {
    /// Its chain hash.
    pub hash: Hash,
    /// Its lamport time.
    pub lamport: u64,
}

/// An entry that may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmittedEntry {
    /// The entry.
    pub entry: Entry,
    /// The signature over its log up to here, where the batch has one.
    pub signature: Option<Signature>,
}

/// What a batch adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The entries that are new, in an order in which each comes after what it has seen.
    pub entries: Vec<AdmittedEntry>,
    /// The logs that go on, with their new heads.
    pub logs: BTreeMap<LogId, KnownLog>,
    /// Number of entries that were there already.
    pub duplicates: usize,
}

impl KnownScope {
    /// Begins to know a scope.
    pub const fn new(scope: ScopeId, organiser: PublicKey) -> Self {
        Self { scope, organiser, logs: BTreeMap::new() }
    }

    /// Takes up the heads of what was stored.
    pub fn accept(&mut self, logs: BTreeMap<LogId, KnownLog>) {
        self.logs.extend(logs);
    }

    /// Returns the version vector of the scope.
    pub fn vector(&self) -> VersionVector {
        self.logs.iter().filter_map(|(log, known)| Some((*log, known.head.head()?))).collect()
    }
}

/// Decides what of a batch may be stored. `stored` looks up entries that are here.
pub fn admit(
    known: &KnownScope,
    batch: Batch,
    stored: &dyn Fn(Dot) -> Option<StoredHead>,
) -> Result<Admitted, Problem> {
    if batch.scope != known.scope {
        return Err(Problem::DeniedScope);
    }
    let mut admission = Admission {
        known,
        stored,
        chains: BTreeMap::new(),
        logs: BTreeMap::new(),
        lamports: BTreeMap::new(),
        entries: Vec::with_capacity(batch.frames.len()),
        duplicates: 0,
    };
    for log in &batch.logs {
        admission.begin(log)?;
    }
    for frame in batch.frames {
        admission.take(frame)?;
    }
    for log in &batch.logs {
        admission.conclude(log)?;
    }
    Ok(admission.finish(&batch.logs))
}

/// A batch on its way in.
struct Admission<'a> {
    known: &'a KnownScope,
    stored: &'a dyn Fn(Dot) -> Option<StoredHead>,
    /// Hash of the last entry that was taken or skipped, per log of the batch.
    chains: BTreeMap<LogId, Hash>,
    /// Logs with new entries.
    logs: BTreeMap<LogId, KnownLog>,
    /// New entries, by id.
    lamports: BTreeMap<Dot, StoredHead>,
    entries: Vec<AdmittedEntry>,
    duplicates: usize,
}

impl Admission<'_> {
    /// Finds the hash that the log's entries are to be linked to.
    fn begin(&mut self, batch_log: &BatchLog) -> Result<(), Problem> {
        let log = batch_log.log();
        let known = self.known.logs.get(&log).map(|known| &known.head);
        let known_seq = known.map_or(0, |head| head.seq);
        let before = batch_log.first_seq.checked_sub(1).ok_or(Problem::Malformed)?;
        if before > known_seq {
            return Err(Problem::Gap(log.dot(known_seq + 1)));
        }
        let hash = match known {
            _ if before == 0 => genesis_hash(self.known.scope, log),
            Some(head) if before == head.seq => head.hash,
            _ => (self.stored)(log.dot(before)).ok_or(Problem::Gap(log.dot(before)))?.hash,
        };
        if hash.prefix() != batch_log.after {
            let dot = log.dot(before);
            return Err(if before == 0 { Problem::BadChain(dot) } else { Problem::Fork(dot) });
        }
        self.chains.insert(log, hash);
        Ok(())
    }

    fn take(&mut self, frame: EntryFrame) -> Result<(), Problem> {
        let dot = frame.dot;
        let chain = self.chains.get_mut(&dot.log).ok_or(Problem::Malformed)?;
        let entry = frame.link(self.known.scope, chain);
        *chain = entry.hash;
        if dot.seq <= self.known.logs.get(&dot.log).map_or(0, |known| known.head.seq) {
            let here = (self.stored)(dot).ok_or(Problem::Gap(dot))?;
            self.duplicates += 1;
            return if here.hash == entry.hash { Ok(()) } else { Err(Problem::Fork(dot)) };
        }
        let mut known = match self.logs.remove(&dot.log).or_else(|| self.known.logs.get(&dot.log).cloned()) {
            Some(known) => known,
            None => self.open(&entry)?,
        };
        if known.head.seq + 1 != dot.seq {
            return Err(Problem::Gap(known.head.log.dot(known.head.seq + 1)));
        }
        let seen_lamport = self.follow_context(&mut known.head, &entry)?;
        if entry.header.lamport != 1 + known.head.lamport.max(seen_lamport) {
            return Err(Problem::BadLamport(dot));
        }
        known.head.seq = dot.seq;
        known.head.hash = entry.hash;
        known.head.lamport = entry.header.lamport;
        self.logs.insert(dot.log, known);
        self.lamports.insert(dot, StoredHead { hash: entry.hash, lamport: entry.header.lamport });
        self.entries.push(AdmittedEntry { entry, signature: None });
        Ok(())
    }

    /// Reads who writes a log from its first entry.
    fn open(&self, entry: &Entry) -> Result<KnownLog, Problem> {
        let (dot, header) = (entry.dot, &entry.header);
        if header.kind != EPOCH_OPENED_KIND || header.stream != EpochOpened::stream(dot.log.node) {
            return Err(Problem::Malformed);
        }
        if header.version != EPOCH_OPENED_VERSION {
            return Err(Problem::NeedsUpgrade(dot));
        }
        let facts = entry.payload.facts.bytes().ok_or(Problem::Malformed)?;
        let certificate = EpochOpened::from_facts(facts).map_err(|_| Problem::Malformed)?.certificate;
        if certificate.claims.node != dot.log.node || certificate.verify(&self.known.organiser).is_err() {
            return Err(Problem::BadSignature(dot));
        }
        if !certificate.opens(&self.known.scope) {
            return Err(Problem::DeniedScope);
        }
        Ok(KnownLog { head: LogHead::empty(self.known.scope, dot.log), certificate })
    }

    /// Applies the context delta and returns the greatest lamport time among what it names, 0
    /// without one. What earlier deltas named is below the lamport time of the entry before.
    fn follow_context(&self, head: &mut LogHead, entry: &Entry) -> Result<u64, Problem> {
        let Some(delta) = &entry.header.context else { return Ok(0) };
        head.context.apply_delta(entry.dot.log, delta).map_err(|_| Problem::Malformed)?;
        let mut greatest = 0;
        for seen in delta.heads() {
            let dot = seen.log.dot(seen.head.seq);
            let here = self.lamports.get(&dot).copied().or_else(|| (self.stored)(dot));
            let here = here.ok_or(Problem::MissingContext(dot))?;
            if here.hash.prefix() != seen.head.prefix {
                return Err(Problem::Fork(dot));
            }
            greatest = greatest.max(here.lamport);
        }
        Ok(greatest)
    }

    /// Checks that the entries of a log lead to its signed head.
    fn conclude(&self, batch_log: &BatchLog) -> Result<(), Problem> {
        let head = &batch_log.head;
        if self.chains.get(&head.dot.log) != Some(&head.hash) {
            return Err(Problem::BadChain(head.dot));
        }
        let Some(known) = self.logs.get(&head.dot.log) else { return Ok(()) };
        if !known.certificate.opens(&self.known.scope) {
            return Err(Problem::DeniedScope);
        }
        if known.head.seq != head.dot.seq
            || !head.verify(self.known.scope, &known.certificate.claims.public_key)
        {
            return Err(Problem::BadSignature(head.dot));
        }
        Ok(())
    }

    fn finish(mut self, batch_logs: &[BatchLog]) -> Admitted {
        let signatures: BTreeMap<Dot, Signature> =
            batch_logs.iter().map(|log| (log.head.dot, log.head.signature)).collect();
        for admitted in &mut self.entries {
            admitted.signature = signatures.get(&admitted.entry.dot).copied();
        }
        Admitted { entries: self.entries, logs: self.logs, duplicates: self.duplicates }
    }
}

#[cfg(test)]
mod tests {
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
}
