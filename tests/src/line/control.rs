//! The line's own HTTP interface, for a person with curl and for the demo.
//!
//! Responsible for turning `POST /cut` and its siblings into changes of the line, and for `GET /`.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::{Line, MAX_DELAY_MS, Pushes, Report};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Throttle {
    bytes_per_s: NonZeroU64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    after_bytes: NonZeroU64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refuse {
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forbid {
    status: u16,
}

/// Returns the control interface of a line; every answer is the line's report.
pub fn router(line: Arc<Line>) -> Router {
    Router::new()
        .route("/", get(report))
        .route("/cut", post(async |state| act(&state, Line::cut)))
        .route("/blackhole", post(async |state| act(&state, Line::blackhole)))
        .route("/reset", post(async |state| act(&state, Line::reset)))
        .route("/portal", post(async |state| act(&state, Line::portal)))
        .route("/lose", post(async |state| act(&state, Line::lose)))
        .route("/double", post(async |state| act(&state, Line::double)))
        .route("/truncate", post(async |state, after| act_after(&state, &after, Line::truncate)))
        .route("/tear", post(async |state, after| act_after(&state, &after, Line::tear)))
        .route("/refuse", post(refuse))
        .route("/forbid", post(forbid))
        .route("/spoil", post(async |state| act(&state, |line| line.keep_out(Pushes::Spoilt))))
        .route("/halve", post(async |state| act(&state, |line| line.keep_out(Pushes::Halved))))
        .route("/restore", post(async |state| act(&state, Line::restore)))
        .route("/delay", post(delay))
        .route("/throttle", post(throttle))
        .with_state(line)
}

async fn report(State(line): State<Arc<Line>>) -> Json<Report> {
    Json(line.report())
}

fn act(State(line): &State<Arc<Line>>, act: fn(&Line)) -> Json<Report> {
    act(line);
    Json(line.report())
}

fn act_after(line: &State<Arc<Line>>, after: &Query<After>, act: fn(&Line, NonZeroU64)) -> Json<Report> {
    act(&line.0, after.after_bytes);
    Json(line.0.report())
}

async fn delay(State(line): State<Arc<Line>>, Query(asked): Query<Delay>) -> Response {
    if asked.ms > MAX_DELAY_MS {
        let detail = format!("ms is at most {MAX_DELAY_MS}\n");
        return (StatusCode::BAD_REQUEST, detail).into_response();
    }
    line.delay(Duration::from_millis(asked.ms));
    Json(line.report()).into_response()
}

async fn refuse(State(line): State<Arc<Line>>, Query(asked): Query<Refuse>) -> Json<Report> {
    line.keep_out(Pushes::Refused(asked.code));
    Json(line.report())
}

async fn forbid(State(line): State<Arc<Line>>, Query(asked): Query<Forbid>) -> Response {
    match StatusCode::from_u16(asked.status) {
        Ok(status) if status.is_client_error() => {
            line.keep_out(Pushes::Forbidden(status));
            Json(line.report()).into_response()
        }
        Ok(_) | Err(_) => (StatusCode::BAD_REQUEST, "status is 400 to 499\n").into_response(),
    }
}

async fn throttle(State(line): State<Arc<Line>>, Query(asked): Query<Throttle>) -> Json<Report> {
    line.throttle(asked.bytes_per_s);
    Json(line.report())
}
