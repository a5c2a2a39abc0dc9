//! A message of the protocol as it arrives: the bytes of a body, or a problem that the peer understands.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::Response;
use lanyard_sync::Problem;

use super::open::problem;

/// The body of a request.
pub(super) struct Message(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Message {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let read = Bytes::from_request(request, state).await;
        read.map(Self).map_err(|rejected| match rejected.status() {
            StatusCode::PAYLOAD_TOO_LARGE => problem(Problem::TooLarge),
            _ => problem(Problem::Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use axum::http::header;
    use lanyard_sync::Reply;
    use tower::ServiceExt as _;

    use super::super::{BODY_MAX_BYTES, CONTENT_TYPE, routes};
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
        for path in ["/sync/v1/challenge", "/sync/v1/session", "/sync/v1/exchange"] {
            let (status, kind, body) = post(path, BODY_MAX_BYTES + 1).await;
            assert_eq!((status, kind.as_str()), (StatusCode::OK, CONTENT_TYPE), "{path}");
            let Ok(Reply::Problem(report)) = Reply::decode(&body) else { panic!("no problem at {path}") };
            assert_eq!(report.problem(), Some(Problem::TooLarge), "{path}");
        }
        let (status, ..) = post("/sync/v1/exchange", BODY_MAX_BYTES).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "a body at the limit is read");
    }
}
