//! Finding an order by e-mail and access code, without a hint which of the two is wrong.

use std::sync::Arc;

use crate::access_code;
use crate::id::{AttendeeId, OrderId};
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

/// Finds the order that an e-mail and a code name together: its access code, its code in the source of the list, or
/// the ticket of somebody on it.
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

/// Orders that the code names: their own, or that of a ticket's holder. Where a holder has several, those that share
/// the ticket's code come first.
fn candidates(view: &impl View, code: &str) -> Vec<(OrderId, Arc<Order>)> {
    let ids = match view.code(code) {
        CodeMatch::Order(id) => vec![id],
        CodeMatch::Ticket(id) => orders_of(view, id),
        CodeMatch::Several(ids) => ids.into_iter().flat_map(|id| orders_of(view, id)).collect(),
        CodeMatch::Badge(..) | CodeMatch::Unknown => Vec::new(),
    };
    let mut orders: Vec<_> = ids.into_iter().filter_map(|id| Some((id, view.order(id)?))).collect();
    orders.sort_by_key(|(_, order)| order.access_code != code && !order.codes.contains(code));
    orders
}

fn orders_of(view: &impl View, id: AttendeeId) -> Vec<OrderId> {
    view.attendee(id).unwrap_or_default().seats.values().map(|seat| seat.order).collect()
}

fn belongs_to(view: &impl View, order: &Order, email: &str) -> bool {
    let has_email = |person: Option<&Person>| person.and_then(Person::email_key).as_deref() == Some(email);
    let mut people = order.attendee.into_iter().chain(order.people());
    has_email(order.registrant.as_ref())
        || people.any(|id| view.attendee(id).is_some_and(|known| has_email(known.person.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::event::Method;
    use crate::import::SourceState::Paid;
    use crate::test_world::{import, imported_order, order_of, person, row, sell, text, venue};

    #[test]
    fn an_order_is_found_by_the_registrant_or_whoever_sits_on_it() {
        let [_, mut north, _] = venue();
        let sold = sell(&mut north, None, &[("ga", 1)]).unwrap();
        let code = north.order(sold).access_code.to_lowercase();
        assert_eq!(find_order(&north.view, " REG@example.org", &code), Ok(sold));
        let id = import(&mut north, vec![row("Ada", &[("ga", Paid)])])[0];
        assert_eq!(find_order(&north.view, "ada@example.org", "o-ada"), Ok(imported_order(&north, id)));
        let walk_up = Command::RegisterWalkUp {
            person: person("Bo"),
            seat_type: text("ga"),
            method: Method::Cash,
            reason: String::new(),
            not_the_same_as: Vec::new(),
        };
        let order = order_of(&north.give(&walk_up).unwrap());
        let code = north.order(order).access_code;
        assert_eq!(find_order(&north.view, "bo@example.org", &code), Ok(order));
    }

    #[test]
    fn a_ticket_finds_the_order_of_its_holder_and_the_one_that_shares_its_code_first() {
        let [_, mut north, _] = venue();
        let ada = import(&mut north, vec![row("Ada", &[("ga", Paid)])])[0];
        let imported = imported_order(&north, ada);
        let extra = sell(&mut north, Some(ada), &[("ws", 1)]).unwrap();
        let found = find_order(&north.view, "ada@example.org", "t-ada").unwrap();
        assert!([imported, extra].contains(&found), "{found}");
        let code = north.order(extra).access_code;
        assert_eq!(find_order(&north.view, "ada@example.org", &code), Ok(extra));
        assert_eq!(find_order(&north.view, "bo@example.org", "t-ada"), Err(Refusal::UnknownOrder));
        let ticket = |name: &str| {
            let mut row = row(name, &[("ga", Paid)]);
            row.codes = vec!["GROUP".to_owned()];
            row
        };
        let [_, mut north, _] = venue();
        let ids = import(&mut north, vec![ticket("Cy"), ticket("Di")]);
        assert_eq!(find_order(&north.view, "di@example.org", "group"), Ok(imported_order(&north, ids[1])));
    }

    #[test]
    fn an_unknown_pair_gives_no_hint_and_a_mistyped_code_is_called_that() {
        let [_, mut north, _] = venue();
        let sold = sell(&mut north, None, &[("ga", 1)]).unwrap();
        let code = north.order(sold).access_code;
        let unknown = Err(Refusal::UnknownOrder);
        assert_eq!(find_order(&north.view, "else@example.org", &code), unknown);
        assert_eq!(find_order(&north.view, "reg@example.org", &access_code::draw(&[9; 16])), unknown);
        assert_eq!(find_order(&north.view, " ", &code), unknown);
        let mut swapped = code.into_bytes();
        let at = (0..swapped.len() - 1).find(|at| swapped[*at] != swapped[at + 1]).unwrap();
        swapped.swap(at, at + 1);
        let mistyped = find_order(&north.view, "reg@example.org", &String::from_utf8(swapped).unwrap());
        assert_eq!(mistyped, Err(Refusal::UnknownCode { mistyped: true }));
    }

    #[test]
    fn tries_are_limited_for_a_while() {
        let mut tries = Tries::default();
        for _ in 0..TRIES_MAX {
            assert_eq!(tries.wait_ms(1_000), None);
            tries.count_unknown(1_000);
        }
        assert_eq!(tries.wait_ms(1_000), Some(WINDOW_MS - 1_000), "the first window began at 0");
        assert_eq!(tries.wait_ms(WINDOW_MS), None);
        tries.count_unknown(WINDOW_MS);
        assert_eq!(tries.wait_ms(WINDOW_MS + 1), None);
    }
}
