//! Headers with a meaning of ours: `Idempotency-Key`, `If-Match` and `ETag`.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use lanyard_sync::CommandId;

use super::problem::Problem;

/// Set to `true` on an answer that was stored before.
pub const IDEMPOTENT_REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The id of a command, drawn by the client: 32 lowercase hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey(pub CommandId);

/// The version a command was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub u64);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(key) = given.next() else {
            let detail = "Send an Idempotency-Key: 16 random bytes as 32 lowercase hexadecimal digits.";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_missing", detail));
        };
        let key = key.to_str().ok().and_then(|key| key.parse().ok()).filter(|_| given.next().is_none());
        key.map(Self).ok_or_else(|| {
            let detail = "The Idempotency-Key is not one text of 32 lowercase hexadecimal digits.";
            Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_invalid", detail)
        })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Problem> {
        let Some(given) = parts.headers.get(header::IF_MATCH) else { return Ok(None) };
        let text = given.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(None);
        }
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        quoted.and_then(|version| version.parse().ok()).map(|version| Some(Self(version))).ok_or_else(|| {
            let detail = "If-Match is not a version as an ETag gives it, such as \"12\".";
            Problem::new(StatusCode::BAD_REQUEST, "if_match_invalid", detail)
        })
    }
}

/// The `ETag` of a version.
pub fn entity_tag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits in quotation marks are a header value")
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::post("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("the request is sound").into_parts().0
    }

    async fn key(headers: &[(&str, &str)]) -> Result<IdempotencyKey, String> {
        let key = IdempotencyKey::from_request_parts(&mut parts(headers), &()).await;
        key.map_err(|problem| problem.code().to_owned())
    }

    async fn version(value: &str) -> Result<Option<u64>, String> {
        let version = <IfMatch as OptionalFromRequestParts<()>>::from_request_parts;
        let version = version(&mut parts(&[("if-match", value)]), &()).await;
        version
            .map(|version| version.map(|IfMatch(version)| version))
            .map_err(|problem| problem.code().to_owned())
    }

    #[tokio::test]
    async fn a_key_is_32_digits_given_once() {
        let digits = "000102030405060708090a0b0c0d0e0f";
        let bytes: [u8; 16] = std::array::from_fn(|n| u8::try_from(n).unwrap());
        assert_eq!(key(&[("idempotency-key", digits)]).await, Ok(IdempotencyKey(CommandId(bytes))));
        assert_eq!(key(&[]).await, Err("idempotency_key_missing".to_owned()));
        let invalid = Err("idempotency_key_invalid".to_owned());
        assert_eq!(key(&[("idempotency-key", "00FF")]).await, invalid);
        assert_eq!(key(&[("idempotency-key", digits), ("idempotency-key", digits)]).await, invalid);
    }

    #[tokio::test]
    async fn a_version_is_a_quoted_number() {
        assert_eq!(version("\"12\"").await, Ok(Some(12)));
        assert_eq!(version("*").await, Ok(None));
        assert_eq!(version("12").await, Err("if_match_invalid".to_owned()));
        assert_eq!(entity_tag(12), "\"12\"");
    }
}
