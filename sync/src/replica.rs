//! A replica in memory, for the tests of this crate: one node's log, store and knowledge.

use std::collections::BTreeMap;

use crate::batch::{Batch, BatchBuilder, BuildError, Pushed, StoredEntry};
use crate::certificate::tests::{claims, organiser};
use crate::entry::Entry;
use crate::epoch::{EPOCH_OPENED_KIND, EpochOpened};
use crate::erasure::{ERASURE_KIND, Erasure};
use crate::id::{CommandId, Dot, Epoch, Hash, LogId, ScopeId};
use crate::key::{Signature, SigningKey};
use crate::payload::Part;
use crate::problem::Problem;
use crate::stream::StreamName;
use crate::vector::VersionVector;
use crate::verify::{KnownLog, KnownScope, StoredHead, admit_with};
use crate::writer::tests::draft;
use crate::writer::{Draft, LogHead, LogWriter, Salted};

pub(crate) const SCOPE: ScopeId = ScopeId([5; 16]);

pub(crate) struct Stored {
    pub(crate) entry: Entry,
    pub(crate) signature: Option<Signature>,
}

pub(crate) struct Replica {
    pub(crate) key: SigningKey,
    pub(crate) writer: LogWriter,
    pub(crate) known: KnownScope,
    /// In order of arrival.
    pub(crate) stored: Vec<Stored>,
    positions: BTreeMap<Dot, usize>,
    pub(crate) erasures: BTreeMap<StreamName, Erasure>,
}

impl Replica {
    pub(crate) fn new(node: u8) -> Self {
        let key = SigningKey::from_seed(&[node; 32]);
        let claims = claims(node, SCOPE);
        let log = LogId { node: claims.node, epoch: Epoch(node.into()) };
        let certificate = claims.sign(&organiser()).unwrap();
        let head = LogHead::empty(SCOPE, log);
        let mut known = KnownScope::new(SCOPE, organiser().public_key());
        let own = KnownLog { head: head.clone(), certificate: certificate.clone() };
        known.logs.insert(log, own);
        let writer = LogWriter::new(SCOPE, head);
        let mut replica = Self {
            key,
            writer,
            known,
            stored: Vec::new(),
            positions: BTreeMap::new(),
            erasures: BTreeMap::new(),
        };
        let opened = EpochOpened { certificate, previous: None, reason: "enrolled".into() };
        replica.commit([Draft {
            stream: EpochOpened::stream(log.node),
            kind: EPOCH_OPENED_KIND.into(),
            facts: Salted { salt: [node; 16], bytes: opened.to_facts() },
            personal: None,
            ..draft(node)
        }]);
        replica
    }

    pub(crate) fn log(&self) -> LogId {
        self.writer.head().log
    }

    pub(crate) fn vector(&self) -> VersionVector {
        self.known.vector()
    }

    /// Writes entries in one commit, signed at its end.
    pub(crate) fn commit(&mut self, drafts: impl IntoIterator<Item = Draft>) {
        for draft in drafts {
            let entry = self.writer.append(draft).unwrap();
            self.store(entry, None);
        }
        let signed = self.writer.sign(&self.key);
        self.stored[self.positions[&signed.dot]].signature = Some(signed.signature);
        let log = self.log();
        self.known.logs.get_mut(&log).unwrap().head = self.writer.head().clone();
    }

    /// Writes one entry in a commit of its own.
    pub(crate) fn write(&mut self, number: u16) {
        let mut command = [0; 16];
        command[..2].copy_from_slice(&number.to_be_bytes());
        self.commit([Draft { command: CommandId(command), ..draft(1) }]);
    }

    /// Writes the erasure of a stream and removes its personal parts.
    pub(crate) fn erase(&mut self, stream: &StreamName) {
        let node = self.known.logs[&self.log()].certificate.claims.node;
        let signature = Erasure::sign(SCOPE, node, stream, &self.key);
        self.commit([Draft {
            stream: stream.clone(),
            kind: ERASURE_KIND.into(),
            facts: Salted { salt: [1; 16], bytes: format!("{{\"signature\":\"{signature}\"}}").into_bytes() },
            personal: None,
            ..draft(1)
        }]);
        let certificate = self.known.logs[&self.log()].certificate.clone();
        self.erasures.insert(stream.clone(), Erasure { stream: stream.clone(), certificate, signature });
        self.remove_erased();
    }

