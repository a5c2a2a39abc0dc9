//! `GET /readyz`: whether every conference takes what is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_node::Health;
use serde_json::{Value, json};

use crate::hq::Hq;

/// Answers 503 with the conferences whose disk is full or nearly so, which take nothing of their nodes, or whose store
/// has stopped.
pub(super) async fn ready(State(hq): State<Arc<Hq>>) -> Response {
    let stores = hq.conferences().into_iter().map(|running| {
        let health = *running.writer.health().borrow();
        (running.file().slug, health)
    });
    let (status, body) = readiness(&stores.collect());
    (status, axum::Json(body)).into_response()
}

fn readiness(stores: &BTreeMap<String, Health>) -> (StatusCode, Value) {
    let failing: BTreeMap<_, _> = stores
        .iter()
        .filter(|(_, health)| **health != Health::Ok)
        .map(|(slug, health)| (slug, health.as_str()))
        .collect();
    let status = if failing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let conferences: Vec<_> = stores.keys().collect();
    (status, json!({ "ready": failing.is_empty(), "conferences": conferences, "not_ready": failing }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_store_that_takes_nothing_makes_hq_not_ready_and_is_named() {
        let stores =
            |summit| BTreeMap::from([("meetup".to_owned(), Health::Ok), ("summit".to_owned(), summit)]);
        let (status, body) = readiness(&stores(Health::Ok));
        assert_eq!((status, &body["ready"], &body["not_ready"]), (StatusCode::OK, &json!(true), &json!({})));
        for (health, word) in [(Health::Low, "low"), (Health::Full, "full"), (Health::Stopped, "stopped")] {
            let (status, body) = readiness(&stores(health));
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(body["ready"], json!(false));
            assert_eq!(body["not_ready"], json!({ "summit": word }));
            assert_eq!(body["conferences"], json!(["meetup", "summit"]));
        }
    }
}
