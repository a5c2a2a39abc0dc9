//! Seat types with what remains of each, and giving seats to another node.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use lanyard_domain::{Account, Command};
use lanyard_node::http::{Json, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::clock::now_ms;
use crate::http::cards::Names;
use crate::http::cards::seat_type::SeatTypeCard;
use crate::http::command::Giving;
use crate::http::failure::Failure;
use crate::http::parts::Path;
use crate::http::path_ids::seat_type_of;
use crate::http::signed::Signed;
use crate::node::Node;

/// Seats for another node.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsRequest {
    /// Name of the node that gets them.
    to_node: String,
    /// How many.
    count: u32,
}

/// Lists what is sold and what remains of it here and elsewhere.
#[utoipa::path(get, path = "/seat-types", tag = "sales", responses((status = 200, body = Vec<SeatTypeCard>)))]
pub async fn list(
    State(node): State<Node>,
    _signed: Signed,
) -> Result<axum::Json<Vec<SeatTypeCard>>, Failure> {
    Ok(axum::Json(cards(&node).await?))
}

/// Gives seats of this node to another one.
#[utoipa::path(post, path = "/seat-types/{seat_type}/rights", tag = "sales", request_body = RightsRequest,
    params(("seat_type" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = SeatTypeCard), (status = 409, description = "Not that many left here")))]
pub async fn give_rights(
    Path(seat_type): Path<String>,
    giving: Giving,
    request: Json<RightsRequest>,
) -> Result<Response, Failure> {
    let seat_type = seat_type_of(&seat_type)?;
    let RightsRequest { to_node, count } = request.value;
    let to = account_of(&giving.node, &to_node).await?;
    let command = Command::GiveRights { seat_type: seat_type.clone(), to, count };
    let decided = giving.give(request.hash, command).await?;
    let card = cards(decided.node()).await?.into_iter().find(|card| card.seat_type == seat_type.as_str());
    Ok(decided.respond(None, card.ok_or_else(Problem::internal)?))
}

/// Every seat type as of this moment.
///
/// # Errors
/// Where the ledgers cannot be read.
pub async fn cards(node: &Node) -> Result<Vec<SeatTypeCard>, Failure> {
    let published = node.published();
    let names = Names(&published);
    let ids: Vec<_> = published.conference.seat_types.keys().cloned().collect();
    let (ledgers, past) = node.reader.read(move |db| Ok((db.ledgers(&ids)?, db.past_logs()?))).await?;
    let own = names.own_account();
    let cards = published.conference.seat_types.iter().map(|(id, seat_type)| {
        let ledger = ledgers.get(id).cloned().unwrap_or_default();
        SeatTypeCard::of(id, seat_type, &ledger, own, &past, now_ms(), names)
    });
    Ok(cards.collect())
}

/// The account that a node of that name writes to. What is given to a log that is over could be sold by nobody.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
async fn account_of(node: &Node, name: &str) -> Result<Account, Failure> {
    let published = node.published();
    let past = node.reader.read(|db| db.past_logs()).await?;
    let unknown = || {
        let detail = format!("No node called {name} that is not retired has been heard of here.");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_node", detail)
    };
    let logs = published.logs.iter().filter(|(log, info)| info.name == name && !past.contains(log));
    let (log, info) = logs.max_by_key(|(_, info)| info.arrival).ok_or_else(unknown)?;
    Ok(if info.authority { Account::Hq } else { Account::Venue(*log) })
}
