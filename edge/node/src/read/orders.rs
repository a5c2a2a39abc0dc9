//! Orders: one of them, and those that a code names.

use lanyard_domain::{Folded, Order, OrderId, Stream};

use super::Db;
use super::state::load;
use crate::store::{StoreError, streams};

/// Most orders a code is followed to.
const MATCHES_MAX: u32 = 20;

/// Reads an order.
pub fn order(db: &Db, id: OrderId) -> Result<Option<Order>, StoreError> {
    let state = load(&db.connection, &Stream::Order(id))?;
    Ok(state.and_then(|state| match state.folded {
        Folded::Order(order) => Some(*order),
        _ => None,
    }))
}

/// Reads the orders that a folded code names: an access code, a code of the source, or the ticket of
/// somebody who sits on them.
pub fn by_code(db: &Db, folded_code: &str) -> Result<Vec<(OrderId, Order)>, StoreError> {
    let mut statement = db.connection.prepare_cached(
        "SELECT s.category, s.key FROM codes c JOIN streams s ON s.id = c.stream \
         WHERE c.code = ?1 AND c.badge IS NULL LIMIT ?2",
    )?;
    let mut rows = statement.query((folded_code, MATCHES_MAX))?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        match Stream::parse(&streams::name(row, 0, 1)?) {
            Some(Stream::Order(id)) => ids.push(id),
            Some(Stream::Attendee(id)) => {
                if let Some(record) = super::attendees::attendee(db, id)? {
                    ids.extend(record.state.seats.values().map(|seat| seat.order));
                }
            }
            _ => {}
        }
    }
    ids.sort_unstable();
    ids.dedup();
    let found = ids.into_iter().map(|id| Ok(order(db, id)?.map(|order| (id, order))));
    found.filter_map(Result::transpose).collect()
}
