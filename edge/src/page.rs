//! The page of a registration desk, embedded in the program.
//!
//! Responsible for: serving the built files with entity tags, caching hashed assets for ever and the entry page never,
//! and the entry page for every address the page itself routes.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$LANYARD_UI_FOLDER"]
struct Files;

const ENTRY: &str = "index.html";

/// Files below this folder carry a hash of their content in their name.
const HASHED: &str = "assets/";

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers a request for a file of the page, or for an address inside it.
pub async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if let Some(file) = Files::get(path) {
        return answer(path, file, request.headers());
    }
    // A name with a dot asks for a file; anything else is an address the page finds its way from.
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match Files::get(ENTRY) {
        Some(file) => answer(ENTRY, file, request.headers()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(path: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag = entity_tag(&file);
    let caching = if path.starts_with(HASHED) { FOR_EVER } else { ASK_FIRST };
    let held = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let headers = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, caching)];
    if held.split(',').any(|one| one.trim().as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    (headers, [(header::CONTENT_TYPE, kind)], file.data).into_response()
}

/// Weak, because the same file also travels compressed.
fn entity_tag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let short = hash[..16].iter().fold(String::with_capacity(36), |text, byte| text + &format!("{byte:02x}"));
    HeaderValue::try_from(format!("W/\"{short}\"")).expect("hex digits in quotes are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str, tag: Option<HeaderValue>) -> Response {
        let mut request = Request::builder().uri(path).body(axum::body::Body::empty()).expect("a request");
        if let Some(tag) = tag {
            request.headers_mut().insert(header::IF_NONE_MATCH, tag);
        }
        serve(request).await
    }

    #[tokio::test]
    async fn the_entry_page_is_served_for_its_own_addresses_and_asked_for_again() {
        for path in ["/", "/index.html", "/conflicts"] {
            let answer = get(path, None).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-cache");
            let again = get(path, Some(answer.headers()[header::ETAG].clone())).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        }
    }

    #[tokio::test]
    async fn hashed_files_are_kept_for_ever_and_missing_ones_are_missing() {
        let asset = Files::iter().find(|path| path.starts_with(HASHED)).expect("the build writes assets");
        let answer = get(&format!("/{asset}"), None).await;
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(get("/assets/none.js", None).await.status(), StatusCode::NOT_FOUND);
    }
}
