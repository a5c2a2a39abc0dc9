//! Orders and sales: holding seats, taking money, confirming, cancelling, naming who sits where.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_domain::command::{Assignee, IfShort, Wanted};
use lanyard_domain::event::Method;
use lanyard_domain::{AttendeeId, Command, Person, Refusal, Role, SeatTypeId};
use lanyard_node::http::{Json, Problem, entity_tag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::now_ms;
use crate::http::cards::Names;
use crate::http::cards::attendee::AttendeeCard;
use crate::http::cards::order::OrderCard;
use crate::http::cards::print_job::PrintJobCard;
use crate::http::command::{Decided, Giving};
use crate::http::failure::Failure;
use crate::http::parts::Path;
use crate::http::path_ids::order_of;
use crate::http::reason::{Nothing, Reason};
use crate::http::refusals::unknown_order;
use crate::http::signed::Signed;
use crate::node::Node;

/// What is ordered, and for whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// Whom all seats are for.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    attendee_id: Option<AttendeeId>,
    /// Who pays, where nobody on the list.
    #[serde(default)]
    registrant: Option<Registrant>,
    /// What.
    lines: Vec<WantedLine>,
    /// What to do when not all of it can be had.
    if_short: Short,
}

/// Who pays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registrant {
    /// Whole name.
    name: String,
    /// Finds the order together with the access code.
    email: String,
}

/// Seats wanted of one type.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedLine {
    /// What.
    #[schema(value_type = String)]
    seat_type: SeatTypeId,
    /// How many.
    quantity: i64,
}

/// What to do when seats are short.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Short {
    /// Hold what there is.
    Offer,
    /// Hold nothing.
    Refuse,
}

/// Money coming in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// Means of payment.
    method: PaymentMethod,
    /// Minor units: what is open, and 0 where nothing is paid.
    amount_minor: i64,
}

/// Means of payment.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PaymentMethod {
    /// Notes and coins.
    Cash,
    /// Nothing to pay.
    Free,
    /// Given by a supervisor; covers all that is open.
    Complimentary,
}

/// Who takes a seat: somebody on the list, or a new person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentRequest {
    /// Somebody on the list; without the other fields.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    attendee_id: Option<AttendeeId>,
    /// Given names of a new person.
    #[serde(default)]
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
}

/// What finds an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupRequest {
    /// As given when ordering; compared without case.
    email: String,
    /// O and 0, I and 1 are the same.
    access_code: String,
}

/// An order after it was confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Confirmed {
    order: OrderCard,
    attendee: Option<AttendeeCard>,
    print_job: Option<PrintJobCard>,
}

/// An order after a seat was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct Assigned {
    order: OrderCard,
    attendee: Option<AttendeeCard>,
}

impl From<PaymentMethod> for Method {
    fn from(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::Cash => Self::Cash,
            PaymentMethod::Free => Self::Free,
            PaymentMethod::Complimentary => Self::Complimentary,
        }
    }
}

/// Holds seats.
#[utoipa::path(post, path = "/orders", tag = "sales", request_body = OrderRequest,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = OrderCard), (status = 409, description = "No seats left here, and where there are")))]
pub async fn place(giving: Giving, request: Json<OrderRequest>) -> Result<Response, Failure> {
    let OrderRequest { attendee_id, registrant, lines, if_short } = request.value;
    let registrant = registrant.map(|person| Person {
        first_name: person.name,
        email: Some(person.email),
        ..Person::default()
    });
    let wanted = |line: WantedLine| Wanted { seat_type: line.seat_type, quantity: line.quantity };
    let command = Command::PlaceOrder {
        attendee: attendee_id,
        registrant,
        lines: lines.into_iter().map(wanted).collect(),
        if_short: match if_short {
            Short::Offer => IfShort::Offer,
            Short::Refuse => IfShort::Refuse,
        },
    };
    order_after(&giving.give(request.hash, command).await?)
}

