//! The rules of a sale: place and hold, pay, confirm, name, cancel, release.
//!
//! Responsible for what its phases share: limits, what is on sale, and whose order it is.

mod call_off;
mod confirm;
mod name_seat;
mod place;

use std::sync::Arc;

use crate::conference::SeatType;
use crate::decide::{Deciding, known_seat_type};
use crate::id::{OrderId, SeatTypeId};
use crate::order::{Order, OrderState};
use crate::refusal::Refusal;
use crate::view::View;

pub(crate) use call_off::{cancel, release};
pub(crate) use confirm::{confirm, take_payment};
pub(crate) use name_seat::assign;
pub(crate) use place::{Wish, place};

/// How long a hold lasts.
pub const HOLD_MS: i64 = 15 * 60 * 1000;

/// Most seats of one type in an order.
pub const QUANTITY_MAX: u32 = 1_000;

/// Most lines of an order.
pub const LINES_MAX: usize = 50;

/// The seat type as configured, if it is sold at this time.
pub(crate) fn on_sale<'a>(
    view: &'a impl View,
    seat_type: &SeatTypeId,
    now_ms: i64,
) -> Result<&'a SeatType, Refusal> {
    let configured = known_seat_type(view, seat_type)?;
    if configured.sale_window.as_ref().is_some_and(|window| !window.holds(now_ms)) {
        return Err(Refusal::NotOnSale { seat_type: seat_type.clone() });
    }
    Ok(configured)
}

fn owned(order: &Order, deciding: &Deciding) -> Result<(), Refusal> {
    match order.owner {
        Some(owner) if owner != deciding.account() => Err(Refusal::OwnedElsewhere { owner }),
        Some(_) => Ok(()),
        None => Err(Refusal::OrderIs { state: order.state.as_str().to_owned() }),
    }
}

/// The order, if it is this node's and its hold stands. One that was paid in time does not lapse.
fn placed(view: &impl View, id: OrderId, deciding: &Deciding) -> Result<Arc<Order>, Refusal> {
    let order = view.order(id).ok_or(Refusal::UnknownOrder)?;
    owned(&order, deciding)?;
    if order.has_lapsed(deciding.now_ms) {
        return Err(Refusal::HoldExpired { expired_at_ms: order.expires_ms });
    }
    if order.state != OrderState::Placed {
        return Err(Refusal::OrderIs { state: order.state.as_str().to_owned() });
    }
    Ok(order)
}
