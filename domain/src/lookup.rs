//! Finding an order by e-mail and access code, without a hint which of the two is wrong.

use crate::access_code;
use crate::id::OrderId;
use crate::order::Order;
use crate::person::Person;
use crate::refusal::Refusal;
use crate::view::{CodeMatch, View};

/// Unknown pairs somebody may try within [`WINDOW_MS`].
pub const TRIES_MAX: u32 = 10;

/// Length of the window in which tries are counted, in milliseconds.
pub const WINDOW_MS: i64 = 60_000;

/// How often one source has named an unknown pair of late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    since_ms: i64,
    unknown: u32,
}

impl Tries {
    /// How long to wait before the next try, in milliseconds; none when one is free.
    pub fn wait_ms(&self, now_ms: i64) -> Option<i64> {
        let ends_ms = self.since_ms + WINDOW_MS;
        (self.unknown >= TRIES_MAX && now_ms < ends_ms).then(|| ends_ms - now_ms)
    }

    /// Counts a pair that nobody knows.
    pub fn count_unknown(&mut self, now_ms: i64) {
        if now_ms >= self.since_ms + WINDOW_MS {
            *self = Self { since_ms: now_ms, unknown: 0 };
        }
        self.unknown += 1;
    }
}

/// Finds the order that an e-mail and an access code name together.
///
/// # Errors
/// [`Refusal::UnknownCode`] for a mistyped code, [`Refusal::UnknownOrder`] for any other pair that names none.
pub fn find_order(view: &impl View, email: &str, code: &str) -> Result<OrderId, Refusal> {
    let code = access_code::fold(code);
    let known = candidates(view, &code);
    if known.is_empty() && access_code::has_shape(&code) && !access_code::is_valid(&code) {
        return Err(Refusal::UnknownCode { mistyped: true });
    }
    let asked = Person { email: Some(email.to_owned()), ..Person::default() };
    let Some(email) = asked.email_key() else { return Err(Refusal::UnknownOrder) };
    let found = known.into_iter().find(|(_, order)| belongs_to(view, order, &email));
    found.map(|(id, _)| id).ok_or(Refusal::UnknownOrder)
}

/// Orders that carry the code themselves, or through a ticket that shares it.
fn candidates(view: &impl View, code: &str) -> Vec<(OrderId, Order)> {
    let ids: Vec<OrderId> = match view.code(code) {
        CodeMatch::Order(id) => vec![id],
        CodeMatch::Ticket(id) => {
            let attendee = view.attendee(id).unwrap_or_default();
            attendee.seats.values().map(|seat| seat.order).collect()
        }
        CodeMatch::Several(_) | CodeMatch::Badge(..) | CodeMatch::Unknown => Vec::new(),
    };
    let orders = ids.into_iter().filter_map(|id| Some((id, view.order(id)?)));
    orders.filter(|(_, order)| order.access_code == code || order.codes.contains(code)).collect()
}

fn belongs_to(view: &impl View, order: &Order, email: &str) -> bool {
    let has_email = |person: Option<&Person>| person.and_then(Person::email_key).as_deref() == Some(email);
    has_email(order.registrant.as_ref())
        || order
            .people()
            .into_iter()
            .any(|id| has_email(view.attendee(id).and_then(|known| known.person).as_ref()))
}
