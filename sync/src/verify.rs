//! Admission: what of a received batch may be stored.
//!
//! All of it or nothing. Checked are scope, certificate, chain, signature, lamport time and context
//! of each log, against what the receiver has. What it has already is skipped; what differs from what
//! it has is a fork. Personal parts may be missing where they were erased. The caller stores the result in one transaction and then takes up the new heads.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::{Batch, BatchLog};
use crate::certificate::Certificate;
use crate::chain::genesis_hash;
use crate::entry::{Entry, EntryFrame};
use crate::epoch::{EPOCH_OPENED_KIND, EPOCH_OPENED_VERSION, EpochOpened};
use crate::erasure::{ERASURE_KIND, Erasure};
use crate::fault::is_chain_unchecked;
use crate::fork::ForkNotice;
use crate::id::{Dot, Hash, LogId, ScopeId};
use crate::key::{PublicKey, Signature};
use crate::payload::Part;
use crate::problem::Problem;
use crate::stream::StreamName;
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
    /// Logs of which two branches were found, with the first sequence number that differs.
    pub forks: BTreeMap<LogId, u64>,
    /// Logs that are held only from a sequence number on, while what comes before is known from a snapshot.
    pub floors: BTreeMap<LogId, u64>,
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
    /// Erasures that are new: those of its entries, and those that came ahead of theirs.
    pub erasures: BTreeMap<StreamName, Erasure>,
    /// Number of entries that were there already.
    pub duplicates: usize,
}

