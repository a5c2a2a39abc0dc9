//! What a damaged database still proves: entries that follow the chain from what is here already, in order of arrival,
//! without those that have seen something that is missing.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use lanyard_sync::{Batch, LogId, Pushed, VersionVector};
use rusqlite::Connection;

use crate::checked_heads::CheckedHeads;
use crate::read::Read;
use crate::read::sending::Sending;
use crate::store::entries::{self, EntryRow, Found};
use crate::store::{open_for_reading, wal};

const CACHE_KIB: u32 = 4 * 1024;
/// Rows that are read at once.
const CHUNK: usize = 256;

/// Opens a copy of a damaged database, with the commits of its write-ahead log in it whatever their checksums say:
/// SQLite would drop all that come after the first one that does not fit. None where nothing can be opened.
pub(super) fn open_copy(damaged: &Path, copy: &Path) -> io::Result<Option<Connection>> {
    let mut bytes = fs::read(damaged)?;
    match fs::read(wal::path_beside(damaged)) {
        Ok(log) => wal::lay_over(&mut bytes, &log),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::write(copy, bytes)?;
    Ok(open_for_reading(copy, CACHE_KIB).ok())
}

/// How far each log is known to have gone, of entries that can be read or only named.
pub(super) fn last_known(old: &Connection) -> BTreeMap<LogId, u64> {
    let mut known: BTreeMap<LogId, u64> = BTreeMap::new();
    for_each(old, |found| {
        if let Some(dot) = found.dot {
            let last = known.entry(dot.log).or_default();
            *last = dot.seq.max(*last);
        }
        true
    });
    known
}

/// The next batch that can be proven; none when nothing more can be.
pub(super) fn next_batch(old: &Connection, have: &VersionVector) -> Option<Batch> {
    // Up to where each log can go into the batch: before its first damaged entry, at a signed head.
    let mut limits: BTreeMap<LogId, u64> = BTreeMap::new();
    let checked = CheckedHeads::default();
    let read = Read { db: old, checked: &checked };
    loop {
        let mut attempt =
            Attempt { read, have, taken: BTreeMap::new(), signed: BTreeMap::new(), blocked: None };
        let mut sending = Sending::begin(read).ok()?;
        for_each(old, |found| attempt.add(found, &limits, &mut sending));
        match attempt.blocked {
            Some(log) => {
                let end = attempt.signed.get(&log).copied().unwrap_or(have.seq(&log));
                limits.insert(log, end);
            }
            // The certificates of a damaged database may be damaged; the admission has its own.
            None => return sending.finish_unsigned().ok().flatten(),
        }
    }
}

/// One walk over the log.
struct Attempt<'a> {
    read: Read<'a>,
    have: &'a VersionVector,
    taken: BTreeMap<LogId, u64>,
    signed: BTreeMap<LogId, u64>,
    /// A log whose next entry is damaged or has seen what is missing.
    blocked: Option<LogId>,
}

impl Attempt<'_> {
    fn seq(&self, log: &LogId) -> u64 {
        self.taken.get(log).copied().unwrap_or(0).max(self.have.seq(log))
    }

    /// Adds a row; tells whether to go on.
    fn add(&mut self, found: Found, limits: &BTreeMap<LogId, u64>, sending: &mut Sending<'_>) -> bool {
        let Some(dot) = found.dot else { return true };
        let limit = limits.get(&dot.log).copied().unwrap_or(u64::MAX);
        if dot.seq <= self.seq(&dot.log) || dot.seq > limit {
            return true;
        }
        let is_signed = found.entry.as_ref().is_ok_and(|entry| entry.signature.is_some());
        let entry = found.entry.ok().filter(|entry| self.is_next(entry));
        let erasure =
            entry.as_ref().and_then(|entry| self.read.unseen_erasure(entry, self.have).ok().flatten());
        if let Some(erasure) = erasure {
            sending.vouch(erasure);
        }
        match entry.map(|entry| sending.push(entry.into())) {
            Some(Ok(Pushed::Taken)) => {
                self.taken.insert(dot.log, dot.seq);
                if is_signed {
                    self.signed.insert(dot.log, dot.seq);
                }
                true
            }
            Some(Ok(Pushed::Full)) => false,
            Some(Err(_)) | None => {
                self.blocked = Some(dot.log);
                false
            }
        }
    }

    /// Whether it follows, and everything it has seen is there.
    fn is_next(&self, entry: &EntryRow) -> bool {
        let seen = entry.header.context.iter().flat_map(lanyard_sync::ContextDelta::heads);
        entry.dot.seq == self.seq(&entry.dot.log) + 1
            && seen.into_iter().all(|seen| seen.head.seq <= self.seq(&seen.log))
    }
}

/// Calls `visit` for each row as far as there are any, until it says no. A page that cannot be read is stepped over
/// by the index of positions: SQLite finds what lies behind it by number.
fn for_each(old: &Connection, mut visit: impl FnMut(Found) -> bool) {
    let last = entries::last_position(old).unwrap_or(i64::MAX);
    let (mut after, mut step) = (0, 1);
    while after < last {
        let Ok(found) = entries::found_after(old, after, CHUNK) else { return };
        if found.is_empty() {
            return;
        }
        for row in found {
            if row.pos == i64::MAX {
                // A run of rows that nobody can read.
                after += step;
                step *= 2;
                break;
            }
            (after, step) = (row.pos, 1);
            if !visit(row) {
                return;
            }
        }
    }
}
