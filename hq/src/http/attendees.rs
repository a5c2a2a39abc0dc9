//! `GET /conferences/{slug}/attendees?q=`: finds attendees, with the orders HQ can cancel.

use std::sync::Arc;

use axum::extract::{Path, Query as QueryString, State};
use lanyard_domain::{Attendee, AttendeeId, Person};
use lanyard_node::Standing;
use lanyard_node::http::Problem;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{broken, running};
use crate::hq::Hq;

/// Rows of one answer.
const ROWS_MAX: usize = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Words {
    q: String,
}

/// Answers with rows, best first.
pub(super) async fn find(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
    QueryString(words): QueryString<Words>,
) -> Result<axum::Json<Value>, Problem> {
    let running = running(&hq, &slug)?;
    let found = running.reader.read(move |db| db.search(&words.q, ROWS_MAX));
    let found = found.await.map_err(|error| broken(&error))?;
    let rows: Vec<_> = found.iter().map(|(id, attendee)| shown(*id, attendee)).collect();
    Ok(axum::Json(json!({ "rows": rows })))
}

fn shown(id: AttendeeId, attendee: &Attendee) -> Value {
    let person = attendee.person.as_ref();
    json!({
        "attendee_id": id,
        "name": person.map(Person::full_name),
        "company": person.and_then(|person| person.company.as_deref()),
        "seat_types": attendee.entitlements(),
        "state": Standing::of(attendee).as_str(),
        "order_id": attendee.seats.values().next().map(|seat| seat.order),
    })
}
