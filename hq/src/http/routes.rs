//! The flat list of HQ's routes.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};

use super::{
    attendees, authorise, bundles, conferences, erasures, health, imports, join_codes, joins, nodes, orders,
    quotas, reports, resume, retirement, rights, staff, status_page,
};
use crate::hq::Hq;

/// Every route of HQ but those of the sync protocol.
pub fn routes(hq: Arc<Hq>) -> Router {
    let api = Router::new()
        .route("/conferences/{slug}", put(conferences::set))
        .route("/conferences/{slug}/resume", post(resume::resume))
        .route("/conferences/{slug}/imports", post(imports::import))
        .route("/conferences/{slug}/bundle-exports", post(bundles::export))
        .route("/conferences/{slug}/bundle-imports", post(bundles::import))
        .route("/conferences/{slug}/staff/{staff}", put(staff::set))
        .route("/conferences/{slug}/join-codes", post(join_codes::invite))
        .route("/conferences/{slug}/quotas/{seat_type}", put(quotas::set))
        .route("/conferences/{slug}/rights", post(rights::give))
        .route("/conferences/{slug}/orders/{order}/cancellation", post(orders::cancel))
        .route("/conferences/{slug}/attendees", get(attendees::find))
        .route("/conferences/{slug}/erasures", get(erasures::report).post(erasures::erase))
        .route("/conferences/{slug}/nodes", get(nodes::list))
        .route("/conferences/{slug}/nodes/{node}/retirement", post(retirement::retire))
        .route("/conferences/{slug}/nodes/{node}/reclaim", post(retirement::reclaim))
        .route("/conferences/{slug}/arrivals", get(reports::arrivals))
        .route("/conferences/{slug}/sales", get(reports::sales))
        .route("/conferences/{slug}/conflicts", get(reports::conflicts))
        .route("/conferences/{slug}/state", get(reports::state))
        .route("/conferences/{slug}/verification", get(reports::verification))
        .layer(axum::middleware::from_fn_with_state(hq.clone(), authorise::bearer));
    let page = Router::new()
        .route("/", get(status_page::page))
        .layer(axum::middleware::from_fn_with_state(hq.clone(), authorise::basic));
    Router::new()
        .nest("/api/v1", api.route("/joins", post(joins::join)))
        .merge(page)
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(health::ready))
        .with_state(hq)
}
