//! Answers of last resort: no such address, no such method, and a handler that panicked.

use std::any::Any;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tower::util::MapResponseLayer;
use tower_http::catch_panic::CatchPanicLayer;

use super::problem::Problem;
use super::security::add_headers;

/// Handler for addresses nothing is at.
pub async fn not_found(uri: Uri) -> Problem {
    Problem::not_found(format!("There is nothing at {}.", uri.path()))
}

/// Handler for methods an address does not take.
pub async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} takes no {method}.", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// Turns a panic of a handler into a 500 without internals, while other requests go on.
pub fn guard<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(CatchPanicLayer::custom(after_panic))
}

/// The same, with the headers that every answer to a browser carries.
pub fn guard_for_browsers<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    guard(router).layer(MapResponseLayer::new(add_headers))
}

/// The words of a panic can be an attendee's; where it happened is in the log already, by the hook of the process.
fn after_panic(_words: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request ended in a panic");
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::super::problem::tests::body_of;
    use super::*;

    async fn broken() -> &'static str {
        panic!("a secret detail")
    }

    async fn ask(method: &str, path: &str) -> Response {
        let router = Router::new()
            .route("/broken", get(broken))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed);
        let router: Router = guard_for_browsers(router);
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        router.oneshot(request.expect("the request is sound")).await.expect("a router always answers")
    }

    #[tokio::test]
    async fn unknown_addresses_and_methods_are_problems() {
        let response = ask("GET", "/nowhere").await;
        assert_eq!(response.status(), 404);
        assert_eq!(body_of(response).await["detail"], "There is nothing at /nowhere.");
        let response = ask("DELETE", "/broken").await;
        assert_eq!(response.status(), 405);
        assert_eq!(body_of(response).await["code"], "method_not_allowed");
    }

    #[tokio::test]
    async fn a_panic_is_a_500_that_tells_nothing() {
        let response = ask("GET", "/broken").await;
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = body_of(response).await;
        assert_eq!(body["code"], "internal");
        assert!(!body.to_string().contains("secret"), "{body}");
    }
}
