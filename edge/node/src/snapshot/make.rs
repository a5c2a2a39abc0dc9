//! Making a snapshot of one commit.

use std::collections::BTreeMap;

use lanyard_sync::snapshot::{Chunk, Chunker, Manifest, SnapshotLog, StreamRecord};
use lanyard_sync::{CanonicalKey, CommandId, Erasure, Hash, SignedHead};

use super::BUILD;
use super::pack::{Packed, ToPack, pack};
use crate::identity::Identity;
use crate::read::{Read, ReadError};
use crate::store::base::Base;
use crate::store::closed::ClosedLogs;
use crate::store::{StoreError, entries, erasures, forks, logs, sql, streams, waiting};

/// Records of a chunk that are not states.
const RECORDS: usize = 8_192;

/// A snapshot that is kept to be served.
#[derive(Clone, Debug)]
pub struct Made {
    /// The manifest as it travels.
    pub manifest: Vec<u8>,
    /// The chunks by their names.
    pub chunks: BTreeMap<Hash, Vec<u8>>,
}

/// Makes a snapshot; none while this node lacks entries itself or folds streams anew, and of a conference that is over the limits of the
/// format.
///
/// # Errors
/// When the store cannot be read.
pub fn make(db: &Read<'_>, identity: &Identity) -> Result<Option<Made>, ReadError> {
    if Base::load(db.db)?.is_some() || waiting::count(db.db)? > 0 {
        return Ok(None);
    }
    let packed = pack(|to| {
        read_states(*db, to)?;
        read_tallied(*db, to)?;
        read_erasures(*db, to)
    })?;
    let Some(Packed { names, chunks, .. }) = packed else { return Ok(None) };
    let closed = ClosedLogs::load(db.db)?;
    let manifest = Manifest {
        scope: identity.scope,
        maker: identity.certificate.clone(),
        build: BUILD.to_owned(),
        logs: logs_of(*db, identity)?,
        forks: forks::all(db.db)?,
        closed: closed.ends().clone(),
        retired: closed.retired().iter().copied().collect(),
        chunks: names,
    };
    Ok(manifest.sign(&identity.key).map(|manifest| Made { manifest, chunks }))
}

fn logs_of(db: Read<'_>, identity: &Identity) -> Result<Vec<SnapshotLog>, ReadError> {
    let all = logs::all(db.db)?;
    let mut logs = Vec::new();
    for row in all.values() {
        let head = logs::head(db.db, identity.scope, row, &all)?;
        if head.seq == 0 {
            continue;
        }
        let dot = head.log.dot(head.seq);
        let stored = entries::position_of(db.db, dot)?.map_or(Ok(None), |pos| entries::at(db.db, pos))?;
        let signature = stored.and_then(|stored| stored.signature);
        let signature =
            signature.ok_or_else(|| StoreError::damaged(format!("the head {dot} is not signed")))?;
        logs.push(SnapshotLog {
            certificate: row.certificate.clone(),
            head: SignedHead { dot, hash: head.hash, signature },
            lamport: head.lamport,
            context: head.context.vector().clone(),
        });
    }
    Ok(logs)
}

fn read_states(db: Read<'_>, to: &ToPack) -> Result<(), ReadError> {
    let mut statement = db.db.prepare_cached(
        "SELECT s.category, s.key, t.last_lamport, l.node, l.epoch, t.last_seq, t.readable, t.unknown, t.state \
         FROM streams s JOIN states t ON t.stream = s.id JOIN logs l ON l.id = t.last_log \
         ORDER BY s.category, s.key",
    )?;
    let mut rows = statement.query([])?;
    let mut chunker = Chunker::default();
    while let Some(row) = rows.next()? {
        let (lamport, seq): (i64, i64) = (row.get(2)?, row.get(5)?);
        let dot = sql::log_id(row, 3, 4)?.dot(sql::counter(seq));
        let record = StreamRecord {
            name: streams::name(row, 0, 1)?,
            last: CanonicalKey::new(sql::counter(lamport), dot),
            readable: row.get(6)?,
            unknown: row.get(7)?,
            state: row.get(8)?,
        };
        if let Some(chunk) = chunker.push(record) {
            to.push(chunk);
        }
    }
    if let Some(chunk) = chunker.finish() {
        to.push(chunk);
    }
    Ok(())
}

fn read_tallied(db: Read<'_>, to: &ToPack) -> Result<(), ReadError> {
    let mut statement = db.db.prepare_cached("SELECT command, idx FROM tallied ORDER BY command, idx")?;
    let mut rows = statement.query([])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push((CommandId(sql::bytes(row, 0)?), row.get(1)?));
        if records.len() == RECORDS {
            to.push(Chunk::Tallied(std::mem::take(&mut records)));
        }
    }
    if !records.is_empty() {
        to.push(Chunk::Tallied(records));
    }
    Ok(())
}

fn read_erasures(db: Read<'_>, to: &ToPack) -> Result<(), ReadError> {
    let erasures: Vec<Erasure> = erasures::all(db.db)?;
    for records in erasures.chunks(RECORDS) {
        to.push(Chunk::Erasures(records.to_vec()));
    }
    Ok(())
}
