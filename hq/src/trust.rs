//! How the command line trusts the HQ of a data folder: by the authority HQ made itself, if it has one.

use std::path::Path;

use anyhow::Context as _;
use lanyard_node::ca::AUTHORITY_FILE;

/// An HTTP client for the HQ of a data folder.
///
/// # Errors
/// When the authority's certificate cannot be used.
pub fn client(data: &Path) -> anyhow::Result<reqwest::Client> {
    let path = data.join(AUTHORITY_FILE);
    let authority = if path.exists() { Some(std::fs::read_to_string(&path)?) } else { None };
    lanyard_node::tls::peer_client(authority.as_deref()).context("HQ's certificate authority cannot be used")
}
