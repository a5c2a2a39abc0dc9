//! Refusals with names in place of ids, and rows of the people they mention.

use axum::http::StatusCode;
use lanyard_domain::outcome::Refused;
use lanyard_domain::refusal::Elsewhere;
use lanyard_domain::{AttendeeId, Refusal};
use lanyard_node::engine::{Answer, Published, SubmitError};
use lanyard_node::http::Problem;
use serde_json::{Map, Value, json};

use crate::clock::now_ms;
use crate::http::cards::Names;
use crate::http::cards::attendee::{AttendeeCard, AttendeeRow};
use crate::http::cards::history::HistoryLine;
use crate::http::failure::Failure;
use crate::http::signed::Signed;
use crate::node::Node;

const MS_PER_SECOND: i64 = 1_000;

/// The problem a refusal is, for somebody at a desk.
///
/// # Errors
/// Another problem, where the people it mentions cannot be read.
pub(super) async fn problem(
    node: &Node,
    signed: &Signed,
    refused: &Refused,
    answer: &Answer,
    published: &Published,
) -> Result<Problem, Failure> {
    let names = Names(published);
    let refusal = &refused.refusal;
    let mut data = named(refusal, names);
    if let Refusal::Ambiguous { attendees } | Refusal::SimilarAttendees { attendees } = refusal {
        data.insert("attendees".to_owned(), json!(rows(node, attendees.clone(), names).await?));
    }
    if matches!(refusal, Refusal::UnknownCode { .. } | Refusal::UnknownOrder) {
        data.insert("last_synced_ms".to_owned(), json!(node.last_synced_ms()));
    }
    let mut problem = Problem::from(refusal).with("refusal", Value::Object(data));
    if let Some((id, attendee)) = refused.attendee.zip(answer.attendee()) {
        problem = problem.with("attendee", AttendeeCard::of(id, attendee, names, signed.role));
    }
    Ok(problem)
}

/// The problem of a command that was not decided. What came between is told as the history of a card tells it.
pub(super) fn undecided(error: SubmitError, published: &Published) -> Problem {
    let between = match &error {
        SubmitError::StaleVersion { between, .. } => between.clone(),
        _ => return error.into(),
    };
    let lines: Vec<_> = between.iter().map(|line| HistoryLine::of(line, Names(published))).collect();
    Problem::from(error).with("events_between", lines)
}

/// The answer to a lookup of an order that is not here, with no hint which part was wrong.
pub(super) fn unknown_order(node: &Node) -> Problem {
    let detail = "No order with this e-mail and access code is on this node. It may be newer than the last synchronisation.";
    Problem::new(StatusCode::NOT_FOUND, "unknown_order", detail).with("last_synced_ms", node.last_synced_ms())
}

async fn rows(node: &Node, ids: Vec<AttendeeId>, names: Names<'_>) -> Result<Vec<AttendeeRow>, Failure> {
    let found = node.reader.read(move |db| db.attendees(&ids)).await?;
    Ok(found.iter().map(|(id, attendee)| AttendeeRow::of(*id, attendee, names)).collect())
}

/// The refusal as JSON, where accounts became names of nodes and durations were added.
fn named(refusal: &Refusal, names: Names<'_>) -> Map<String, Value> {
    let Ok(Value::Object(mut data)) = serde_json::to_value(refusal) else {
        unreachable!("a refusal is a map with its code");
    };
    match refusal {
        Refusal::AlreadyCheckedIn { at_ms, account, .. } => {
            data.remove("account");
            data.insert("node".to_owned(), json!(names.account(*account)));
            data.insert("seconds_ago".to_owned(), json!((now_ms() - at_ms).max(0) / MS_PER_SECOND));
        }
        Refusal::NoSeatsLeft { elsewhere, .. } => {
            let shown = |other: &Elsewhere| json!({"node": names.account(other.account), "remaining": other.remaining});
            data.insert("elsewhere".to_owned(), elsewhere.iter().map(shown).collect());
        }
        Refusal::NoSeatAssigned { order, .. } => {
            data.remove("order");
            data.insert("order_id".to_owned(), json!(order));
        }
        Refusal::OwnedElsewhere { owner } => {
            data.remove("owner");
            data.insert("node".to_owned(), json!(names.account(*owner)));
        }
        _ => {}
    }
    data
}
