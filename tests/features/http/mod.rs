//! The HTTP driver: HQ, nodes and lines as processes, spoken to as the page and the peers speak to them.

mod clocks;
mod deliveries;
mod hq;
mod peer;
mod printer;
mod requests;
mod seen;
mod sessions;
mod sights;
mod venue;

pub(crate) use venue::SpawnedVenue;
