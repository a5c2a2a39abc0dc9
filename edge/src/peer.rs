//! The HTTP client for HQ and for other nodes.

use std::path::Path;

use anyhow::Context as _;
use lanyard_node::tls;

/// A client that believes the certificate authority of a file alone; without one it speaks plain HTTP on loopback.
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub(crate) fn client(ca: Option<&Path>) -> anyhow::Result<reqwest::Client> {
    let pem = ca
        .map(|path| {
            std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
        })
        .transpose()?;
    Ok(tls::peer_client(pem.as_deref())?)
}
