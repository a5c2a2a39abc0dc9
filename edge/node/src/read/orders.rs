//! Orders: one of them, and those that a code names.

use lanyard_domain::{Folded, Order, OrderId, Person, Stream};

use super::state::load;
use super::{Read, ReadError};
use crate::store::streams;

/// Most streams a code is followed to.
const MATCHES_MAX: u32 = 20;

impl Read<'_> {
    /// Reads an order; none when nothing was written about it.
    pub fn order(&self, id: OrderId) -> Result<Option<Order>, ReadError> {
        let state = load(self.db, &Stream::Order(id))?;
        Ok(state.and_then(|state| match state.folded {
            Folded::Order(order) => Some(*order),
            _ => None,
        }))
    }

    /// Finds the order of somebody's e-mail and a folded code: an access code, a code of the source, or
    /// the ticket of somebody on it. Both have to be right; e-mails compare without case.
    pub fn order_by_email_and_code(
        &self,
        email: &str,
        code: &str,
    ) -> Result<Option<(OrderId, Order)>, ReadError> {
        let wanted = email.trim().to_lowercase();
        let is_theirs =
            |person: Option<&Person>| person.and_then(Person::email_key).as_deref() == Some(&*wanted);
        for stream in self.streams_of_code(code)? {
            match stream {
                Stream::Order(id) => {
                    let Some(order) = self.order(id)? else { continue };
                    let people =
                        order.attendee.iter().chain(order.imported.keys()).chain(order.assigned.values());
                    let mut theirs = is_theirs(order.registrant.as_ref());
                    for attendee in people {
                        theirs |= is_theirs(
                            self.attendee(*attendee)?.as_ref().and_then(|found| found.person.as_ref()),
                        );
                    }
                    if theirs {
                        return Ok(Some((id, order)));
                    }
                }
                Stream::Attendee(id) => {
                    let Some(attendee) = self.attendee(id)? else { continue };
                    let Some(seat) = attendee.seats.values().next() else { continue };
                    if is_theirs(attendee.person.as_ref())
                        && let Some(order) = self.order(seat.order)?
                    {
                        return Ok(Some((seat.order, order)));
                    }
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn streams_of_code(self, code: &str) -> Result<Vec<Stream>, ReadError> {
        let mut statement = self.db.prepare_cached(
            "SELECT s.category, s.key FROM codes c JOIN streams s ON s.id = c.stream \
             WHERE c.code = ?1 AND c.badge IS NULL ORDER BY s.category DESC, s.key LIMIT ?2",
        )?;
        let mut rows = statement.query((code, MATCHES_MAX))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.extend(Stream::parse(&streams::name(row, 0, 1)?));
        }
        Ok(found)
    }
}
