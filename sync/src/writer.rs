//! Writing one's own log: from drafts to chained, signed entries.
//!
//! A writer is a small value without references to storage. Whoever commits entries keeps a clone
//! (or the head) from before and puts it back when the transaction is rolled back.

use std::sync::Arc;

use crate::chain::{SignedHead, chain_hash, genesis_hash};
use crate::context::LogContext;
use crate::entry::Entry;
use crate::header::{Header, HeaderError};
use crate::id::{CommandId, Hash, LogId, ScopeId};
use crate::key::SigningKey;
use crate::limits::{COUNTER_MAX, FACTS_MAX_BYTES, PERSONAL_MAX_BYTES, SIGN_EVERY_BYTES, SIGN_EVERY_ENTRIES};
use crate::payload::{Part, Payload};
use crate::stream::StreamName;
use crate::vector::{Head, VersionVector};

/// Bytes of a payload part with the salt drawn for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salted {
    /// Random bytes, drawn for this part alone.
    pub salt: [u8; 16],
    /// The content.
    pub bytes: Vec<u8>,
}

/// What an entry says, before it has a place in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it is about.
    pub stream: StreamName,
    /// What happened, without the version.
    pub kind: String,
    /// Version of the kind's payload.
    pub version: u16,
    /// Oldest reader that may fold the stream after this entry.
    pub min_reader: u16,
    /// Wall time in milliseconds since 1970.
    pub at_ms: i64,
    /// How far the clock is known to be ahead, in milliseconds.
    pub skew_ms: Option<i32>,
    /// Who did it, as an id.
    pub actor: String,
    /// Where it was done; empty when at no desk.
    pub desk: String,
    /// The command behind it.
    pub command: CommandId,
    /// Place among the entries of the command.
    pub index: u16,
    /// The part that stays.
    pub facts: Salted,
    /// The part that may be erased.
    pub personal: Option<Salted>,
    /// Extension of the header; empty in this version.
    pub ext: Vec<u8>,
}

/// The last entry of a log, with what the next one is built on.
// Stored: per log, as its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The log.
    pub log: LogId,
    /// Sequence number of the last entry, 0 before the first.
    pub seq: u64,
    /// Chain hash of the last entry, or of the genesis.
    pub hash: Hash,
    /// Lamport time of the last entry, 0 before the first.
    pub lamport: u64,
    /// Full context of the last entry.
    pub context: LogContext,
}

impl LogHead {
    /// Returns the head of a log that has no entries.
    pub fn empty(scope: ScopeId, log: LogId) -> Self {
        let hash = genesis_hash(scope, log);
        Self { log, seq: 0, hash, lamport: 0, context: LogContext::default() }
    }

    /// Returns the form in which vectors name this head; `None` for an empty log.
    pub fn head(&self) -> Option<Head> {
        (self.seq > 0).then(|| Head::new(self.seq, &self.hash))
    }
}

/// A draft that no entry can be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A header field is outside its limits.
    #[error("the header cannot be written")]
    Header(#[from] HeaderError),
    /// A payload part is over its limit.
    #[error("the {part} part is over {max_bytes} bytes")]
    PartTooLarge {
        /// Which part.
        part: &'static str,
        /// Its limit in bytes.
        max_bytes: usize,
    },
    /// The log has no numbers left.
    #[error("the log is full")]
    LogFull,
}

/// Appends to one log of one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogWriter {
    scope: ScopeId,
    head: LogHead,
    seen: Arc<VersionVector>,
    seen_lamport: u64,
    signed_seq: u64,
    unsigned_bytes: u32,
}

impl LogWriter {
    /// Takes up a log at a signed head. What else the node has of the scope, beyond the context
    /// of that head, follows by [`Self::observe`].
    pub fn new(scope: ScopeId, head: LogHead) -> Self {
        let seen = Arc::clone(head.context.share());
        Self { scope, signed_seq: head.seq, head, seen, seen_lamport: 0, unsigned_bytes: 0 }
    }

    /// Returns the scope.
    pub const fn scope(&self) -> ScopeId {
        self.scope
    }

    /// Returns the head: the value to keep for a rollback of appended entries.
    pub const fn head(&self) -> &LogHead {
        &self.head
    }

