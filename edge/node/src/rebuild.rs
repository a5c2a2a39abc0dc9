//! Rebuilding: every state and projection is made again from the log.
//!
//! It happens in one transaction: what is made stands beside the live rows in the write-ahead log, readers
//! go on with the old ones, and the commit puts the new ones in their place at once. Local tables are not
//! touched: nothing is printed and nothing is sent.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_domain::{Account, Folded, Stream};
use lanyard_sync::{CommandId, LogId};
use rusqlite::Connection;

use crate::engine::folding::Refolded;
use crate::project::arrivals::Tally;
use crate::project::{self, Changed, Row, Rows, Standing};
use crate::state_hash::for_each_stream;
use crate::store::logs::{self, LogRow};
use crate::store::states::{Last, StateRow};
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
        let restored = Restored::of(Stream::parse(name).as_ref(), refolded, own);
        restore(db, &logs, row, restored, &mut arrivals)
    })?;
    arrivals.save(db)?;
    Ok(rebuilt)
}

/// Writes what there is of a stream that has no rows, and counts whom it is about.
pub(crate) fn restore(
    db: &Connection,
    logs: &BTreeMap<LogId, LogRow>,
    row: i64,
    restored: Option<Restored>,
    arrivals: &mut Tally,
) -> Result<(), StoreError> {
    let Some(restored) = restored else { return Ok(()) };
    arrivals.move_one(None, restored.standing);
    restored.write(db, logs, Row { id: row, is_new: true, is_of_many: false })
}

/// The state and projections of one stream, made without the database.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) last: Last,
    pub(crate) standing: Option<Standing>,
    readable: bool,
    unknown: u32,
    state: Option<Vec<u8>>,
    rows: Rows,
    applied: BTreeSet<(CommandId, u16)>,
}

impl Restored {
    /// Makes them; none of a stream without entries.
    pub(crate) fn of(stream: Option<&Stream>, refolded: Refolded, own: Account) -> Option<Self> {
        let Refolded { folded, readable, unknown, last, applied } = refolded;
        let standing = match &folded {
            Some(Folded::Attendee(attendee)) => Some(Standing::of(attendee)),
            _ => None,
        };
        let changed = Changed { all: true, ..Changed::default() };
        let rows = match (stream, &folded) {
            (Some(stream), Some(folded)) => Rows::of(stream, folded, changed, own),
            _ => Rows::None,
        };
        let state = folded.as_ref().map(Folded::to_bytes);
        Some(Self { last: last?, standing, readable, unknown, state, rows, applied })
    }

    /// Writes them.
    pub(crate) fn write(
        self,
        db: &Connection,
        logs: &BTreeMap<LogId, LogRow>,
        row: Row,
    ) -> Result<(), StoreError> {
        let last = self.last;
        let state = StateRow {
            stream: row.id,
            last: Some(last),
            readable: self.readable,
            unknown: self.unknown,
            standing: self.standing.map(Standing::number),
            state: self.state,
        };
        let log = logs.get(&last.key.dot().log).ok_or_else(|| StoreError::damaged("a log has no number"))?;
        states::put(db, &state, last, log.id)?;
        self.rows.write(db, row)?;
        for (command, index) in &self.applied {
            db.prepare_cached("INSERT OR IGNORE INTO tallied (command, idx) VALUES (?1, ?2)")?
                .execute((command.as_bytes().as_slice(), index))?;
        }
        Ok(())
    }
}
