//! The answering side of the sync protocol over HTTP: `/sync/v1/{challenge,session,exchange,hints,rights,branches,
//! snapshot,history}`, and `/sync/v1/introduction` where a node lets itself be found.
//!
//! Responsible for showing who asks (challenge and signature, then a token), for keeping a node of one
//! conference out of every other, for limits, and for handing requests to the session's pure answers. What
//! is stored goes through the conference's writer like everything else.

mod branches;
mod exchange;
mod hints;
mod introduction;
mod message;
mod open;
mod rights;
mod room;
mod sessions;
mod snapshots;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use lanyard_domain::SeatTypeId;
use lanyard_sync::ScopeId;
use lanyard_sync::limits::BATCH_TRAVEL_MAX_BYTES;
use tokio::sync::watch;

use crate::ahead::AheadOfPeers;
use crate::http::{guard, method_not_allowed};
use crate::identity::Identity;
use crate::read::Reader;
use crate::writer::Writer;
pub use introduction::introduction_route;
use room::Room;
use sessions::Sessions;
use snapshots::Shelf;
pub(crate) use snapshots::between;

/// Content type of every message of the protocol.
pub const CONTENT_TYPE: &str = "application/cbor";
/// Largest body that is read, in bytes: a batch and what surrounds it.
const BODY_MAX_BYTES: usize = BATCH_TRAVEL_MAX_BYTES + 64 * 1024;
/// How often a silent hint stream says that it lives, in milliseconds.
pub const HINT_HEARTBEAT_MS: u64 = 5_000;
/// Name of the events that tell of a fresh check-in.
pub(crate) const FRESH_EVENT: &str = "check-in";
/// Most fresh check-ins that one request tells of.
pub(crate) const FRESH_MAX: usize = 64;
/// Largest body of a request that is no exchange, in bytes.
const SMALL_MAX_BYTES: usize = 64 * 1024;

/// A conference that is served to peers.
#[derive(Clone, Debug)]
pub struct ServedScope {
    /// Who answers.
    pub identity: Identity,
    /// Takes what peers push.
    pub writer: Writer,
    /// Reads what peers pull.
    pub reader: Reader,
    /// Whether sessions under an expired certificate are refused: at HQ, never between nodes of a venue.
    pub refuses_expired: bool,
    /// Seats that are promised to nodes and not given yet, which nobody gets for the asking.
    pub promised: watch::Receiver<BTreeMap<SeatTypeId, u32>>,
}

/// Looks up the conference of a scope.
pub type Directory = dyn Fn(ScopeId) -> Option<ServedScope> + Send + Sync;

/// What the routes share.
#[derive(Clone)]
pub(crate) struct Host {
    directory: Arc<Directory>,
    sessions: Arc<Sessions>,
    room: Arc<Room>,
    shelf: Arc<Shelf>,
    ahead: Arc<AheadOfPeers>,
}

/// The routes of the protocol.
pub fn routes(directory: Arc<Directory>) -> Router {
    routes_with(directory, Room::default())
}

fn routes_with(directory: Arc<Directory>, room: Room) -> Router {
    let host = Host {
        directory,
        sessions: Arc::new(Sessions::default()),
        room: Arc::new(room),
        shelf: Arc::default(),
        ahead: Arc::default(),
    };
    let exchange = Router::new()
        .route("/sync/v1/exchange", post(exchange::exchange))
        .route("/sync/v1/history", post(snapshots::history))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES));
    let routes = Router::new()
        .route("/sync/v1/challenge", post(open::challenge))
        .route("/sync/v1/session", post(open::session))
        .route("/sync/v1/hints", get(hints::hints).post(hints::tell))
        .route("/sync/v1/snapshot", get(snapshots::manifest))
        .route("/sync/v1/snapshot/{hash}", get(snapshots::chunk))
        .route("/sync/v1/rights", post(rights::rights))
        .route("/sync/v1/branches", post(branches::branches))
        .layer(DefaultBodyLimit::max(SMALL_MAX_BYTES))
        .merge(exchange)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(host);
    guard(routes)
}
