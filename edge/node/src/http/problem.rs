//! What goes wrong over HTTP: `application/problem+json` (RFC 9457) with a stable code word.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

/// An answer that says no; never carries internals.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    code: String,
    detail: String,
    extra: Map<String, Value>,
    retry_after_ms: Option<u64>,
}

impl Problem {
    /// Makes a problem from its status, its code word and a sentence that says what to do.
    pub fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: detail.into(), extra: Map::new(), retry_after_ms: None }
    }

    /// Something named in the request is not here.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Nobody is signed in.
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "Sign in first.")
    }

    /// The role does not allow it.
    pub fn not_permitted(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not_permitted", detail)
    }

    /// Too much is waiting.
    pub fn busy(retry_after_ms: u64) -> Self {
        let detail = "The node has too much to do at the moment. The same request may be sent again shortly.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after_ms(retry_after_ms)
    }

    /// Something broke; what it was is in the log only.
    pub fn internal() -> Self {
        let detail = "Something broke on this node. Its log says what; nothing was half done.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// Adds a member beside the standard ones.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).expect("members of problems are plain data and serialise");
        self.extra.insert(name.to_owned(), value);
        self
    }

    /// Says when to come again, as a header in whole seconds and as a member.
    #[must_use]
    pub fn retry_after_ms(mut self, retry_after_ms: u64) -> Self {
        self.retry_after_ms = Some(retry_after_ms);
        self.with("retry_after_ms", retry_after_ms)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable word.
    pub fn code(&self) -> &str {
        &self.code
    }

    fn body(&self) -> Value {
        let mut body = self.extra.clone();
        body.insert("type".to_owned(), format!("/problems/{}", self.code).into());
        body.insert("title".to_owned(), title(&self.code).into());
        body.insert("status".to_owned(), self.status.as_u16().into());
        body.insert("detail".to_owned(), self.detail.clone().into());
        body.insert("code".to_owned(), self.code.clone().into());
        Value::Object(body)
    }
}

/// The code word as people read it.
fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(retry_after_ms) = self.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_ms.div_ceil(1_000).max(1)));
        }
        response
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The JSON body of an answer.
    pub(crate) async fn body_of(response: Response) -> Value {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body in memory");
        serde_json::from_slice(&bytes).expect("the body is JSON")
    }

    #[tokio::test]
    async fn a_problem_has_its_standard_members_and_its_own() {
        let problem = Problem::busy(250).with("queue", 7);
        let response = problem.into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body = body_of(response).await;
        assert_eq!(body["type"], "/problems/busy");
        assert_eq!(
            (&body["code"], &body["title"], &body["status"]),
            (&"busy".into(), &"Busy".into(), &503.into())
        );
        assert_eq!((&body["queue"], &body["retry_after_ms"]), (&7.into(), &250.into()));
    }
}
