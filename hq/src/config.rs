//! Configuration of HQ: its shape and its defaults, which are those of `docs/lanyard-hq.example.toml`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use lanyard_node::config::{ConfigError, Flag, SourceFlags};
use lanyard_node::log::Log;
use serde::{Deserialize, Serialize};

/// The commented configuration with every default.
pub const EXAMPLE: &str = include_str!("../../docs/lanyard-hq.example.toml");

/// Name of the configuration file in the data folder.
const DATA_CONFIG: &str = "lanyard-hq.toml";

/// Everything an organiser may set.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of keys, token and databases.
    pub data: PathBuf,
    /// Address of the API, the status page and the sync protocol.
    pub listen: SocketAddr,
    /// Names and addresses nodes reach HQ by.
    pub names: Vec<String>,
    /// What is logged.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("lanyard-hq-data"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7_700)),
            names: Vec::new(),
            log: Log::default(),
        }
    }
}

/// Reads the configuration: defaults, file, environment, flags.
///
/// # Errors
/// Naming the file, variable or flag at fault.
pub fn configured(
    source: &SourceFlags,
    flags: impl IntoIterator<Item = Option<Flag>>,
) -> Result<Config, ConfigError> {
    source.load(DATA_CONFIG, flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_holds_the_defaults() {
        let example: Config = toml::from_str(EXAMPLE).unwrap();
        assert_eq!(example, Config::default());
    }
}
