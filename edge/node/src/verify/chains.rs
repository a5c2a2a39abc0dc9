//! I5: each log is gap-free, each hash follows from the one before, heads are signed, payloads are what
//! the headers commit to, and contexts are as the headers say.

use std::collections::BTreeMap;

use lanyard_sync::{
    Dot, EntryFrame, Hash, LogContext, LogId, Part, Signature, SignedHead, VersionVector, genesis_hash,
};
use rusqlite::Connection;

use super::{Invariant, Report};
use crate::store::base::{Base, BaseHead};
use crate::store::entries::{self, EntryRow};
use crate::store::logs::{self, LogRow};
use crate::store::{StoreError, contexts, erasures, forks, meta, sql};

const REMEDY: &str = "Run `lanyard repair`.";

struct Chain {
    seq: u64,
    /// What the next hash may follow from: two where the last entry and its stored hash do not agree.
    hashes: Vec<Hash>,
    lamport: u64,
    context: LogContext,
    signed_seq: u64,
}

/// Walks through all entries in order of arrival.
pub(super) fn check(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let scope = meta::get::<[u8; 16]>(db, meta::SCOPE)?.map(lanyard_sync::ScopeId);
    let scope = scope.ok_or_else(|| StoreError::damaged("the database names no scope"))?;
    let logs = logs::all(db)?;
    let mut chains: BTreeMap<LogId, Chain> =
        logs.keys().map(|log| (*log, Chain::begin(scope, *log))).collect();
    let base = Base::load(db)?;
    let is_to_come = |pos| {
        let free = base.as_ref().map(|base| sql::column(base.fetched)..sql::column(base.entries));
        free.is_some_and(|free| free.contains(&(pos - 1)))
    };
    report.entries_to_come = base.as_ref().map_or(0, |base| base.entries - base.fetched);
    let last = entries::last_position(db)?;
    for pos in 1..=last {
        let row = match entries::at(db, pos) {
            Ok(Some(row)) => row,
            Ok(None) if is_to_come(pos) || forks::is_set_aside(db, pos)? => continue,
            Ok(None) => {
                report.find(
                    Invariant::I5,
                    format!("position {pos} is empty: an entry is missing from the store. {REMEDY}"),
                );
                continue;
            }
            Err(StoreError::Damaged { what }) => {
                report.find(Invariant::I5, format!("position {pos}: {what}. {REMEDY}"));
                continue;
            }
            Err(error) => return Err(error),
        };
        report.entries += 1;
        let (Some(chain), Some(log)) = (chains.get_mut(&row.dot.log), logs.get(&row.dot.log)) else {
            report.find(Invariant::I5, format!("entry {} is of no log that is known", row.dot));
            continue;
        };
        if let Some(head) = base.as_ref().and_then(|base| base.heads.get(&row.dot.log)) {
            chain.stand_on(db, head, row.dot, &logs)?;
        }
        chain.follow(db, scope, log, &logs, row, report)?;
    }
    report.logs = chains.len() as u64;
    for (log, chain) in &chains {
        if chain.signed_seq != chain.seq {
            report.find(Invariant::I5, format!("the head of log {log} at {} is not signed", chain.seq));
        }
    }
    Ok(())
}

/// A part is missing only where it was erased, and facts never are.
fn check_parts(db: &Connection, row: &EntryRow, report: &mut Report) -> Result<(), StoreError> {
    let is_gone = |part: &Part| matches!(part, Part::Absent { .. });
    let is_lost = is_gone(&row.payload.facts)
        || (row.payload.personal.as_ref().is_some_and(is_gone)
            && !erasures::is_name_erased(db, &row.header.stream)?);
    if is_lost {
        let what =
            format!("a part of entry {} is missing and was not erased; fetch it again from a peer", row.dot);
        report.find(Invariant::I5, what);
    }
    Ok(())
}

impl Chain {
    fn begin(scope: lanyard_sync::ScopeId, log: LogId) -> Self {
        let context = LogContext::default();
        Self { seq: 0, hashes: vec![genesis_hash(scope, log)], lamport: 0, context, signed_seq: 0 }
    }

