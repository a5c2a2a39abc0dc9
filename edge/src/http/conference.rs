//! What a desk must know before anybody signs in: the conference and the desks of this node.

use axum::extract::State;
use lanyard_node::read::ReadError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::cards::seat_type::SeatTypeCard;
use crate::http::failure::Failure;
use crate::http::seat_types;
use crate::node::Node;

/// The conference.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConferenceCard {
    /// Short name.
    slug: String,
    /// Name.
    name: String,
    /// First moment, Unix milliseconds.
    starts_ms: i64,
    /// Last moment, Unix milliseconds.
    ends_ms: i64,
    /// IANA time zone.
    time_zone: String,
    /// ISO 4217 code.
    currency: String,
    /// What may be entered.
    lists: Vec<ListCard>,
    /// What is sold.
    seat_types: Vec<SeatTypeCard>,
}

/// A check-in list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListCard {
    /// Its id.
    list: String,
    /// Its name.
    name: String,
    /// Whether somebody inside may enter again.
    re_entry: bool,
}

/// A desk of this node.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeskCard {
    /// Its id.
    desk: String,
    /// Its name.
    name: String,
    /// Where it stands.
    place: String,
    /// Where its badges come out.
    printer: Option<String>,
    /// Lists it checks in on, the usual one first.
    lists: Vec<String>,
}

/// Shows the conference.
#[utoipa::path(get, path = "/conference", tag = "public", responses((status = 200, body = ConferenceCard)))]
pub async fn show(State(node): State<Node>) -> Result<axum::Json<ConferenceCard>, Failure> {
    let seat_types = seat_types::cards(&node).await?;
    let conference = node.published().conference;
    let lists = conference.lists.iter().map(|(id, list)| ListCard {
        list: id.to_string(),
        name: list.name.clone(),
        re_entry: list.re_entry,
    });
    Ok(axum::Json(ConferenceCard {
        slug: conference.slug.clone(),
        name: conference.name.clone(),
        starts_ms: conference.starts_ms,
        ends_ms: conference.ends_ms,
        time_zone: conference.time_zone.clone(),
        currency: conference.currency.clone(),
        lists: lists.collect(),
        seat_types,
    }))
}

/// Lists the desks of this node.
#[utoipa::path(get, path = "/desks", tag = "public", responses((status = 200, body = Vec<DeskCard>)))]
pub async fn desks(State(node): State<Node>) -> Result<axum::Json<Vec<DeskCard>>, Failure> {
    let conference = node.published().conference;
    let own = conference.desks.iter().filter(|(_, desk)| desk.node == node.identity.name);
    let own: Vec<_> = own.map(|(id, desk)| (id.clone(), desk.clone())).collect();
    let default = node.default_printer().map(str::to_owned);
    let cards = node.reader.read(move |db| {
        let card = |(id, desk): (lanyard_domain::DeskId, lanyard_domain::conference::Desk)| {
            let chosen = db.desk_printer(id.as_str())?;
            Ok(DeskCard {
                desk: id.to_string(),
                name: desk.place.clone(),
                place: desk.place,
                printer: chosen.or_else(|| default.clone()),
                lists: desk.lists.iter().map(ToString::to_string).collect(),
            })
        };
        own.into_iter().map(card).collect::<Result<Vec<_>, ReadError>>()
    });
    Ok(axum::Json(cards.await?))
}
