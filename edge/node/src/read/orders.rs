//! Orders: one of them, and those that a code names.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::sync::Arc;

use lanyard_domain::{Account, Conference, Folded, Order, OrderId, Refusal, Stream, View as _, find_order};

use super::state::load;
use super::{Read, ReadError};
use crate::engine::states::States;
use crate::engine::view::NodeView;

/// States kept while one lookup goes on.
const STATES_MAX: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not 0");

impl Read<'_> {
    /// Reads an order; none when nothing was written about it.
    pub fn order(&self, id: OrderId) -> Result<Option<Order>, ReadError> {
        let state = load(self.db, &Stream::Order(id))?;
        Ok(state.and_then(|state| match state.folded {
            Folded::Order(order) => Some(Arc::unwrap_or_clone(order)),
            _ => None,
        }))
    }

    /// Finds the order that an e-mail and a code name together, by the rules of the domain.
    pub fn order_by_email_and_code(
        &self,
        email: &str,
        code: &str,
    ) -> Result<Result<(OrderId, Order), Refusal>, ReadError> {
        let states = RefCell::new(States::new(STATES_MAX));
        // A lookup asks for states and codes alone, neither for the conference nor for rights.
        let conference = Conference::default();
        let view = NodeView::new(self.db, &states, &conference, Account::Hq);
        let found = find_order(&view, email, code)
            .and_then(|id| Ok((id, Arc::unwrap_or_clone(view.order(id).ok_or(Refusal::UnknownOrder)?))));
        view.finish()?;
        Ok(found)
    }
}
