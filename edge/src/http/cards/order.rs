//! An order with its lines and seats.

use lanyard_domain::order::OrderState;
use lanyard_domain::{Order, OrderId, Person};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::cards::Names;

/// What was ordered together.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderCard {
    /// 32 lowercase hex digits.
    pub order_id: String,
    /// Entries folded; for `If-Match`.
    pub version: u64,
    /// Finds it together with the e-mail.
    pub access_code: String,
    /// `placed`, `confirmed`, `cancelled` or `expired`; an imported order is `confirmed`.
    pub state: &'static str,
    /// Whom the seats are for, where one person.
    pub attendee_id: Option<String>,
    /// Who pays, where named.
    pub registrant: Option<RegistrantCard>,
    /// What was wanted and what is held.
    pub lines: Vec<LineCard>,
    /// Whether everything wanted is held.
    pub complete: bool,
    /// Total of what is held, minor units.
    pub total_minor: i64,
    /// Received, minor units.
    pub paid_minor: i64,
    /// Still to be paid, minor units.
    pub open_minor: i64,
    /// To be given back, minor units.
    pub refund_due_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// End of the hold, Unix milliseconds; none once it cannot lapse.
    pub expires_ms: Option<i64>,
    /// Node whose seats it spends.
    pub owner_node: String,
    /// Each seat.
    pub seats: Vec<OrderSeatCard>,
}

/// Who pays.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RegistrantCard {
    /// Whole name.
    pub name: String,
    /// E-mail.
    pub email: Option<String>,
}

/// A line of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineCard {
    /// Id of the seat type.
    pub seat_type: String,
    /// Its name.
    pub name: String,
    /// Seats asked for.
    pub wanted: u32,
    /// Seats held.
    pub held: u32,
    /// Price of one, minor units.
    pub price_minor: i64,
}

/// A seat of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderSeatCard {
    /// Position, from 0.
    pub n: u32,
    /// Id of the seat type.
    pub seat_type: String,
    /// Who sits there.
    pub attendee_id: Option<String>,
    /// `held`, `sold`, `released` or `cancelled`.
    pub state: &'static str,
}

impl OrderCard {
    /// The card of an order as of a moment.
    pub fn of(id: OrderId, order: &Order, now_ms: i64, names: Names<'_>) -> Self {
        let state = shown_state(order, now_ms);
        Self {
            order_id: id.to_string(),
            version: order.entries,
            access_code: order.access_code.clone(),
            state: state.as_str(),
            attendee_id: order.attendee.map(|attendee| attendee.to_string()),
            registrant: order.registrant.as_ref().map(RegistrantCard::of),
            lines: order
                .lines
                .iter()
                .map(|line| LineCard {
                    seat_type: line.seat_type.to_string(),
                    name: names.seat_type(&line.seat_type),
                    wanted: line.wanted,
                    held: line.held,
                    price_minor: line.price_minor,
                })
                .collect(),
            complete: order.is_complete(),
            total_minor: order.total_minor(),
            paid_minor: order.paid_minor,
            open_minor: order.open_minor(),
            refund_due_minor: order.refund_due_minor,
            currency: order.currency.clone(),
            expires_ms: (state == OrderState::Placed).then_some(order.expires_ms),
            owner_node: order.owner.map(|owner| names.account(owner)).unwrap_or_default(),
            seats: seats(order, state),
        }
    }
}

impl RegistrantCard {
    fn of(person: &Person) -> Self {
        Self { name: person.full_name(), email: person.email.clone() }
    }
}

/// A lapsed hold shows as expired even before its seats went back.
fn shown_state(order: &Order, now_ms: i64) -> OrderState {
    match order.state {
        OrderState::Placed if order.has_lapsed(now_ms) => OrderState::Expired,
        OrderState::Imported | OrderState::Unknown => OrderState::Confirmed,
        state
        @ (OrderState::Placed | OrderState::Confirmed | OrderState::Cancelled | OrderState::Expired) => state,
    }
}

fn seats(order: &Order, state: OrderState) -> Vec<OrderSeatCard> {
    let word = match state {
        OrderState::Unknown | OrderState::Placed => "held",
        OrderState::Imported | OrderState::Confirmed => "sold",
        OrderState::Cancelled => "cancelled",
        OrderState::Expired => "released",
    };
    order
        .seats()
        .map(|(n, line)| OrderSeatCard {
            n,
            seat_type: line.seat_type.to_string(),
            attendee_id: order.assigned.get(&n).map(ToString::to_string),
            state: word,
        })
        .collect()
}
