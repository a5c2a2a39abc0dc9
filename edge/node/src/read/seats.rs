//! Seat rights: the ledger of each seat type.

use std::collections::BTreeMap;
use std::sync::Arc;

use lanyard_domain::{Folded, Ledger, SeatTypeId, Stream};

use super::state::load;
use super::{Read, ReadError};

impl Read<'_> {
    /// Reads the ledger of a seat type; empty when nothing was written to it.
    pub fn ledger(&self, seat_type: &SeatTypeId) -> Result<Ledger, ReadError> {
        let state = load(self.db, &Stream::Seats(seat_type.clone()))?;
        Ok(match state.map(|state| state.folded) {
            Some(Folded::Seats(ledger)) => Arc::unwrap_or_clone(ledger),
            _ => Ledger::default(),
        })
    }

    /// Reads the ledgers of these seat types.
    pub fn ledgers(&self, seat_types: &[SeatTypeId]) -> Result<BTreeMap<SeatTypeId, Ledger>, ReadError> {
        seat_types.iter().map(|id| Ok((id.clone(), self.ledger(id)?))).collect()
    }
}
