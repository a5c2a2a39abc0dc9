//! A batch in the making, of entries that are what their headers and the chain say.

use std::collections::BTreeMap;

use lanyard_sync::{
    Batch, BatchBuilder, BuildError, Erasure, Hash, LogId, Pushed, ScopeId, StoredEntry, chain_hash,
    genesis_hash,
};

use super::{Read, ReadError};
use crate::store::{StoreError, entries, logs};

/// Collects entries in order of arrival, and takes none that is damaged.
pub(crate) struct Sending<'a> {
    read: Read<'a>,
    scope: ScopeId,
    builder: BatchBuilder,
    /// The hash of the last entry of each log that was added.
    hashes: BTreeMap<LogId, Hash>,
}

impl<'a> Sending<'a> {
    /// Begins a batch.
    pub(crate) fn begin(read: Read<'a>) -> Result<Self, ReadError> {
        let scope = read.scope()?;
        Ok(Self { read, scope, builder: BatchBuilder::new(scope), hashes: BTreeMap::new() })
    }

    /// Adds an entry; damage is an error.
    pub(crate) fn push(&mut self, stored: StoredEntry) -> Result<Pushed, StoreError> {
        let (dot, hash) = (stored.dot, stored.hash);
        let before = match self.hashes.get(&dot.log) {
            Some(before) => Some(*before),
            None if dot.seq <= 1 => None,
            None => entries::stored_head(self.read.db, dot.log.dot(dot.seq - 1))?.map(|head| head.hash),
        };
        let follows = before.unwrap_or_else(|| genesis_hash(self.scope, dot.log));
        if chain_hash(self.scope, dot, &follows, &stored.header_bytes) != hash {
            return Err(StoreError::damaged(format!("entry {dot} is not what its log says")));
        }
        let pushed = self.builder.push(stored, |_| before).map_err(|error| damaged(&error))?;
        if pushed == Pushed::Taken {
            self.hashes.insert(dot.log, hash);
        }
        Ok(pushed)
    }

    /// Adds the word that erased a personal part of an entry.
    pub(crate) fn vouch(&mut self, erasure: Erasure) {
        self.builder.vouch(erasure);
    }

    /// Ends the batch where all of it is signed by its writers; `None` when nothing of it is.
    pub(crate) fn finish(self) -> Result<Option<Batch>, ReadError> {
        let (read, scope) = (self.read, self.scope);
        let Some(batch) = self.finish_unsigned()? else { return Ok(None) };
        let logs = logs::all(read.db)?;
        for part in &batch.logs {
            let key = logs.get(&part.log()).map(|row| row.certificate.claims.public_key);
            if !key.is_some_and(|key| read.checked.is_signed(scope, part.head, key)) {
                let dot = part.head.dot;
                return Err(StoreError::damaged(format!("the signature at {dot} is not its writer's")).into());
            }
        }
        Ok(Some(batch))
    }

    /// Ends the batch where all of it has signatures, for whoever looks at them.
    pub(crate) fn finish_unsigned(self) -> Result<Option<Batch>, StoreError> {
        match self.builder.finish() {
            Ok(batch) => Ok(batch),
            Err(BuildError::Unsigned(_)) => Ok(None),
            Err(error) => Err(damaged(&error)),
        }
    }
}

fn damaged(error: &BuildError) -> StoreError {
    StoreError::damaged(error.to_string())
}
