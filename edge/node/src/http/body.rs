//! JSON requests, read strictly: the right content type, within the limit, no field nobody knows.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use lanyard_sync::Hash;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// Largest JSON request, in bytes.
pub const JSON_MAX_BYTES: usize = 64 * 1024;

const REQUEST_TAG: &str = "lanyard/request/1";

/// The body of a request and the hash that tells a retry from another request.
#[derive(Debug, Clone)]
pub struct Json<T> {
    /// What was sent.
    pub value: T,
    /// Hash of method, path and body.
    pub hash: Hash,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        DefaultBodyLimit::max(JSON_MAX_BYTES).apply(&mut request);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { too_large() } else { cut_off() }
        })?;
        Ok(Self { value: parse(&bytes)?, hash: request_hash(method.as_str(), &path, &bytes) })
    }
}

/// Hash of a request, each part length-prefixed.
pub fn request_hash(method: &str, path: &str, body: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key(REQUEST_TAG);
    for part in [method.as_bytes(), path.as_bytes(), body] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    Hash(*hasher.finalize().as_bytes())
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = "Send the body as application/json.";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_content_type", detail))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("The body cannot be read: {error}.");
        if !error.is_data() {
            return Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail);
        }
        let unknown = detail.contains("unknown field") || detail.contains("unknown variant");
        let code = if unknown { "unknown_field" } else { "invalid_field" };
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    })
}

fn too_large() -> Problem {
    let detail = format!("The body is larger than {JSON_MAX_BYTES} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

fn cut_off() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", "The body ended before it was whole.")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        count: u32,
    }

    async fn read(content_type: &str, body: impl Into<Body>) -> Result<Json<Wanted>, Problem> {
        let request = Request::post("/things").header("content-type", content_type).body(body.into());
        Json::from_request(request.expect("the request is sound"), &()).await
    }

    #[tokio::test]
    async fn a_sound_body_is_read_and_hashed() {
        let json =
            read("application/json; charset=utf-8", r#"{"count":3}"#).await.expect("the body is sound");
        assert_eq!(json.value.count, 3);
        assert_eq!(json.hash, request_hash("POST", "/things", br#"{"count":3}"#));
        assert_ne!(json.hash, request_hash("POST", "/things", br#"{"count":4}"#));
    }

    #[tokio::test]
    async fn each_fault_has_its_status_and_code() {
        let cases = [
            ("text/plain", r#"{"count":3}"#.to_owned(), 415, "wrong_content_type"),
            ("application/json", "{\"count\":".to_owned(), 400, "malformed_json"),
            ("application/json", String::new(), 400, "malformed_json"),
            ("application/json", r#"{"count":3,"more":1}"#.to_owned(), 422, "unknown_field"),
            ("application/json", r#"{"count":"x"}"#.to_owned(), 422, "invalid_field"),
            ("application/json", "{}".to_owned(), 422, "invalid_field"),
            ("application/json", " ".repeat(JSON_MAX_BYTES + 1), 413, "body_too_large"),
        ];
        for (content_type, body, status, code) in cases {
            let problem = read(content_type, body).await.expect_err("the body is at fault");
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        }
    }
}
