//! I5: what the store keeps beside the entries is what their headers say: streams, kinds, times, the way from entry to
//! entry of a stream, contexts, and the certificates that open the logs.

use std::collections::BTreeMap;

use lanyard_sync::{ContextDelta, Dot, EpochOpened, LogId, StreamName};
use rusqlite::Connection;

use super::{Invariant, Report};
use crate::store::base::Base;
use crate::store::logs::{self, LogRow};
use crate::store::states::UNFETCHED;
use crate::store::{StoreError, contexts, entries, sql, streams};

/// The columns of one entry.
struct Columns {
    stream: i64,
    name: StreamName,
    kind: String,
    lamport: u64,
    at_ms: i64,
    previous: Option<i64>,
    /// Whether salt and bytes of each part are there or gone together.
    has_whole_parts: bool,
    has_personal: bool,
}

/// Compares every entry's columns with its header.
pub(super) fn check(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let logs = logs::all(db)?;
    let mut last_of_stream: BTreeMap<i64, i64> = BTreeMap::new();
    let has_base = Base::load(db)?.is_some();
    let mut seen = if has_base { contexts_of_base(db)? } else { 0 };
    for pos in 1..=entries::last_position(db)? {
        // What cannot be read is found where the chains are followed.
        let Ok(Some(entry)) = entries::at(db, pos) else { continue };
        let Some(columns) = columns_at(db, pos)? else {
            report.find(Invariant::I5, format!("the names of entry {} are missing", entry.dot));
            continue;
        };
        let header = &entry.header;
        let leads_to_what_is_to_come =
            |stored, before: Option<i64>| has_base && before.is_none() && stored == Some(UNFETCHED);
        let previous = last_of_stream.insert(columns.stream, pos);
        let is_right = columns.name == header.stream
            && columns.kind == header.kind
            && columns.lamport == header.lamport
            && columns.at_ms == header.at_ms
            && columns.has_whole_parts
            && (header.personal.is_some() || !columns.has_personal)
            && (columns.previous == previous || leads_to_what_is_to_come(columns.previous, previous));
        if !is_right {
            report
                .find(Invariant::I5, format!("what is kept beside entry {} is not what it says", entry.dot));
        }
        if let Some(delta) = &header.context {
            seen += check_context(db, &logs, entry.dot, delta, report)?;
        }
        if entry.dot.seq == 1 {
            check_certificate(&logs, entry.dot.log, entry.payload.facts.bytes(), report);
        }
    }
    let stored: i64 = db.query_row("SELECT count(*) FROM contexts", [], |row| row.get(0))?;
    if sql::counter(stored) != seen {
        report.find(Invariant::I5, format!("{stored} contexts are stored and the entries name {seen}"));
    }
    Ok(())
}

/// What the heads of a snapshot had seen whose entries are still to come.
fn contexts_of_base(db: &Connection) -> Result<u64, StoreError> {
    let count: i64 = db.query_row(
        "SELECT count(*) FROM base b JOIN contexts c ON c.log = b.log AND c.from_seq = b.seq \
         WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.log = b.log AND e.seq = b.seq)",
        [],
        |row| row.get(0),
    )?;
    Ok(sql::counter(count))
}

fn columns_at(db: &Connection, pos: i64) -> Result<Option<Columns>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT e.stream, s.category, s.key, k.name, e.lamport, e.at_ms, e.previous, \
         (e.facts IS NULL) = (e.facts_salt IS NULL) AND (e.personal IS NULL) = (e.personal_salt IS NULL), \
         e.personal IS NOT NULL FROM entries e \
         JOIN streams s ON s.id = e.stream JOIN kinds k ON k.id = e.kind WHERE e.pos = ?1",
    )?;
    let mut rows = statement.query([pos])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Columns {
        stream: row.get(0)?,
        name: streams::name(row, 1, 2)?,
        kind: row.get(3)?,
        lamport: sql::counter(row.get(4)?),
        at_ms: row.get(5)?,
        previous: row.get(6)?,
        has_whole_parts: row.get(7)?,
        has_personal: row.get(8)?,
    }))
}

/// Compares what an entry has newly seen with the rows of exactly this entry; returns how many there are.
fn check_context(
    db: &Connection,
    logs: &BTreeMap<LogId, LogRow>,
    dot: Dot,
    delta: &ContextDelta,
    report: &mut Report,
) -> Result<u64, StoreError> {
    let mut count = 0;
    for seen in delta.heads() {
        count += 1;
        let numbers = logs.get(&dot.log).zip(logs.get(&seen.log));
        let stored = match numbers {
            Some((log, peer)) => contexts::noted(db, log.id, dot.seq, peer.id)?,
            None => None,
        };
        if stored != Some(seen.head) {
            report.find(Invariant::I5, format!("what {dot} has seen of {} is not as stored", seen.log));
        }
    }
    Ok(count)
}

/// The certificate that is kept for a log is the one that its first entry carries.
fn check_certificate(logs: &BTreeMap<LogId, LogRow>, log: LogId, facts: Option<&[u8]>, report: &mut Report) {
    let opened = facts.and_then(|facts| EpochOpened::from_facts(facts).ok());
    let is_right = opened.zip(logs.get(&log)).is_some_and(|(opened, row)| {
        let certificate = &opened.certificate;
        *certificate == row.certificate
            && certificate.claims.name == row.name
            && certificate.claims.node == log.node
            && certificate.has_role(lanyard_sync::Role::Hq) == row.authority
    });
    if !is_right {
        report.find(
            Invariant::I5,
            format!("what is kept of the writer of log {log} is not what it wrote first"),
        );
    }
}
