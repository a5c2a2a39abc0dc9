//! Requests that are no good: each is a problem that names its cause, and changes nothing.

use std::time::Duration;

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::{Answer, Ask, Desk, fresh_key};
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{SOON, Stage, inside};

const CHECK_INS: &str = "/api/v1/check-ins";
const JSON: &str = "application/json";
/// More than a request may have, in bytes.
const TOO_MUCH: usize = 70_000;

fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, Some(code)), "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!((&answer.body["status"], &answer.body["code"]), (&json!(status), &json!(code)));
    for member in ["type", "title", "detail"] {
        assert!(
            answer.body[member].as_str().is_some_and(|text| !text.is_empty()),
            "no {member}: {}",
            answer.body
        );
    }
}

async fn state(desk: &Desk) -> Value {
    desk.get("/state").await.unwrap().expect(200).unwrap()
}

fn check_in(content_type: &'static str, body: impl Into<Vec<u8>>) -> Ask {
    Ask::raw(Method::POST, CHECK_INS, content_type, body.into()).key(&fresh_key())
}

/// Requests that are refused before anything is decided.
fn malformed(code: &str) -> Vec<(Ask, u16, &'static str)> {
    let sound = json!({ "code": code, "list": "main" });
    let with = |name: &str, value: Value| {
        let mut body = sound.clone();
        body[name] = value;
        Ask::post(CHECK_INS, &body)
    };
    let unknown = "0".repeat(32);
    vec![
        (check_in(JSON, "{\"code\":"), 400, "malformed_json"),
        (check_in(JSON, ""), 400, "malformed_json"),
        (check_in(JSON, b"{\"code\":\"\xff\"}".to_vec()), 400, "malformed_json"),
        (with("vip", json!(true)), 422, "unknown_field"),
        (with("list", json!(7)), 422, "invalid_field"),
        (with("attendee_id", json!(unknown)), 422, "invalid_field"),
        (with("code", json!("9".repeat(TOO_MUCH))), 413, "body_too_large"),
        (check_in("text/plain", sound.to_string()), 415, "wrong_content_type"),
        (Ask::post(CHECK_INS, &sound).without_key(), 400, "idempotency_key_missing"),
        (Ask::post(CHECK_INS, &sound).key("17"), 400, "idempotency_key_invalid"),
        (Ask::get("/api/v1/nothing"), 404, "not_found"),
        (Ask::raw(Method::DELETE, CHECK_INS, JSON, Vec::new()), 405, "method_not_allowed"),
        (Ask::get(&format!("/api/v1/attendees/{unknown}")), 404, "not_found"),
        (Ask::get("/api/v1/attendees?limit=many"), 400, "invalid_query"),
    ]
}

#[tokio::test]
async fn malformed_requests_are_problems_and_write_nothing() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let desk = stage.sign_in("north", "susi", "north-2").await.unwrap();
    let guest = stage.paid().next().unwrap().code.clone();
    let before = state(&desk).await;
    for (ask, status, code) in malformed(&guest) {
        assert_problem(&desk.send(ask).await.unwrap(), status, code);
    }
    let nobody = stage.venue.node("north").desk().unwrap();
    let unsigned = Ask::post(CHECK_INS, &json!({ "code": guest, "list": "main" }));
    assert_problem(&nobody.send(unsigned).await.unwrap(), 401, "not_signed_in");
    assert_eq!(state(&desk).await, before);
    assert_eq!(inside(&desk).await.unwrap(), 0);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn unknown_codes_admit_nobody_and_say_so() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let desk = stage.sign_in("north", "vera", "north-2").await.unwrap();
    for code in ["NOSUCHCODE", "4711", "' OR 1=1 --", "\u{0}", "王小明"] {
        let refused = desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap();
        assert!((400..500).contains(&refused.status), "{code:?}: {} {}", refused.status, refused.body);
        assert_problem(&refused, refused.status, "unknown_code");
    }
    assert_eq!(inside(&desk).await.unwrap(), 0);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_key_is_good_for_one_request_only() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let desk = stage.sign_in("north", "susi", "north-2").await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).collect();
    let ask = |code: &str| json!({ "code": code, "list": "main" });
    let key = fresh_key();
    let first = desk.post_as(&key, "/check-ins", &ask(&codes[0])).await.unwrap();
    assert!(!first.is_replay());
    first.expect(201).unwrap();
    let before = state(&desk).await;
    let reused = desk.post_as(&key, "/check-ins", &ask(&codes[1])).await.unwrap();
    assert_problem(&reused, 422, "idempotency_key_reused");
    let again = desk.post_as(&key, "/check-ins", &ask(&codes[0])).await.unwrap();
    assert_eq!((again.status, again.is_replay()), (201, true));
    assert_eq!(state(&desk).await, before);
    assert_eq!(inside(&desk).await.unwrap(), 1);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn wrong_pins_cost_time_that_a_restart_does_not_give_back() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    stage.sign_in("north", "vera", "north-2").await.unwrap();
    let pin = stage.venue.pin("vera").to_owned();
    let wrong = format!("{:06}", (pin.parse::<u32>().unwrap() + 1) % 1_000_000);
    let ask = |pin: &str| {
        Ask::post("/api/v1/sign-ins", &json!({ "staff": "vera", "pin": pin, "desk": "north-2" }))
            .without_key()
    };
    let desk = stage.venue.node("north").desk().unwrap();
    let mut wait_ms = 0;
    // The fourth waits for the end of what the third cost.
    for _ in 0..4 {
        let refused = eventually(SOON, "a wrong PIN is looked at", async || {
            let answer = desk.send(ask(&wrong)).await.ok()?;
            (answer.status != 429).then_some(answer)
        });
        let refused = refused.await.unwrap();
        assert_problem(&refused, 401, "wrong_pin");
        wait_ms = refused.body["retry_after_ms"].as_u64().unwrap();
    }
    assert_eq!(wait_ms, 10_000);
    stage.venue.node("north").process.kill_9().unwrap();
    stage.venue.node("north").start_again().await.unwrap();
    let desk = stage.venue.node("north").desk().unwrap();
    let locked = desk.send(ask(&pin)).await.unwrap();
    assert_problem(&locked, 429, "locked_out");
    assert!(locked.headers.contains_key("retry-after"), "{:?}", locked.headers);
    let within = SOON + Duration::from_millis(wait_ms);
    eventually(within, "the right PIN opens again", async || {
        desk.sign_in("vera", &pin, "north-2").await.ok()
    })
    .await
    .unwrap();
    let elsewhere = json!({ "staff": "vera", "pin": pin, "desk": "south-1" });
    let refused = desk.send(Ask::post("/api/v1/sign-ins", &elsewhere).without_key()).await.unwrap();
    assert_problem(&refused, 422, "unknown_desk");
    stage.clear().await.unwrap();
}