    /// Goes back to an earlier head, undoing what was appended after it.
    pub fn restore(&mut self, head: LogHead) {
        if head.seq < self.signed_seq {
            // The signature is undone too, and where the one before it stands is not known here.
            self.signed_seq = head.seq.saturating_sub(SIGN_EVERY_ENTRIES);
        }
        self.head = head;
    }

    /// Notes that this node has stored another log up to `seq`. The next entry's context says so, and comes after it in
    /// any order.
    pub fn observe(&mut self, other: &LogHead) {
        let Some(head) = other.head() else { return };
        if other.log == self.head.log {
            return;
        }
        // Of another branch than the context names it may be a lower number with a later time.
        self.seen_lamport = self.seen_lamport.max(other.lamport);
        if other.seq > self.seen.seq(&other.log) {
            Arc::make_mut(&mut self.seen).set(other.log, head);
        }
    }

    /// Returns what this node has of every log, the own one included.
    pub fn vector(&self) -> VersionVector {
        let mut vector = (*self.seen).clone();
        if let Some(head) = self.head.head() {
            vector.set(self.head.log, head);
        }
        vector
    }

    /// Appends an entry and moves the head to it.
    pub fn append(&mut self, draft: Draft) -> Result<Entry, AppendError> {
        let seq = self.head.seq + 1;
        let lamport = 1 + self.head.lamport.max(self.seen_lamport);
        if seq > COUNTER_MAX || lamport > COUNTER_MAX {
            return Err(AppendError::LogFull);
        }
        let facts = present(draft.facts, "facts", FACTS_MAX_BYTES)?;
        let personal =
            draft.personal.map(|part| present(part, "personal", PERSONAL_MAX_BYTES)).transpose()?;
        let context = (!self.head.context.is_shared_with(&self.seen))
            .then(|| self.seen.delta_since(self.head.context.vector()))
            .filter(|delta| !delta.is_empty());
        let header = Header {
            stream: draft.stream,
            kind: draft.kind,
            version: draft.version,
            min_reader: draft.min_reader,
            lamport,
            at_ms: draft.at_ms,
            skew_ms: draft.skew_ms,
            actor: draft.actor,
            desk: draft.desk,
            command: draft.command,
            index: draft.index,
            context,
            facts: facts.commitment(),
            personal: personal.as_ref().map(Part::commitment),
            ext: draft.ext,
        };
        header.check()?;
        let header_bytes = header.encode();
        let dot = self.head.log.dot(seq);
        let hash = chain_hash(self.scope, dot, &self.head.hash, &header_bytes);
        let payload = Payload { facts, personal };
        self.advance(seq, hash, lamport, header_bytes.len() + payload.stored_bytes());
        Ok(Entry { dot, header, header_bytes, payload, hash })
    }

    fn advance(&mut self, seq: u64, hash: Hash, lamport: u64, bytes: usize) {
        let context = LogContext::shared(Arc::clone(&self.seen));
        self.head = LogHead { log: self.head.log, seq, hash, lamport, context };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.unsigned_bytes = self.unsigned_bytes.saturating_add(bytes);
    }

    /// Tells whether the head must be signed before more is appended to the same commit.
    pub const fn must_sign(&self) -> bool {
        self.head.seq - self.signed_seq >= SIGN_EVERY_ENTRIES || self.unsigned_bytes >= SIGN_EVERY_BYTES
    }

    /// Signs the head; the signature is stored with its entry.
    pub fn sign(&mut self, key: &SigningKey) -> SignedHead {
        self.signed_seq = self.head.seq;
        self.unsigned_bytes = 0;
        SignedHead::sign(self.scope, self.head.log.dot(self.head.seq), self.head.hash, key)
    }
}

