//! Pieces of HTTP that the venue node and HQ share.
//!
//! Responsible for answers to what goes wrong (problem+json with a stable code word), for reading requests
//! strictly, for the headers every answer to a browser carries, for the one card that both show, and for starting and
//! stopping a server. What a route means is for the binaries.

mod body;
mod conflict_card;
mod fallback;
mod headers;
mod problem;
mod refused;
mod security;
mod server;
mod stop;

pub use body::{JSON_MAX_BYTES, Json, request_hash};
pub use conflict_card::{ConflictCard, ResolutionCard, SideCard};
pub use fallback::{guard, guard_for_browsers, method_not_allowed, not_found};
pub use headers::{IDEMPOTENT_REPLAY, IdempotencyKey, IfMatch, entity_tag};
pub use problem::Problem;
pub(crate) use server::HEAD_TIMEOUT;
pub use server::{Bound, Listen, StartError};
pub use stop::{Stop, StopSwitch};
