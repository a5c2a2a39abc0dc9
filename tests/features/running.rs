//! Which driver the running suite uses.

use std::sync::OnceLock;

use crate::domain::MemoryVenue;
use crate::driver::{Driver, Plan};
use crate::http::SpawnedVenue;

/// What stands behind the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nodes in memory.
    Domain,
    /// Spawned binaries.
    Http,
}

static KIND: OnceLock<Kind> = OnceLock::new();

/// Chooses the driver for the rest of the process.
///
/// # Panics
/// When it was chosen before.
pub(crate) fn choose(kind: Kind) {
    KIND.set(kind).expect("the driver is chosen once");
}

/// Opens a venue with the chosen driver.
pub(crate) async fn open(plan: &Plan) -> anyhow::Result<Box<dyn Driver>> {
    Ok(match KIND.get().expect("the driver is chosen before the first step") {
        Kind::Domain => Box::new(MemoryVenue::open(plan)?),
        Kind::Http => Box::new(SpawnedVenue::open(plan).await?),
    })
}