fn present(part: Salted, name: &'static str, max_bytes: usize) -> Result<Part, AppendError> {
    if part.bytes.len() > max_bytes {
        return Err(AppendError::PartTooLarge { part: name, max_bytes });
    }
    Ok(Part::Present { salt: part.salt, bytes: part.bytes })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::id::{Epoch, NodeId};
    use crate::stream::StreamKey;

    pub(crate) const SCOPE: ScopeId = ScopeId([5; 16]);

    pub(crate) fn log(node: u8) -> LogId {
        LogId { node: NodeId([node; 16]), epoch: Epoch(node.into()) }
    }

    pub(crate) fn writer(node: u8) -> LogWriter {
        LogWriter::new(SCOPE, LogHead::empty(SCOPE, log(node)))
    }

    pub(crate) fn draft(number: u8) -> Draft {
        Draft {
            stream: StreamName::new("attendee", StreamKey::Id([number; 16])),
            kind: "attendee-checked-in".into(),
            version: 1,
            min_reader: 1,
            at_ms: 1_790_000_000_000,
            skew_ms: None,
            actor: "staff-7".into(),
            desk: "lane-3".into(),
            command: CommandId([number; 16]),
            index: 0,
            facts: Salted { salt: [number; 16], bytes: b"{\"list\":\"main\"}".to_vec() },
            personal: Some(Salted { salt: [9; 16], bytes: b"{\"name\":\"Ada\"}".to_vec() }),
            ext: Vec::new(),
        }
    }

    #[test]
    fn entries_follow_each_other_without_gaps() {
        let mut writer = writer(1);
        let first = writer.append(draft(1)).unwrap();
        let second = writer.append(draft(2)).unwrap();
        assert_eq!((first.dot.seq, second.dot.seq), (1, 2));
        assert_eq!((first.header.lamport, second.header.lamport), (1, 2));
        let before = genesis_hash(SCOPE, log(1));
        assert_eq!(first.hash, chain_hash(SCOPE, first.dot, &before, &first.header_bytes));
        assert_eq!(second.hash, chain_hash(SCOPE, second.dot, &first.hash, &second.header_bytes));
        assert_eq!(writer.head().hash, second.hash);
    }

    #[test]
    fn the_context_is_carried_once_after_each_change() {
        let mut other = writer(2);
        for number in 0..5 {
            other.append(draft(number)).unwrap();
        }
        let mut writer = writer(1);
        writer.observe(other.head());
        let first = writer.append(draft(1)).unwrap();
        let second = writer.append(draft(2)).unwrap();
        let seen = first.header.context.unwrap();
        assert_eq!(seen.heads()[0].log, log(2));
        assert_eq!(seen.heads()[0].head, Head::new(5, &other.head().hash));
        assert_eq!(first.header.lamport, 6);
        assert_eq!(second.header.context, None);
    }

    #[test]
    fn what_is_written_comes_after_a_shorter_branch_of_a_later_time() {
        let (mut gone, mut stands) = (writer(2), writer(2));
        for number in 0..5 {
            gone.append(draft(number)).unwrap();
        }
        let mut writer = writer(1);
        writer.observe(gone.head());
        assert_eq!(writer.append(draft(1)).unwrap().header.lamport, 6);
        stands.seen_lamport = 20;
        stands.append(draft(9)).unwrap();
        writer.observe(stands.head());
        let after = writer.append(draft(2)).unwrap();
        assert_eq!((after.header.lamport, after.header.context), (22, None));
    }

    #[test]
    fn restoring_a_head_undoes_what_came_after_it() {
        let mut other = writer(2);
        other.append(draft(1)).unwrap();
        let mut writer = writer(1);
        writer.append(draft(1)).unwrap();
        writer.observe(other.head());
        let before = writer.head().clone();
        let undone = writer.append(draft(2)).unwrap();
        writer.restore(before);
        assert_eq!(writer.append(draft(2)), Ok(undone));
    }

    #[test]
    fn a_large_commit_asks_for_signatures_inside() {
        let mut writer = writer(1);
        for _ in 0..SIGN_EVERY_ENTRIES {
            assert!(!writer.must_sign());
            writer.append(draft(1)).unwrap();
        }
        assert!(writer.must_sign());
        let signed = writer.sign(&SigningKey::from_seed(&[1; 32]));
        assert_eq!(signed.dot, log(1).dot(SIGN_EVERY_ENTRIES));
        assert!(!writer.must_sign());
    }

    #[test]
    fn a_draft_over_its_limits_leaves_the_log_as_it_was() {
        let mut writer = writer(1);
        let before = writer.clone();
        let facts = Salted { salt: [0; 16], bytes: vec![0; FACTS_MAX_BYTES + 1] };
        let refused = writer.append(Draft { facts, ..draft(1) });
        assert_eq!(refused, Err(AppendError::PartTooLarge { part: "facts", max_bytes: FACTS_MAX_BYTES }));
        assert_eq!(writer, before);
    }
}
