//! What `lanyard-hq serve` can be told.

use std::net::SocketAddr;

use clap::Args;
use serde::{Deserialize, Serialize};

/// Flags of `serve`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct ServeFlags {
    /// Address and port to listen on; anything but loopback needs `--name` for the certificate.
    #[arg(long, env = "LANYARD_HQ_LISTEN", default_value = "127.0.0.1:7700")]
    pub listen: SocketAddr,
    /// Names and addresses under which nodes reach HQ; HQ makes itself a certificate for them.
    #[arg(long = "name", env = "LANYARD_HQ_NAMES", value_delimiter = ',')]
    pub names: Vec<String>,
    /// Prints one line of JSON with the address once HQ is ready.
    #[arg(long)]
    pub announce: bool,
    /// Writes the log as JSON.
    #[arg(long, env = "LANYARD_HQ_LOG_JSON")]
    pub log_json: bool,
}
