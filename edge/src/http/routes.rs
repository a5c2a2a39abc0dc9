//! The flat list of the node's routes, and what wraps them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Json, Router};
use lanyard_node::http::{guard, guard_for_browsers, method_not_allowed, not_found};
use lanyard_node::import::FILE_MAX_BYTES;
use lanyard_node::sync_http::{self, ServedScope};
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::{
    attendees, badges, check_ins, conference, conflicts, documents, erasures, health, imports, orders,
    print_jobs, printers, seat_types, sign_ins, state, status, updates, walk_ups,
};
use crate::node::Node;
use crate::page;

#[derive(OpenApi)]
#[openapi(info(
    title = "Lanyard venue node",
    description = "The API a registration desk works with. Times are Unix milliseconds UTC, money is minor units. \
        Everything but the tag `public` needs a session: the cookie `lanyard_session` or a bearer token."
))]
struct Description;

const PREFIX: &str = "/api/v1";

/// Every route of the node.
pub fn router(node: Node) -> Router {
    let (api, description) = api().split_for_parts();
    let scope = node.identity.scope;
    let served = ServedScope {
        identity: node.identity.clone(),
        writer: node.writer.clone(),
        reader: node.reader.clone(),
        refuses_expired: false,
        promised: watch::channel(BTreeMap::new()).1,
    };
    let directory = move |asked| (asked == scope).then(|| served.clone());
    let found = node.introduction.as_ref().map(sync_http::introduction_route).unwrap_or_default();
    let description = Arc::new(description);
    let page = Router::new().fallback(page::serve).layer(CompressionLayer::new());
    let router = api
        .route("/openapi.json", get(move || async move { Json((*description).clone()) }))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/api/{*path}", axum::routing::any(not_found))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(node)
        .fallback_service(page);
    guard_for_browsers(router).merge(sync_http::routes(Arc::new(directory))).merge(guard(found))
}

/// The routes below `/api/v1` with their description.
fn api() -> OpenApiRouter<Node> {
    let api = OpenApiRouter::new()
        .routes(routes!(sign_ins::sign_in))
        .routes(routes!(sign_ins::sign_out))
        .routes(routes!(sign_ins::me))
        .routes(routes!(conference::show))
        .routes(routes!(conference::desks))
        .routes(routes!(status::show))
        .routes(routes!(updates::follow))
        .routes(routes!(attendees::search))
        .routes(routes!(attendees::show))
        .routes(routes!(documents::edit_of_attendee))
        .routes(routes!(documents::show, documents::edit_of_conference))
        .routes(routes!(erasures::erase))
        .routes(routes!(erasures::report))
        .routes(routes!(badges::png))
        .routes(routes!(badges::pdf))
        .routes(routes!(badges::issue))
        .routes(routes!(badges::reprint))
        .routes(routes!(badges::void))
        .routes(routes!(check_ins::check_in))
        .routes(routes!(check_ins::annul))
        .routes(routes!(walk_ups::register))
        .routes(routes!(seat_types::list))
        .routes(routes!(seat_types::give_rights))
        .routes(routes!(orders::place))
        .routes(routes!(orders::look_up))
        .routes(routes!(orders::show))
        .routes(routes!(orders::pay))
        .routes(routes!(orders::confirm))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::assign))
        .routes(routes!(conflicts::list))
        .routes(routes!(conflicts::resolve))
        .routes(routes!(print_jobs::list))
        .routes(routes!(print_jobs::decide))
        .routes(routes!(printers::list))
        .routes(routes!(printers::choose))
        .routes(routes!(state::show))
        .merge(large());
    OpenApiRouter::with_openapi(Description::openapi()).nest(PREFIX, api)
}

/// What takes a whole file.
fn large() -> OpenApiRouter<Node> {
    OpenApiRouter::new().routes(routes!(imports::import)).layer(DefaultBodyLimit::max(FILE_MAX_BYTES + 1))
}