/// Takes money for an order.
#[utoipa::path(post, path = "/orders/{order_id}/payments", tag = "sales", request_body = PaymentRequest,
    params(("order_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = OrderCard), (status = 422, description = "Not the amount that is open")))]
pub async fn pay(
    Path(id): Path<String>,
    giving: Giving,
    request: Json<PaymentRequest>,
) -> Result<Response, Failure> {
    let PaymentRequest { method, amount_minor } = request.value;
    let command = Command::TakePayment { order: order_of(&id)?, method: method.into(), amount_minor };
    order_after(&giving.give(request.hash, command).await?)
}

/// Turns held and paid seats into sold ones.
#[utoipa::path(post, path = "/orders/{order_id}/confirmation", tag = "sales", request_body = Nothing,
    params(("order_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = Confirmed), (status = 409, description = "Not paid, lapsed or cancelled")))]
pub async fn confirm(
    Path(id): Path<String>,
    giving: Giving,
    request: Json<Nothing>,
) -> Result<Response, Failure> {
    let decided = giving.give(request.hash, Command::ConfirmOrder { order: order_of(&id)? }).await?;
    let print_job = PrintJobCard::of_decided(&decided).await?;
    let attendee = decided.attendee_card().await?;
    let order = decided.order_card().ok_or_else(Problem::internal)?;
    Ok(decided.respond(Some(order.version), Confirmed { order, attendee, print_job }))
}

/// Calls an order off; a refund becomes due.
#[utoipa::path(post, path = "/orders/{order_id}/cancellation", tag = "sales", request_body = Reason,
    params(("order_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = OrderCard), (status = 403, description = "Needs a supervisor")))]
pub async fn cancel(
    Path(id): Path<String>,
    giving: Giving,
    request: Json<Reason>,
) -> Result<Response, Failure> {
    let command = Command::CancelOrder { order: order_of(&id)?, reason: request.value.reason };
    order_after(&giving.give(request.hash, command).await?)
}

/// Names who sits on a seat.
#[utoipa::path(post, path = "/orders/{order_id}/seats/{n}/assignment", tag = "sales", request_body = AssignmentRequest,
    params(("order_id" = String, Path), ("n" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = Assigned), (status = 409, description = "Somebody sits there")))]
pub async fn assign(
    Path((id, n)): Path<(String, u32)>,
    giving: Giving,
    request: Json<AssignmentRequest>,
) -> Result<Response, Failure> {
    let AssignmentRequest { attendee_id, first_name, last_name, email, company } = request.value;
    let person = Person { first_name, last_name, email, company, ..Person::default() };
    let assignee = match attendee_id {
        None => Assignee::New(person.into()),
        Some(attendee) if person == Person::default() => Assignee::Attendee(attendee),
        Some(_) => {
            let detail = "Give either attendee_id or the words of a new person, one of both.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", detail).into());
        }
    };
    let decided =
        giving.give(request.hash, Command::AssignSeat { order: order_of(&id)?, n, assignee }).await?;
    let attendee = decided.attendee_card().await?;
    let order = decided.order_card().ok_or_else(Problem::internal)?;
    Ok(decided.respond(Some(order.version), Assigned { order, attendee }))
}

/// Shows an order.
#[utoipa::path(get, path = "/orders/{order_id}", tag = "sales", params(("order_id" = String, Path)),
    responses((status = 200, body = OrderCard), (status = 404, description = "No such order here")))]
pub async fn show(
    State(node): State<Node>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    signed.needs(Role::Volunteer)?;
    let id = order_of(&id)?;
    let order = node.reader.read(move |db| db.order(id)).await?;
    let order = order.ok_or_else(|| Problem::not_found("No such order is on this node."))?;
    let published = node.published();
    let card = OrderCard::of(id, &order, now_ms(), Names(&published));
    Ok(([(axum::http::header::ETAG, entity_tag(card.version))], axum::Json(card)).into_response())
}

/// Finds an order by e-mail and access code; whoever guesses is held back.
#[utoipa::path(post, path = "/orders/lookup", tag = "sales", request_body = LookupRequest,
    responses((status = 200, body = OrderCard), (status = 404, description = "No such pair here, with no hint which part"),
        (status = 422, description = "A character of the code is mistyped"), (status = 429, description = "Too many guesses")))]
pub async fn look_up(
    State(node): State<Node>,
    signed: Signed,
    request: Json<LookupRequest>,
) -> Result<Response, Failure> {
    signed.needs(Role::Volunteer)?;
    if let Some(retry_after_ms) = node.lookups.wait_ms(&signed.desk, now_ms()) {
        return Err(held_back(retry_after_ms).into());
    }
    let LookupRequest { email, access_code } = request.value;
    let found = node.reader.read(move |db| db.order_by_email_and_code(&email, &access_code)).await?;
    match found {
        Ok((id, order)) => {
            let published = node.published();
            Ok(axum::Json(OrderCard::of(id, &order, now_ms(), Names(&published))).into_response())
        }
        Err(Refusal::UnknownCode { .. }) => {
            let detail = "The access code is mistyped. Check each character.";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "mistyped_access_code", detail).into())
        }
        Err(_) => {
            node.lookups.count_unknown(&signed.desk, now_ms());
            Err(unknown_order(&node).into())
        }
    }
}

fn held_back(retry_after_ms: u64) -> Problem {
    let detail = "Too many unknown pairs were tried at this desk. Wait a moment.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "locked_out", detail).retry_after_ms(retry_after_ms)
}

fn order_after(decided: &Decided) -> Result<Response, Failure> {
    let order = decided.order_card().ok_or_else(Problem::internal)?;
    Ok(decided.respond(Some(order.version), order))
}
