//! The engine of this node as it is configured: for serving, and for commands while the node does not run.

use lanyard_node::clock::{Surroundings, system_entropy};
use lanyard_node::start::{DATABASE_FILE, Started, options_here};
use lanyard_node::{Engine, Identity, Options, start};

use crate::clock::now_ms;
use crate::config::Config;

const MIB: u64 = 1024 * 1024;

/// Starts the engine with its writing thread; the data folder must be locked.
pub(crate) fn begin(config: &Config) -> anyhow::Result<(Identity, Started)> {
    let identity = Identity::load(&config.data)?;
    let started = start(&config.data, identity.clone(), options(config), surroundings())?;
    Ok((identity, started))
}

/// Opens the engine alone; the data folder must be locked.
pub(crate) fn open(config: &Config) -> anyhow::Result<Engine> {
    let (identity, database) = (Identity::load(&config.data)?, config.data.join(DATABASE_FILE));
    Ok(Engine::open(&database, identity, options(config), surroundings())?)
}

/// What is chosen about it.
pub(crate) fn options(config: &Config) -> Options {
    Options {
        default_printer: config.printers.first().map(|printer| printer.printer.clone()),
        ballast_bytes: u64::from(config.ballast_mib) * MIB,
        ..options_here()
    }
}

/// Its clock and entropy.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings::new(now_ms, system_entropy)
}
