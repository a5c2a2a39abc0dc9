//! Seat rights: the ledger of each seat type.

use std::collections::BTreeMap;

use lanyard_domain::{Folded, Ledger, SeatTypeId, Stream};

use super::Db;
use super::state::load;
use crate::store::{StoreError, streams};

/// Reads the ledger of a seat type; empty when nothing was written to it.
pub fn ledger(db: &Db, seat_type: &SeatTypeId) -> Result<Ledger, StoreError> {
    let state = load(&db.connection, &Stream::Seats(seat_type.clone()))?;
    Ok(match state.map(|state| state.folded) {
        Some(Folded::Seats(ledger)) => *ledger,
        _ => Ledger::default(),
    })
}

/// Reads every ledger.
pub fn ledgers(db: &Db) -> Result<BTreeMap<SeatTypeId, Ledger>, StoreError> {
    let mut statement = db.connection.prepare_cached("SELECT category, key FROM streams WHERE category = 'seats'")?;
    let mut rows = statement.query([])?;
    let mut ledgers = BTreeMap::new();
    while let Some(row) = rows.next()? {
        if let Some(Stream::Seats(id)) = Stream::parse(&streams::name(row, 0, 1)?) {
            let ledger = ledger(db, &id)?;
            ledgers.insert(id, ledger);
        }
    }
    Ok(ledgers)
}