impl KnownScope {
    /// Begins to know a scope.
    pub const fn new(scope: ScopeId, organiser: PublicKey) -> Self {
        Self { scope, organiser, logs: BTreeMap::new(), forks: BTreeMap::new(), floors: BTreeMap::new() }
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

/// Decides what of a batch may be stored by somebody who knows of no erasure. `stored` looks up entries that
/// are here.
pub fn admit(
    known: &KnownScope,
    batch: Batch,
    stored: &dyn Fn(Dot) -> Option<StoredHead>,
) -> Result<Admitted, Problem> {
    admit_with(known, batch, stored, &|_| false)
}

/// Decides what of a batch may be stored. `stored` looks up entries that are here, `is_erased` whether the
/// personal parts of a stream are known to be erased.
pub fn admit_with(
    known: &KnownScope,
    batch: Batch,
    stored: &dyn Fn(Dot) -> Option<StoredHead>,
    is_erased: &dyn Fn(&StreamName) -> bool,
) -> Result<Admitted, Problem> {
    if batch.scope != known.scope {
        return Err(Problem::DeniedScope);
    }
    let erasures = new_erasures(known, batch.erasures, is_erased)?;
    let mut admission = Admission {
        known,
        stored,
        chains: BTreeMap::new(),
        logs: BTreeMap::new(),
        lamports: BTreeMap::new(),
        forks: BTreeMap::new(),
        entries: Vec::with_capacity(batch.frames.len()),
        erasures,
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
    admission.check_parts(is_erased)?;
    Ok(admission.finish(&batch.logs))
}

/// The erasures beside a batch that say something new; each has to be the word of a node of the scope.
fn new_erasures(
    known: &KnownScope,
    erasures: Vec<Erasure>,
    is_erased: &dyn Fn(&StreamName) -> bool,
) -> Result<BTreeMap<StreamName, Erasure>, Problem> {
    let mut new = BTreeMap::new();
    let mut believed: Option<Certificate> = None;
    for erasure in erasures.into_iter().filter(|erasure| !is_erased(&erasure.stream)) {
        let is_believed = believed.as_ref() == Some(&erasure.certificate);
        let holds = if is_believed {
            erasure.is_signed(known.scope)
        } else {
            erasure.verify(known.scope, &known.organiser)
        };
        if !holds {
            return Err(Problem::Malformed);
        }
        believed = Some(erasure.certificate.clone());
        new.insert(erasure.stream.clone(), erasure);
    }
    Ok(new)
}

/// What a context names, as far as it is here.
struct Seen {
    /// Greatest lamport time, 0 without any.
    lamport: u64,
    /// Whether all of it is here.
    is_whole: bool,
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
    /// Forks the batch tells of.
    forks: BTreeMap<LogId, u64>,
    entries: Vec<AdmittedEntry>,
    erasures: BTreeMap<StreamName, Erasure>,
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
        if hash.prefix() != batch_log.after && !is_chain_unchecked() {
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
        let seen = self.follow_context(&mut known.head, &entry)?;
        let least = 1 + known.head.lamport.max(seen.lamport);
        let is_later = entry.header.lamport > least;
        if entry.header.lamport < least || (is_later && seen.is_whole && !self.names_a_branch(&known.head)) {
            return Err(Problem::BadLamport(dot));
        }
        if entry.header.kind == ERASURE_KIND {
            let erasure = Erasure::of_entry(&entry, &known.certificate);
            let erasure = erasure.filter(|erasure| erasure.is_signed(self.known.scope));
            let erasure = erasure.ok_or(Problem::BadSignature(dot))?;
            self.erasures.insert(erasure.stream.clone(), erasure);
        }
        known.head.seq = dot.seq;
        known.head.hash = entry.hash;
        known.head.lamport = entry.header.lamport;
        self.logs.insert(dot.log, known);
        self.lamports.insert(dot, StoredHead { hash: entry.hash, lamport: entry.header.lamport });
        if let Some(notice) = ForkNotice::of(&entry) {
            let from = self.forks.entry(notice.log).or_insert(notice.from);
            *from = notice.from.min(*from);
        }
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

    /// Applies the context delta and finds what it names. What earlier deltas named is below the lamport time
    /// of the entry before.
    fn follow_context(&self, head: &mut LogHead, entry: &Entry) -> Result<Seen, Problem> {
        let mut seen = Seen { lamport: 0, is_whole: true };
        let Some(delta) = &entry.header.context else { return Ok(seen) };
        head.context.apply_delta(entry.dot.log, delta).map_err(|_| Problem::Malformed)?;
        for named in delta.heads() {
            let dot = named.log.dot(named.head.seq);
            let here = self.lamports.get(&dot).copied().or_else(|| (self.stored)(dot));
            match here {
                Some(here) if here.hash.prefix() == named.head.prefix => {
                    seen.lamport = seen.lamport.max(here.lamport);
                }
                // It may be of the branch that does not stand, which nobody can fetch any more.
                _ if self.is_beyond_a_fork(dot) => seen.is_whole = false,
                None if self.is_below_a_floor(dot) => seen.is_whole = false,
                Some(_) => return Err(Problem::Fork(dot)),
                None => return Err(Problem::MissingContext(dot)),
            }
        }
        Ok(seen)
    }

    /// Whether a log's context names a place beyond a fork: its writer may have the other branch by now, which no later context
    /// can say before it is longer.
    fn names_a_branch(&self, head: &LogHead) -> bool {
        head.context.vector().iter().any(|(log, head)| self.is_beyond_a_fork(log.dot(head.seq)))
    }

    fn is_beyond_a_fork(&self, dot: Dot) -> bool {
        let is_here = self.known.logs.contains_key(&dot.log) || self.logs.contains_key(&dot.log);
        let is_beyond =
            |forks: &BTreeMap<LogId, u64>| forks.get(&dot.log).is_some_and(|from| *from <= dot.seq);
        is_here && (is_beyond(&self.known.forks) || is_beyond(&self.forks))
    }

    /// Whether an entry is known to be there and is still to come.
    fn is_below_a_floor(&self, dot: Dot) -> bool {
        self.known.floors.get(&dot.log).is_some_and(|floor| dot.seq < *floor)
    }

    /// Checks that facts are there, and personal parts where nothing erased them.
    fn check_parts(&self, is_erased: &dyn Fn(&StreamName) -> bool) -> Result<(), Problem> {
        let mut covered: BTreeSet<&StreamName> = self.erasures.keys().collect();
        for AdmittedEntry { entry, .. } in &self.entries {
            let is_gone = |part: &Part| matches!(part, Part::Absent { .. });
            if is_gone(&entry.payload.facts) {
                return Err(Problem::NotErased(entry.dot));
            }
            let stream = &entry.header.stream;
            if entry.payload.personal.as_ref().is_some_and(is_gone) && !covered.contains(stream) {
                if !is_erased(stream) {
                    return Err(Problem::NotErased(entry.dot));
                }
                covered.insert(stream);
            }
        }
        Ok(())
    }

    /// Checks that the entries of a log lead to its signed head.
    fn conclude(&self, batch_log: &BatchLog) -> Result<(), Problem> {
        let head = &batch_log.head;
        if self.chains.get(&head.dot.log) != Some(&head.hash) && !is_chain_unchecked() {
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
        let Self { entries, logs, erasures, duplicates, .. } = self;
        Admitted { entries, logs, erasures, duplicates }
    }
}

#[cfg(test)]
mod tests;
