//! A document as automerge has it in memory, for as long as one change is made or applied.

use std::collections::BTreeMap;

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{
    ActorId, Automerge, AutomergeError, Change, ChangeHash, LoadOptions, ObjId, ROOT, ReadDoc, TextEncoding,
    Value, VerificationMode,
};

use super::bytes::DocumentBytes;
use super::genesis::GENESIS;
use super::name::Field;
use super::version::Version;
use super::words;

/// Longest change in bytes once it is unpacked, far beyond what an edit within the limits makes.
const UNPACKED_MAX_BYTES: usize = 512 * 1024;

/// A change whose bytes were read.
pub(super) struct ReadChange(Change);

impl ReadChange {
    /// Reads a change; none where the bytes are none.
    pub(super) fn read(bytes: &DocumentBytes) -> Option<Self> {
        let change = Change::from_bytes(bytes.0.clone()).ok()?;
        (change.raw_bytes().len() <= UNPACKED_MAX_BYTES).then_some(Self(change))
    }
}

/// The changes of a document, merged.
pub(super) struct Merged(Automerge);

impl Merged {
    /// Loads a document; nothing written is the beginning. None where a stored state is damaged.
    pub(super) fn load(base: &DocumentBytes) -> Option<Self> {
        let bytes = if base.0.is_empty() { &GENESIS[..] } else { &base.0 };
        let options = LoadOptions::new()
            .verification_mode(VerificationMode::DontCheck)
            .text_encoding(TextEncoding::UnicodeCodePoint);
        Automerge::load_with_options(bytes, options).ok().map(Self)
    }

    /// All of it, compacted. The same changes in the same order give the same bytes on every machine, so nothing is
    /// deflated: what comes of that may depend on the processor.
    pub(super) fn save(&self) -> DocumentBytes {
        DocumentBytes(self.0.save_nocompress())
    }

    /// Whether a change is there.
    pub(super) fn has(&self, change: &ReadChange) -> bool {
        self.knows(&change.0.hash())
    }

    /// Whether something is missing that a change was made on.
    pub(super) fn lacks(&self, change: &ReadChange) -> bool {
        change.0.deps().iter().any(|hash| !self.knows(hash))
    }

    fn knows(&self, hash: &ChangeHash) -> bool {
        self.0.get_change_meta_by_hash(hash).is_some()
    }

    /// Applies a change; tells whether automerge took it.
    pub(super) fn apply(&mut self, change: ReadChange) -> bool {
        self.0.apply_changes([change.0]).is_ok() && self.0.get_missing_deps(&[]).is_empty()
    }

    /// What an edit of this has seen.
    pub(super) fn version(&self) -> Version {
        Version(self.0.get_heads().into_iter().map(|head| head.0).collect())
    }

    /// What a field says, each value with its operation: the one that automerge uses comes first.
    pub(super) fn values(&self, field: Field) -> Vec<(String, String)> {
        if field == Field::Text {
            let text = self.0.text(long_text(&self.0)).unwrap_or_default();
            return vec![(field.as_str().to_owned(), text)];
        }
        values(&self.0, field)
    }

    /// Makes the change of an edit; none where it says what its writer has seen.
    ///
    /// # Errors
    /// When something it has seen is not here, or is nothing that can be written to.
    pub(super) fn edit(
        self,
        seen: &Version,
        edits: &BTreeMap<Field, String>,
        actor: [u8; 16],
    ) -> Result<Option<DocumentBytes>, UnknownVersion> {
        let mut heads: Vec<_> = seen.0.iter().map(|head| ChangeHash(*head)).collect();
        if heads.is_empty() {
            heads = Self::load(&DocumentBytes::default()).ok_or(UnknownVersion)?.0.get_heads();
        }
        if heads.iter().any(|head| !self.knows(head)) {
            return Err(UnknownVersion);
        }
        // What automerge offers for writing in the past takes seconds to remove a page of text.
        let mut seen = if *seen == self.version() {
            self.0
        } else {
            self.0.fork_at(&heads).map_err(|_| UnknownVersion)?
        };
        seen.set_actor(ActorId::from(actor));
        let mut transaction = seen.transaction();
        for (field, text) in edits {
            write(&mut transaction, *field, text).map_err(|_| UnknownVersion)?;
        }
        // A clock in it would tell nothing: the entry has one.
        let (hash, _) = transaction.commit_with(CommitOptions::default().with_time(0));
        let made = hash.and_then(|hash| seen.get_change_by_hash(&hash));
        Ok(made.map(|mut change| DocumentBytes(change.bytes().into_owned())))
    }
}

/// Something that an edit has seen is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnknownVersion;

/// Writes a field. No change of ours makes it fail, but one of a node that has a defect can.
fn write(transaction: &mut Transaction<'_>, field: Field, text: &str) -> Result<(), AutomergeError> {
    if field == Field::Text {
        let object = long_text(transaction);
        let present = transaction.text(&object)?;
        for piece in words::pieces(&present, text) {
            let removed = isize::try_from(piece.removed).expect("a text is shorter than memory");
            transaction.splice_text(&object, piece.at, removed, &piece.inserted)?;
        }
        return Ok(());
    }
    let present = values(transaction, field);
    let says_so = match present.as_slice() {
        [] => text.is_empty(),
        [(_, only)] => only == text,
        // Whatever is chosen of several is written over all of them.
        [_, _, ..] => false,
    };
    if !says_so {
        transaction.put(ROOT, field.as_str(), text)?;
    }
    Ok(())
}

fn values(document: &impl ReadDoc, field: Field) -> Vec<(String, String)> {
    let all = document.get_all(ROOT, field.as_str()).unwrap_or_default();
    let text = |value: &Value<'_>| value.as_str().unwrap_or_default().to_owned();
    all.iter().rev().map(|(value, op)| (op.to_string(), text(value))).collect()
}

/// The one long text; every document begins with it, and nothing ever writes over it.
fn long_text(document: &impl ReadDoc) -> ObjId {
    let found = document.get(ROOT, Field::Text.as_str()).ok().flatten();
    found.map_or(ROOT, |(_, object)| object)
}