    /// Goes on after the head that a snapshot named, where the entries before it are still to come.
    fn stand_on(
        &mut self,
        db: &Connection,
        head: &BaseHead,
        next: Dot,
        logs: &BTreeMap<LogId, LogRow>,
    ) -> Result<(), StoreError> {
        if next.seq != head.seq + 1 || self.seq >= head.seq {
            return Ok(());
        }
        let mut seen = VersionVector::default();
        for peer in logs.values() {
            if let Some(seen_head) = contexts::seen(db, head.log, head.seq, peer.id)? {
                seen.set(peer.log, seen_head);
            }
        }
        (self.seq, self.hashes, self.lamport) = (head.seq, vec![head.hash], head.lamport);
        (self.context, self.signed_seq) = (LogContext::new(seen), head.seq);
        Ok(())
    }

    fn follow(
        &mut self,
        db: &Connection,
        scope: lanyard_sync::ScopeId,
        log: &LogRow,
        logs: &BTreeMap<LogId, LogRow>,
        row: EntryRow,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let (dot, stored_hash, signature) = (row.dot, row.hash, row.signature);
        check_parts(db, &row, report)?;
        if dot.seq != self.seq + 1 {
            report
                .find(Invariant::I5, format!("log {} has a gap: {} follows {}", dot.log, dot.seq, self.seq));
            self.hashes.clear();
        }
        self.seq = dot.seq;
        let frame = match EntryFrame::from_stored(dot, row.header_bytes, row.payload) {
            Ok(frame) => frame,
            Err(error) => {
                report.find(Invariant::I5, format!("entry {dot}: {error}. {REMEDY}"));
                self.hashes = vec![stored_hash];
                return Ok(());
            }
        };
        let linked: Vec<_> = self.hashes.iter().map(|before| frame.clone().link(scope, before)).collect();
        let entry = match linked.iter().find(|entry| entry.hash == stored_hash) {
            Some(entry) => entry.clone(),
            None if self.hashes.is_empty() => {
                lanyard_sync::Entry { hash: stored_hash, ..frame.link(scope, &stored_hash) }
            }
            None => {
                report.find(
                    Invariant::I5,
                    format!("the chain breaks at {dot}: its header is not what was hashed. {REMEDY}"),
                );
                self.hashes = linked.iter().map(|entry| entry.hash).chain([stored_hash]).collect();
                return Ok(());
            }
        };
        if entry.header.lamport <= self.lamport {
            report.find(Invariant::I5, format!("the lamport time of {dot} does not grow"));
        }
        self.check_context(db, log, logs, &entry, report)?;
        if let Some(signature) = signature {
            self.check_signature(scope, log, &entry, signature, report);
        }
        (self.hashes, self.lamport) = (vec![entry.hash], entry.header.lamport);
        Ok(())
    }

    fn check_context(
        &mut self,
        db: &Connection,
        log: &LogRow,
        logs: &BTreeMap<LogId, LogRow>,
        entry: &lanyard_sync::Entry,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let Some(delta) = &entry.header.context else { return Ok(()) };
        if self.context.apply_delta(entry.dot.log, delta).is_err() {
            report.find(Invariant::I5, format!("the context of {} goes back", entry.dot));
        }
        for seen in delta.heads() {
            let peer = logs.get(&seen.log).map(|peer| peer.id);
            let stored = peer.map_or(Ok(None), |peer| contexts::seen(db, log.id, entry.dot.seq, peer))?;
            if stored != Some(seen.head) {
                report.find(
                    Invariant::I6,
                    format!("what {} has seen of {} is not as stored; rebuild", entry.dot, seen.log),
                );
            }
        }
        Ok(())
    }

    fn check_signature(
        &mut self,
        scope: lanyard_sync::ScopeId,
        log: &LogRow,
        entry: &lanyard_sync::Entry,
        signature: Signature,
        report: &mut Report,
    ) {
        let signed = SignedHead { dot: entry.dot, hash: entry.hash, signature };
        if signed.verify(scope, &log.certificate.claims.public_key) {
            self.signed_seq = entry.dot.seq;
        } else {
            report.find(Invariant::I5, format!("the signature at {} is not its writer's", entry.dot));
        }
    }
}
