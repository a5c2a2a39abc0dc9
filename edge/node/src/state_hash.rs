//! The state hash: one number for all folded states of a node.
//!
//! Two nodes of the same build with equal vectors have equal hashes. It is computed on demand, from the
//! stored states or by folding the log again; local tables are no part of it.

use std::collections::BTreeSet;

use lanyard_domain::Stream;
use lanyard_sync::{Hash, StreamName};
use rusqlite::Connection;

use crate::engine::fold::Logs;
use crate::engine::folding::{Refolded, fold_stream};
use crate::fault::{Fault, is_planted};
use crate::read::{Read, ReadError};
use crate::store::closed::ClosedLogs;
use crate::store::{StoreError, entries, erasures, forks, logs, streams};

const TAG: &str = "lanyard/state-hash/1";

impl Read<'_> {
    /// Hashes the stored states, in order of stream.
    pub fn state_hash(&self) -> Result<Hash, ReadError> {
        if is_planted(Fault::VectorHash) {
            return Ok(self.vector()?.digest());
        }
        let mut statement = self.db.prepare_cached(
            "SELECT s.category, s.key, t.state FROM streams s JOIN states t ON t.stream = s.id \
             WHERE t.state IS NOT NULL ORDER BY s.category, s.key",
        )?;
        let mut rows = statement.query([])?;
        let mut hasher = blake3::Hasher::new_derive_key(TAG);
        while let Some(row) = rows.next()? {
            let state = row.get_ref(2)?.as_blob().map_err(|_| StoreError::damaged("a state is no blob"))?;
            hash_state(&mut hasher, &streams::name(row, 0, 1)?, state);
        }
        Ok(Hash(*hasher.finalize().as_bytes()))
    }

    /// Folds the whole log again and hashes the states that come out, without looking at stored ones.
    pub fn state_hash_of_log(&self) -> Result<Hash, ReadError> {
        let mut hasher = blake3::Hasher::new_derive_key(TAG);
        for_each_stream(self.db, |name, _, refolded| {
            if let Some(folded) = &refolded.folded {
                hash_state(&mut hasher, name, &folded.to_bytes());
            }
            Ok(())
        })?;
        Ok(Hash(*hasher.finalize().as_bytes()))
    }
}

fn hash_state(hasher: &mut blake3::Hasher, name: &StreamName, state: &[u8]) {
    let name = name.to_string();
    for part in [name.as_bytes(), state] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
}

/// Folds every stream that has entries, in order of stream; `visit` gets its name, number and fold.
pub(crate) fn for_each_stream(
    db: &Connection,
    mut visit: impl FnMut(&StreamName, i64, Refolded) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (rows_of_logs, forks, closed) = (logs::all(db)?, forks::all(db)?, ClosedLogs::load(db)?);
    let logs = Logs { rows: &rows_of_logs, forks: &forks, closed: &closed };
    let ahead: BTreeSet<StreamName> = erasures::ahead(db)?.into_iter().collect();
    let mut statement = db.prepare(
        "SELECT s.id, s.category, s.key, e.pos FROM streams s JOIN entries e ON e.stream = s.id \
         ORDER BY s.category, s.key",
    )?;
    let mut rows = statement.query([])?;
    let mut group: Option<(i64, StreamName, Vec<entries::EntryRow>)> = None;
    let mut fold = |(stream, name, rows): (i64, StreamName, Vec<entries::EntryRow>)| {
        let refolded = fold_stream(db, logs, Stream::parse(&name).as_ref(), rows, ahead.contains(&name))?;
        visit(&name, stream, refolded)
    };
    while let Some(row) = rows.next()? {
        let (stream, pos): (i64, i64) = (row.get(0)?, row.get(3)?);
        if group.as_ref().is_some_and(|(known, ..)| *known != stream)
            && let Some(complete) = group.take()
        {
            fold(complete)?;
        }
        let entry =
            entries::at(db, pos)?.ok_or_else(|| StoreError::damaged(format!("position {pos} is empty")))?;
        match &mut group {
            Some((.., rows)) => rows.push(entry),
            None => group = Some((stream, streams::name(row, 1, 2)?, vec![entry])),
        }
    }
    group.map_or(Ok(()), fold)
}
