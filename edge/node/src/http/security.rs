//! Headers every answer to a browser carries.

use axum::http::{HeaderName, HeaderValue, Response, header};

/// The page loads nothing from elsewhere; wasm is the scanner's, `blob:` its camera and pictures.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data: blob:; connect-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// How the content type of JSON begins.
const JSON: [&str; 2] = ["application/json", "application/problem+json"];

/// On every answer.
const ALWAYS: [(HeaderName, &str); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// On whatever a browser may show or run. JSON it does neither, and a desk gets hundreds of those a minute.
const BUT_ON_JSON: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=()"),
];

/// Adds the headers; an answer that says nothing about caching is not cached.
pub(super) fn add_headers<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    headers.reserve(ALWAYS.len() + BUT_ON_JSON.len() + 1);
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_json = content_type.is_some_and(|of| JSON.iter().any(|json| of.starts_with(json.as_bytes())));
    let besides = if is_json { &[][..] } else { &BUT_ON_JSON };
    for (name, value) in ALWAYS.iter().chain(besides) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_headers(content_type: &'static str) -> Response<()> {
        let response = Response::builder().header(header::CONTENT_TYPE, content_type).body(());
        add_headers(response.expect("the answer is sound"))
    }

    #[test]
    fn what_may_be_shown_or_run_has_a_policy_and_json_is_never_taken_for_such() {
        for content_type in ["text/html; charset=utf-8", "text/javascript", "image/svg+xml"] {
            let response = with_headers(content_type);
            assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{content_type}");
        }
        for content_type in ["application/json", "application/problem+json"] {
            let response = with_headers(content_type);
            assert!(!response.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{content_type}");
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        }
    }
}
