//! I6: every stored state, sum and projection is what the log says.

use lanyard_domain::{Attendee, Folded, Stream};
use lanyard_sync::StreamName;
use rusqlite::{Connection, OptionalExtension};

use super::{Invariant, Report};
use crate::engine::fold::Refolded;
use crate::project::Standing;
use crate::project::arrivals::Tally;
use crate::state_hash::for_each_stream;
use crate::store::{StoreError, states};

/// Folds every stream again and compares.
pub(super) fn check(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let mut arrivals = Tally::default();
    let folded = for_each_stream(db, |name, row, refolded| {
        report.streams += 1;
        if let Some(Folded::Attendee(attendee)) = &refolded.folded {
            arrivals.move_one(None, Some(Standing::of(attendee)));
            check_rows(db, name, row, attendee, report)?;
        }
        check_state(db, name, &refolded, report)
    });
    match folded {
        Ok(()) => {}
        Err(StoreError::Damaged { what }) => {
            report.find(Invariant::I6, format!("the log cannot be folded again: {what}"));
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    let stored = Tally::load(db)?.arrivals();
    if stored != arrivals.arrivals() {
        let (stored, counted) = (stored, arrivals.arrivals());
        let what = format!(
            "arrivals say {} of {} are in and the log says {} of {}; rebuild",
            stored.inside, stored.expected, counted.inside, counted.expected
        );
        report.find(Invariant::I6, what);
    }
    Ok(())
}

fn check_state(
    db: &Connection,
    name: &StreamName,
    refolded: &Refolded,
    report: &mut Report,
) -> Result<(), StoreError> {
    let stored = match states::get(db, name) {
        Ok(stored) => stored,
        Err(StoreError::Damaged { what }) => {
            report.find(Invariant::I6, format!("the row of {name} cannot be read: {what}; rebuild"));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let Some(stored) = stored else {
        report.find(Invariant::I6, format!("{name} has entries and no row; rebuild"));
        return Ok(());
    };
    let bytes = refolded.folded.as_ref().map(Folded::to_bytes);
    if stored.state != bytes {
        report.find(
            Invariant::I6,
            format!("the stored state of {name} is not the fold of its entries; rebuild"),
        );
    }
    if stored.last != refolded.last
        || stored.readable != refolded.readable
        || stored.unknown != refolded.unknown
    {
        report.find(Invariant::I6, format!("the row of {name} does not name its last entry; rebuild"));
    }
    Ok(())
}

fn check_rows(
    db: &Connection,
    name: &StreamName,
    row: i64,
    attendee: &Attendee,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut code = db.prepare_cached("SELECT 1 FROM codes WHERE code = ?1 AND stream = ?2")?;
    for known in &attendee.codes {
        if code.query_row((known, row), |_| Ok(())).optional()?.is_none() {
            report.find(Invariant::I6, format!("{name} cannot be found by one of its codes; rebuild"));
        }
    }
    let Some(Stream::Attendee(id)) = Stream::parse(name) else { return Ok(()) };
    let open = attendee.conflicts(id).iter().filter(|conflict| conflict.is_open()).count();
    let mut statement = db.prepare_cached("SELECT count(*) FROM conflicts WHERE stream = ?1 AND open")?;
    let listed: usize = statement.query_row([row], |row| row.get::<_, u32>(0))? as usize;
    if listed != open {
        report.find(
            Invariant::I6,
            format!("{name} has {open} open conflicts and {listed} are listed; rebuild"),
        );
    }
    Ok(())
}
