//! Addresses of HQ and of other nodes, the HTTP client for them, and opening lines to them.

use std::net::IpAddr;
use std::path::Path;

use anyhow::Context as _;
use lanyard_node::uplink::{Uplink, UplinkHandle};
use lanyard_node::{Identity, Reader, Writer, tls};
use url::{Host, Url};

use crate::config::Config;

/// Why a peer is not spoken to at an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// It is no address of a server.
    #[error("“{address}” is no address; write it like https://hq.example.org:7700")]
    Unreadable {
        /// As it was given.
        address: String,
    },
    /// Plain HTTP would cross a network.
    #[error(
        "“{address}” begins with http:// and is not on this machine: join codes, names and PINs would cross the \
         network in the clear; write https:// and give its certificate authority (ca.pem of its data folder)"
    )]
    PlainBeyondLoopback {
        /// As it was given.
        address: String,
    },
}

/// Reads a peer's address: `https://`, or `http://` on loopback.
///
/// # Errors
/// When it is none, or would be spoken to in the clear over a network.
pub(crate) fn address(text: &str) -> Result<Url, AddressError> {
    let unreadable = || AddressError::Unreadable { address: text.to_owned() };
    let url = Url::parse(text).map_err(|_| unreadable())?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(AddressError::PlainBeyondLoopback { address: text.to_owned() }),
        _ => Err(unreadable()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
        None => false,
    }
}

/// A client that believes the certificate authority of a file alone; without one, those the system believes.
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

/// Opens lines to peers for this node.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    /// Who this node is.
    pub(crate) identity: Identity,
    /// Stores what is pulled.
    pub(crate) writer: Writer,
    /// Reads what is pushed.
    pub(crate) reader: Reader,
}

impl Connector {
    /// Opens a line to a configured address.
    ///
    /// # Errors
    /// When the address or its certificate authority cannot be used.
    pub(crate) fn connect(&self, url: &str, ca: &Path) -> anyhow::Result<UplinkHandle> {
        Ok(self.open(address(url)?, client(Config::path(ca))?))
    }

    /// Opens a line over a client that reaches the peer and nobody else.
    pub(crate) fn open(&self, peer: Url, http: reqwest::Client) -> UplinkHandle {
        let Self { identity, writer, reader } = self.clone();
        Uplink { peer, http, identity, writer, reader }.start()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for good in [
            "https://hq.example.org:7700",
            "http://127.0.0.1:7700",
            "http://localhost:1",
            "http://[::1]:7700",
        ] {
            assert_eq!(
                address(good).map(|url| url.scheme().to_owned()).ok().as_deref(),
                good.split(':').next()
            );
        }
        for plain in [
            "http://192.168.1.20:7700",
            "http://hq.example.org",
            "http://localhost.example.org",
            "http://0.0.0.0",
        ] {
            let error = address(plain).expect_err("it would cross the network");
            assert_eq!(error, AddressError::PlainBeyondLoopback { address: plain.to_owned() });
            assert!(error.to_string().contains("https://"), "{error}");
        }
        for none in ["hq.example.org:7700", "", "ftp://127.0.0.1"] {
            assert_eq!(address(none), Err(AddressError::Unreadable { address: none.to_owned() }));
        }
    }
}
