//! Building batches from stored entries: within limits, and cut where everything is signed.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::{Batch, BatchLog};
use crate::chain::{SignedHead, genesis_hash};
use crate::entry::{EntryFrame, FrameError};
use crate::erasure::Erasure;
use crate::id::{Dot, Hash, LogId, ScopeId};
use crate::key::Signature;
use crate::limits::{
    BATCH_CUT_BYTES, BATCH_MAX_BYTES, BATCH_MAX_ENTRIES, CATEGORY_MAX_BYTES, STREAM_KEY_MAX_BYTES,
};
use crate::payload::Payload;
use crate::stream::StreamName;

/// Entries take at most this, so that with logs and lengths a batch stays within its limit.
const ENTRIES_MAX_BYTES: usize = BATCH_MAX_BYTES - 256 * 1024;

/// What an erasure takes in a batch, its certificate aside: a stream, a number and a signature.
const ERASURE_MAX_BYTES: usize = CATEGORY_MAX_BYTES + STREAM_KEY_MAX_BYTES + 80;

/// An entry as a database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its id.
    pub dot: Dot,
    /// The header, as hashed.
    pub header_bytes: Vec<u8>,
    /// What happened.
    pub payload: Payload,
    /// The chain hash.
    pub hash: Hash,
    /// The writer's signature over the log up to this entry, where there is one.
    pub signature: Option<Signature>,
}

/// Whether a builder took an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is in the batch, unless the batch has to be cut before it.
    Taken,
    /// The batch is full; the entry belongs to the next one.
    Full,
}

/// Why stored entries make no batch.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A stored entry is damaged.
    #[error("the stored entry {dot} is damaged")]
    Damaged {
        /// The entry.
        dot: Dot,
        /// What is wrong with it.
        #[source]
        source: FrameError,
    },
    /// An entry does not follow the one before it in the batch.
    #[error("the entry before {0} is missing")]
    Gap(Dot),
    /// There is no signed head within the limits of a batch.
    #[error("no signed head follows {0} within the limits of a batch")]
    Unsigned(Dot),
}

/// Collects entries in order of arrival.
#[derive(Debug)]
pub struct BatchBuilder {
    scope: ScopeId,
    frames: Vec<EntryFrame>,
    bytes: usize,
    starts: BTreeMap<LogId, (u64, [u8; 8])>,
    last: BTreeMap<LogId, u64>,
    unsigned: BTreeSet<LogId>,
    signed: Vec<(usize, SignedHead)>,
    cut: usize,
    erasures: BTreeMap<StreamName, Erasure>,
}

impl BatchBuilder {
    /// Begins a batch of this scope.
    pub fn new(scope: ScopeId) -> Self {
        Self {
            scope,
            frames: Vec::new(),
            bytes: 0,
            starts: BTreeMap::new(),
            last: BTreeMap::new(),
            unsigned: BTreeSet::new(),
            signed: Vec::new(),
            cut: 0,
            erasures: BTreeMap::new(),
        }
    }

    /// Adds the next entry that the receiver lacks. For the first entry of each log, `hash_of`
    /// is asked for the stored hash of the entry before it.
    pub fn push(
        &mut self,
        stored: StoredEntry,
        hash_of: impl FnOnce(Dot) -> Option<Hash>,
    ) -> Result<Pushed, BuildError> {
        let StoredEntry { dot, header_bytes, payload, hash, signature } = stored;
        let bytes = self.bytes + header_bytes.len() + payload.stored_bytes();
        let over = self.cut > 0 && bytes > BATCH_CUT_BYTES;
        if over || bytes > ENTRIES_MAX_BYTES || self.frames.len() == BATCH_MAX_ENTRIES {
            return Ok(Pushed::Full);
        }
        match self.last.get(&dot.log) {
            Some(last) if last + 1 == dot.seq => {}
            Some(_) => return Err(BuildError::Gap(dot)),
            None => self.start(dot, hash_of)?,
        }
        let frame = EntryFrame::from_stored(dot, header_bytes, payload)
            .map_err(|source| BuildError::Damaged { dot, source })?;
        self.frames.push(frame);
        self.bytes = bytes;
        self.last.insert(dot.log, dot.seq);
        match signature {
            Some(signature) => {
                self.unsigned.remove(&dot.log);
                self.signed.push((self.frames.len(), SignedHead { dot, hash, signature }));
                if self.unsigned.is_empty() {
                    self.cut = self.frames.len();
                }
            }
            None => {
                self.unsigned.insert(dot.log);
            }
        }
        Ok(Pushed::Taken)
    }

    /// Adds the word that erased the personal parts of a stream; to be given before its entries are added.
    pub fn vouch(&mut self, erasure: Erasure) {
        if self.erasures.contains_key(&erasure.stream) {
            return;
        }
        let is_new = !self.erasures.values().any(|known| known.certificate == erasure.certificate);
        let certificate_bytes = if is_new { erasure.certificate.encode().len() } else { 0 };
        self.bytes += ERASURE_MAX_BYTES + certificate_bytes;
        self.erasures.insert(erasure.stream.clone(), erasure);
    }

    fn start(&mut self, dot: Dot, hash_of: impl FnOnce(Dot) -> Option<Hash>) -> Result<(), BuildError> {
        let before = match dot.seq {
            0 => None,
            1 => Some(genesis_hash(self.scope, dot.log)),
            seq => hash_of(dot.log.dot(seq - 1)),
        };
        let before = before.ok_or(BuildError::Gap(dot))?;
        self.starts.insert(dot.log, (dot.seq, before.prefix()));
        Ok(())
    }

    /// Ends the batch at the last point where every log is signed; `None` when nothing was added.
    pub fn finish(mut self) -> Result<Option<Batch>, BuildError> {
        let Some(first) = self.frames.first() else { return Ok(None) };
        if self.cut == 0 {
            return Err(BuildError::Unsigned(first.dot));
        }
        self.frames.truncate(self.cut);
        let heads: BTreeMap<LogId, SignedHead> = self
            .signed
            .iter()
            .take_while(|(position, _)| *position <= self.cut)
            .map(|(_, head)| (head.dot.log, *head))
            .collect();
        let logs = heads.into_iter().map(|(log, head)| {
            let (first_seq, after) = self.starts[&log];
            BatchLog { first_seq, after, head }
        });
        let logs = logs.collect();
        let of_frames: BTreeSet<&StreamName> = self
            .frames
            .iter()
            .filter(|frame| frame.lacks_personal())
            .map(|frame| &frame.header.stream)
            .collect();
        let erasures = self.erasures.into_values().filter(|erasure| of_frames.contains(&erasure.stream));
        let erasures = erasures.collect();
        Ok(Some(Batch { scope: self.scope, logs, frames: self.frames, erasures }))
    }
}
