//! Who may use HQ's API: whoever holds the administrator's token, as bearer or, for the page, by password.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lanyard_node::http::Problem;

use crate::hq::Hq;
use crate::token;

/// Lets requests with `Authorization: Bearer <token>` through.
pub(super) async fn bearer(State(hq): State<Arc<Hq>>, request: Request, next: Next) -> Response {
    let presented = authorization(&request).and_then(|value| value.strip_prefix("Bearer "));
    if presented.is_some_and(|presented| token::matches(presented, hq.token())) {
        return next.run(request).await;
    }
    Problem::not_signed_in().into_response()
}

/// Lets a browser through that sends user `hq` and the token as password.
pub(super) async fn basic(State(hq): State<Arc<Hq>>, request: Request, next: Next) -> Response {
    let presented = authorization(&request).and_then(|value| value.strip_prefix("Basic ")).and_then(password);
    if presented.is_some_and(|presented| token::matches(&presented, hq.token())) {
        return next.run(request).await;
    }
    let mut response =
        (StatusCode::UNAUTHORIZED, "Sign in as hq with the administrator's token.\n").into_response();
    let challenge = HeaderValue::from_static("Basic realm=\"Lanyard HQ\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn authorization(request: &Request) -> Option<&str> {
    request.headers().get(header::AUTHORIZATION)?.to_str().ok()
}

fn password(encoded: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').filter(|(user, _)| *user == "hq").map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_user_hq_has_a_password() {
        // "hq:secret" and "root:secret"
        assert_eq!(password("aHE6c2VjcmV0").as_deref(), Some("secret"));
        assert_eq!(password("cm9vdDpzZWNyZXQ="), None);
        assert_eq!(password("%%%"), None);
    }
}
