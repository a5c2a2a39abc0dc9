//! Reports: arrivals, sales, conflicts, state, verification. Numbers and ids, no names of attendees.

use std::sync::Arc;

use axum::extract::{Path, State};
use lanyard_domain::conflict::Conflict;
use lanyard_domain::{Account, Attendee};
use lanyard_node::engine::Published;
use lanyard_node::http::{ConflictCard, Problem};
use serde_json::{Value, json};

use super::{broken, running};
use crate::hq::{Hq, Running};

type Answer = Result<axum::Json<Value>, Problem>;

/// `GET …/arrivals`: how many of how many are in.
pub(super) async fn arrivals(State(hq): State<Arc<Hq>>, Path(slug): Path<String>) -> Answer {
    let arrivals = published(&*running(&hq, &slug)?).arrivals;
    Ok(axum::Json(json!({ "in": arrivals.inside, "expected": arrivals.expected })))
}

/// `GET …/sales`: quota, held, sold, what each account may still sell, what is stranded in logs nobody writes
/// to any more, and allotments that were refused.
pub(super) async fn sales(State(hq): State<Arc<Hq>>, Path(slug): Path<String>) -> Answer {
    let running = running(&hq, &slug)?;
    let published = published(&running);
    let ids: Vec<_> = published.conference.seat_types.keys().cloned().collect();
    let read = running.reader.read(move |db| Ok((db.ledgers(&ids)?, db.past_logs()?)));
    let (ledgers, past) = read.await.map_err(|error| broken(&error))?;
    let rows = ledgers.iter().map(|(seat_type, ledger)| {
        let stranded = ledger.stranded(&past);
        let accounts = std::iter::once(Account::Hq)
            .chain(ledger.balances.keys().copied().filter(|account| *account != Account::Hq));
        let accounts = accounts.map(|account| {
            let sold = ledger.balances.get(&account).map_or(0, |balance| balance.sold);
            let stranded = match account {
                Account::Hq => 0,
                Account::Venue(log) => stranded.get(&log).copied().unwrap_or(0),
            };
            json!({
                "node": published.account_name(&account), "remaining": ledger.available(account) - stranded,
                "stranded": stranded, "sold": sold,
            })
        });
        json!({
            "seat_type": seat_type, "quota": ledger.quota, "held": ledger.held(), "sold": ledger.sold(),
            "free": ledger.free(), "nodes": accounts.collect::<Vec<_>>(),
        })
    });
    let refused = running.refused_allotments();
    Ok(axum::Json(json!({ "seat_types": rows.collect::<Vec<_>>(), "refused_allotments": refused })))
}

/// `GET …/conflicts`: every conflict with its sides, the newest first.
pub(super) async fn conflicts(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
) -> Result<axum::Json<Vec<ConflictCard>>, Problem> {
    let running = running(&hq, &slug)?;
    let read = running.reader.read(|db| db.conflicts(false)).await;
    let conflicts = read.map_err(|error| broken(&error))?;
    let published = published(&running);
    let card =
        |(conflict, attendee): &(Conflict, Attendee)| ConflictCard::of(conflict, attendee, None, &published);
    Ok(axum::Json(conflicts.iter().map(card).collect()))
}

/// `GET …/state`: what HQ has, and the hash of what follows from it.
pub(super) async fn state(State(hq): State<Arc<Hq>>, Path(slug): Path<String>) -> Answer {
    let running = running(&hq, &slug)?;
    let read = running.reader.read(|db| Ok((db.vector()?, db.entries()?, db.state_hash()?)));
    let (vector, entries, state_hash) = read.await.map_err(|error| broken(&error))?;
    let logs: serde_json::Map<_, _> =
        vector.iter().map(|(log, head)| (log.to_string(), Value::from(head.seq))).collect();
    Ok(axum::Json(json!({
        "vector": logs, "digest": vector.digest(), "state_hash": state_hash, "entries": entries,
    })))
}

/// `GET …/verification`: checks every invariant; reads the whole log, so it takes its time.
pub(super) async fn verification(State(hq): State<Arc<Hq>>, Path(slug): Path<String>) -> Answer {
    let running = running(&hq, &slug)?;
    let database = running.database();
    let verified = tokio::task::spawn_blocking(move || lanyard_node::verify::verify(&database)).await;
    let report = verified.map_err(|error| broken(&error))?.map_err(|error| broken(&error))?;
    let findings: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    Ok(axum::Json(json!({
        "entries": report.entries, "logs": report.logs, "streams": report.streams, "outcomes": report.outcomes,
        "findings": findings, "more_findings": report.more_findings,
    })))
}

fn published(running: &Running) -> Published {
    running.writer.now()
}
