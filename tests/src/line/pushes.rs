//! Entries that are kept out: pushes that are refused, spoilt or cut in the middle on their way to the target.
//!
//! Responsible for finding the pushes among what is asked; whatever else is asked passes. It is the one part of the line
//! that knows the protocol.

use axum::http::StatusCode;
use lanyard_node::sync_http::CONTENT_TYPE;
use lanyard_sync::{ProblemReport, Reply, Request};
use serde_json::json;

use super::request::HttpRequest;

const EXCHANGE: &str = "POST /sync/v1/exchange ";

/// What happens to a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushes {
    /// It is answered with a problem of the protocol under this code, as a peer refuses.
    Refused(String),
    /// It is answered with a problem of HTTP, as something between the peers refuses.
    Forbidden(StatusCode),
    /// It arrives with a batch that nobody can read, and the target refuses it.
    Spoilt,
    /// Half of it arrives, and the connection ends.
    Halved,
}

/// What becomes of a request.
pub(super) enum Passage {
    /// It goes to the target.
    Whole(Vec<u8>),
    /// So much of it goes to the target, and nothing else.
    Part(Vec<u8>),
    /// It never gets there: this is answered.
    Answered(Vec<u8>),
}

impl Pushes {
    /// Decides on a request, after which its connection carries no other one.
    pub(super) fn meet(&self, request: HttpRequest) -> Passage {
        let mut request = request.into_last();
        if !request.head.starts_with(EXCHANGE) {
            return Passage::Whole(request.into_bytes());
        }
        let Ok(Request::Push { scope, batch }) = Request::decode(&request.body) else {
            return Passage::Whole(request.into_bytes());
        };
        match self {
            Self::Refused(code) => {
                let report = ProblemReport { code: code.clone(), dot: None, retry_after_ms: None };
                Passage::Answered(answer(StatusCode::OK, CONTENT_TYPE, &Reply::Problem(report).encode()))
            }
            Self::Forbidden(status) => {
                let problem = json!({ "title": "Refused", "status": status.as_u16() }).to_string();
                Passage::Answered(answer(*status, "application/problem+json", problem.as_bytes()))
            }
            Self::Spoilt => {
                let batch = batch.into_iter().map(|byte| !byte).collect();
                request.body = Request::Push { scope, batch }.encode();
                Passage::Whole(request.into_bytes())
            }
            Self::Halved => {
                request.body.truncate(request.body.len() / 2);
                Passage::Part(request.into_bytes())
            }
        }
    }
}

fn answer(status: StatusCode, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
