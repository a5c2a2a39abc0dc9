//! Walk-ups: registering somebody at the desk.

use axum::response::Response;
use lanyard_domain::{AttendeeId, Command, Person, SeatTypeId};
use lanyard_node::http::{Json, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::cards::attendee::AttendeeCard;
use crate::http::cards::order::OrderCard;
use crate::http::command::Giving;
use crate::http::failure::Failure;
use crate::http::orders::PaymentMethod;

/// Who came without being on the list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WalkUpRequest {
    /// Given names, or the whole name of someone with one.
    first_name: String,
    /// Family names.
    #[serde(default)]
    last_name: String,
    /// E-mail.
    #[serde(default)]
    email: Option<String>,
    /// Company or institution.
    #[serde(default)]
    company: Option<String>,
    /// What is sold.
    #[schema(value_type = String)]
    seat_type: SeatTypeId,
    /// How it is paid.
    payment: PaymentMethod,
    /// What was received, minor units; at least the price; the rest is change.
    #[serde(default)]
    received_minor: Option<i64>,
    /// Why it is complimentary.
    #[serde(default)]
    reason: String,
    /// People with a similar name or the same e-mail who were shown and are somebody else.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    not_the_same_as: Vec<AttendeeId>,
}

/// Who was registered, and what they bought.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalkUp {
    attendee: AttendeeCard,
    order: OrderCard,
}

/// Registers somebody at the desk.
#[utoipa::path(post, path = "/walk-ups", tag = "door", request_body = WalkUpRequest,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = WalkUp), (status = 409, description = "Similar people on the list, or no seats left")))]
pub async fn register(giving: Giving, request: Json<WalkUpRequest>) -> Result<Response, Failure> {
    let WalkUpRequest {
        first_name,
        last_name,
        email,
        company,
        seat_type,
        payment,
        received_minor,
        reason,
        not_the_same_as,
    } = request.value;
    if let Some(received_minor) = received_minor {
        check_amount(&giving, &seat_type, payment, received_minor)?;
    }
    let person = Person { first_name, last_name, email, company, ..Person::default() };
    let command =
        Command::RegisterWalkUp { person, seat_type, method: payment.into(), reason, not_the_same_as };
    let decided = giving.give(request.hash, command).await?;
    let attendee = decided.attendee_card().await?.ok_or_else(Problem::internal)?;
    let order = decided.order_card().ok_or_else(Problem::internal)?;
    Ok(decided.respond(Some(attendee.version), WalkUp { attendee, order }))
}

/// A wrong amount is a slip at the desk, found before anything is decided.
fn check_amount(
    giving: &Giving,
    seat_type: &SeatTypeId,
    payment: PaymentMethod,
    received_minor: i64,
) -> Result<(), Problem> {
    let published = giving.node.published();
    let price_minor = published.conference.seat_types.get(seat_type).map_or(0, |known| known.price_minor);
    let due_minor = match payment {
        PaymentMethod::Cash => price_minor,
        PaymentMethod::Free | PaymentMethod::Complimentary => 0,
    };
    if received_minor < due_minor {
        return Err(Problem::from(&lanyard_domain::Refusal::WrongAmount { open_minor: due_minor }));
    }
    Ok(())
}
