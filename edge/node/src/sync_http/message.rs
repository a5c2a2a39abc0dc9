//! A message of the protocol as it arrives: the bytes of a body, or a problem that the peer understands.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use lanyard_sync::{CALL_TIMEOUT_MS, Problem};
use tokio::time::timeout;

use super::BODY_MAX_BYTES;
use super::open::problem;

/// How long a body may take to arrive: as long as the peer waits for the reply.
const WITHIN: Duration = Duration::from_millis(CALL_TIMEOUT_MS);

/// The body of a request.
pub(super) struct Message(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Message {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let Ok(read) = timeout(WITHIN, Bytes::from_request(request, state)).await else {
            return Err((StatusCode::REQUEST_TIMEOUT, "the body does not arrive").into_response());
        };
        read.map(Self).map_err(|rejected| match rejected.status() {
            StatusCode::PAYLOAD_TOO_LARGE => problem(Problem::TooLarge),
            _ => problem(Problem::Malformed),
        })
    }
}

/// Lets a body go by, so that whoever sends it gets to read the answer; keeps nothing of it.
pub(super) async fn let_pass(body: Body) {
    let mut chunks = body.into_data_stream();
    let passing = async {
        let mut passed = 0;
        while let Some(Ok(chunk)) = chunks.next().await {
            passed += chunk.len();
            if passed > BODY_MAX_BYTES {
                return;
            }
        }
    };
    // One that does not end in time ends with its connection.
    timeout(WITHIN, passing).await.ok();
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::http::header;
    use lanyard_sync::Reply;
    use tower::ServiceExt as _;

    use super::super::{CONTENT_TYPE, routes};
    use super::*;

    async fn post(path: &str, bytes: usize) -> (StatusCode, String, Bytes) {
        let request = Request::post(path).body(Body::from(vec![0_u8; bytes])).unwrap();
        let response = routes(Arc::new(|_| None)).oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let kind =
            head.headers.get(header::CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap()).to_owned();
        (head.status, kind, axum::body::to_bytes(body, usize::MAX).await.unwrap())
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_a_problem_of_the_protocol() {
        for path in ["/sync/v1/challenge", "/sync/v1/session"] {
            let (status, kind, body) = post(path, BODY_MAX_BYTES + 1).await;
            assert_eq!((status, kind.as_str()), (StatusCode::OK, CONTENT_TYPE), "{path}");
            let Ok(Reply::Problem(report)) = Reply::decode(&body) else { panic!("no problem at {path}") };
            assert_eq!(report.problem(), Some(Problem::TooLarge), "{path}");
        }
    }

    #[tokio::test]
    async fn a_stranger_learns_that_before_anything_of_theirs_is_read() {
        for bytes in [0, BODY_MAX_BYTES, BODY_MAX_BYTES + 1] {
            assert_eq!(post("/sync/v1/exchange", bytes).await.0, StatusCode::UNAUTHORIZED, "{bytes}");
        }
    }
}