    /// Removes the personal parts of streams that are known to be erased.
    pub(crate) fn remove_erased(&mut self) {
        for Stored { entry, .. } in &mut self.stored {
            if self.erasures.contains_key(&entry.header.stream) {
                entry.payload.personal = entry.payload.personal.as_ref().map(Part::erased);
            }
        }
    }

    fn store(&mut self, entry: Entry, signature: Option<Signature>) {
        self.positions.insert(entry.dot, self.stored.len());
        self.stored.push(Stored { entry, signature });
    }

    pub(crate) fn hash_of(&self, dot: Dot) -> Option<Hash> {
        self.positions.get(&dot).map(|at| self.stored[*at].entry.hash)
    }

    pub(crate) fn head_of(&self, dot: Dot) -> Option<StoredHead> {
        let entry = &self.stored[*self.positions.get(&dot)?].entry;
        Some(StoredHead { hash: entry.hash, lamport: entry.header.lamport })
    }

    /// Builds a batch of what a vector lacks.
    pub(crate) fn batch_for(&self, vector: &VersionVector) -> Result<Option<Batch>, BuildError> {
        let mut builder = BatchBuilder::new(SCOPE);
        for Stored { entry, signature } in &self.stored {
            if vector.covers(&entry.dot) {
                continue;
            }
            let stored = StoredEntry {
                dot: entry.dot,
                header_bytes: entry.header_bytes.clone(),
                payload: entry.payload.clone(),
                hash: entry.hash,
                signature: *signature,
            };
            if let (Some(Part::Absent { .. }), Some(erasure)) =
                (&entry.payload.personal, self.erasures.get(&entry.header.stream))
            {
                builder.vouch(erasure.clone());
            }
            if builder.push(stored, |dot| self.hash_of(dot))? == Pushed::Full {
                break;
            }
        }
        builder.finish()
    }

    /// Verifies and stores a batch; returns the number of new entries.
    pub(crate) fn import(&mut self, batch: Batch) -> Result<usize, Problem> {
        let is_erased = |stream: &StreamName| self.erasures.contains_key(stream);
        let admitted = admit_with(&self.known, batch, &|dot| self.head_of(dot), &is_erased)?;
        self.erasures.extend(admitted.erasures);
        let count = admitted.entries.len();
        for admitted in admitted.entries {
            self.store(admitted.entry, admitted.signature);
        }
        for known in admitted.logs.values() {
            if known.head.log == self.log() {
                self.writer = LogWriter::new(SCOPE, known.head.clone());
            }
        }
        self.known.accept(admitted.logs);
        for known in self.known.logs.values() {
            self.writer.observe(&known.head);
        }
        Ok(count)
    }

    /// Takes everything that another replica has.
    pub(crate) fn pull_from(&mut self, other: &Self) -> Result<usize, Problem> {
        let mut count = 0;
        while let Some(batch) = other.batch_for(&self.vector()).unwrap() {
            count += self.import(batch)?;
        }
        Ok(count)
    }

    /// Goes back to an earlier state of the disk: the entries that a vector covers.
    pub(crate) fn rewind_to(&mut self, vector: &VersionVector) {
        let mut again = Self::new(0);
        again.key = self.key.clone();
        again.known = KnownScope::new(SCOPE, organiser().public_key());
        again.stored.clear();
        again.positions.clear();
        again.writer = LogWriter::new(SCOPE, LogHead::empty(SCOPE, self.log()));
        let is_kept = |stored: &&Stored| vector.covers(&stored.entry.dot);
        for Stored { entry, signature } in self.stored.iter().filter(is_kept) {
            let opened = entry.payload.facts.bytes().and_then(|facts| EpochOpened::from_facts(facts).ok());
            let head = LogHead::empty(SCOPE, entry.dot.log);
            if let Some(opened) = opened {
                again.known.logs.insert(entry.dot.log, KnownLog { head, certificate: opened.certificate });
            }
            let head = &mut again.known.logs.get_mut(&entry.dot.log).unwrap().head;
            if let Some(delta) = &entry.header.context {
                head.context.apply_delta(entry.dot.log, delta).unwrap();
            }
            head.seq = entry.dot.seq;
            head.hash = entry.hash;
            head.lamport = entry.header.lamport;
            again.store(entry.clone(), *signature);
        }
        again.writer = LogWriter::new(SCOPE, again.known.logs[&self.log()].head.clone());
        for known in again.known.logs.values() {
            again.writer.observe(&known.head);
        }
        *self = again;
    }
}
