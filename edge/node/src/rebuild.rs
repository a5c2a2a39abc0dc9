//! Rebuilding: every state and projection is made again from the log.
//!
//! It happens in one transaction: what is made stands beside the live rows in the write-ahead log, readers
//! go on with the old ones, and the commit puts the new ones in their place at once. Local tables are not
//! touched: nothing is printed and nothing is sent.

use std::collections::BTreeMap;

use lanyard_domain::{Account, Folded, Stream};
use lanyard_sync::LogId;
use rusqlite::Connection;

use crate::engine::folding::Refolded;
use crate::project::arrivals::Tally;
use crate::project::{self, Changed, Row, Standing, project};
use crate::state_hash::for_each_stream;
use crate::store::logs::{self, LogRow};
use crate::store::states::StateRow;
use crate::store::{StoreError, states, waiting};

/// What a rebuild made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Streams folded.
    pub streams: u64,
    /// Streams that a newer build wrote, folded up to there.
    pub unreadable: u64,
}

/// Makes every state and projection again, inside a transaction of the caller.
pub(crate) fn rebuild(db: &Connection, own: Account) -> Result<Rebuilt, StoreError> {
    project::clear(db)?;
    waiting::clear(db)?;
    let logs = logs::all(db)?;
    let mut rebuilt = Rebuilt::default();
    let mut arrivals = Tally::default();
    for_each_stream(db, |name, row, refolded| {
        rebuilt.streams += 1;
        rebuilt.unreadable += u64::from(!refolded.readable);
        let standing = restore(db, &logs, Stream::parse(name).as_ref(), row, &refolded, own)?;
        arrivals.move_one(None, standing);
        Ok(())
    })?;
    arrivals.save(db)?;
    Ok(rebuilt)
}

/// Writes the state and projections of one stream; returns where its attendee stands.
pub(crate) fn restore(
    db: &Connection,
    logs: &BTreeMap<LogId, LogRow>,
    stream: Option<&Stream>,
    row: i64,
    refolded: &Refolded,
    own: Account,
) -> Result<Option<Standing>, StoreError> {
    let Some(last) = refolded.last else { return Ok(None) };
    let standing = match &refolded.folded {
        Some(Folded::Attendee(attendee)) => Some(Standing::of(attendee)),
        _ => None,
    };
    let state = StateRow {
        stream: row,
        last: Some(last),
        readable: refolded.readable,
        unknown: refolded.unknown,
        standing: standing.map(Standing::number),
        state: refolded.folded.as_ref().map(Folded::to_bytes),
    };
    let log = logs.get(&last.key.dot().log).ok_or_else(|| StoreError::damaged("a log has no number"))?;
    states::put(db, &state, last, log.id)?;
    if let (Some(stream), Some(folded)) = (stream, &refolded.folded) {
        let changed = Changed { all: true, ..Changed::default() };
        project(db, Row { id: row, is_new: true }, stream, folded, changed, own)?;
    }
    let mut tallied = db.prepare_cached("INSERT OR IGNORE INTO tallied (command, idx) VALUES (?1, ?2)")?;
    for (command, index) in &refolded.applied {
        tallied.execute((command.as_bytes().as_slice(), index))?;
    }
    Ok(standing)
}
