//! TLS: what a server shows, and whom a client believes.
//!
//! TLS 1.3 only, on one crypto provider. A client that was given HQ's certificate authority at join believes
//! that one alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lanyard_sync::session::IDLE_HELLO_MS;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::http::HEAD_TIMEOUT;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What every node is called by whoever found it on a network; `.internal` is nobody's in the public DNS.
pub const NODE_NAME: &str = "node.lanyard.internal";
/// How long a connection is kept that nothing is asked on: longer than an idle node waits between two hellos, and shorter
/// than a server keeps it. A request that meets the end of its connection would look like a peer that is gone.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
const _: () = assert!(
    Duration::from_millis(IDLE_HELLO_MS).as_millis() < IDLE_TIMEOUT.as_millis()
        && IDLE_TIMEOUT.as_millis() < HEAD_TIMEOUT.as_millis()
);

/// Why a TLS configuration cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM text holds no certificate or key.
    #[error("{what} cannot be read as PEM")]
    Pem {
        /// Which text.
        what: &'static str,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not go together, or cannot be used.
    #[error("the certificate cannot be used")]
    Unusable(#[from] rustls::Error),
    /// The authority's certificate cannot be used to check others.
    #[error("the certificate authority cannot be used")]
    Authority(#[from] rustls::client::VerifierBuilderError),
    /// The client cannot be built.
    #[error("the HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
}

/// What a server shows: the chain, its own certificate first, and the key of that.
pub fn server_config(chain_pem: &str, key_pem: &str) -> Result<Arc<ServerConfig>, TlsError> {
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes())
        .map_err(|source| TlsError::Pem { what: "the server's key", source })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain(chain_pem)?, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A client that believes the given authorities alone.
fn pinned_client_config(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// What checks a server's certificate the way a client does that believes the given authority alone.
pub(crate) fn verifier(authority_pem: &str) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let roots = Arc::new(roots(authority_pem)?);
    let builder = WebPkiServerVerifier::builder_with_provider(roots, Arc::new(ring::default_provider()));
    Ok(builder.build()?)
}

/// A server's certificate and those above it.
pub(crate) fn chain(chain_pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates(chain_pem, "the server's certificate")
}

fn roots(authority_pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authority_pem, "the certificate authority")? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

/// An HTTP client for peers: it believes the given authority alone, or, without one, those the system does.
///
/// It follows no redirects and uses no proxy: a peer answers itself or not at all. It speaks HTTP/1.1, where a request
/// that is given up takes its connection with it; one that is shared by requests would outlive a peer that vanished.
pub fn peer_client(authority_pem: Option<&str>) -> Result<reqwest::Client, TlsError> {
    let builder = if let Some(pem) = authority_pem {
        plain_builder().tls_backend_preconfigured(pinned_client_config(roots(pem)?)?)
    } else {
        install_provider();
        plain_builder().tls_version_min(reqwest::tls::Version::TLS_1_3)
    };
    Ok(builder.build()?)
}

/// A client for a node that introduced itself: it believes the authority of the introduction (DER) alone, and finds
/// [`NODE_NAME`] at the given addresses.
pub(crate) fn introduced_client(
    authority: &[u8],
    addresses: &[SocketAddr],
) -> Result<reqwest::Client, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority))?;
    let builder = plain_builder().tls_backend_preconfigured(pinned_client_config(roots)?);
    Ok(builder.resolve_to_addrs(NODE_NAME, addresses).build()?)
}

/// A client that believes anybody, to ask whoever is found for an introduction and for nothing else.
pub(crate) fn credulous_client(addresses: &[SocketAddr]) -> Result<reqwest::Client, TlsError> {
    install_provider();
    let builder =
        plain_builder().tls_danger_accept_invalid_certs(true).resolve_to_addrs(NODE_NAME, addresses);
    Ok(builder.build()?)
}

fn plain_builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
}

/// Chooses the provider of cryptography for libraries that ask for the process's own; the first choice stays.
pub fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Whoever came first between the two lines chose the same or knew better.
        drop(ring::default_provider().install_default());
    }
}

fn certificates(pem: &str, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match all {
        Ok(all) if all.is_empty() => {
            Err(TlsError::Pem { what, source: rustls::pki_types::pem::Error::NoItemsFound })
        }
        Ok(all) => Ok(all),
        Err(source) => Err(TlsError::Pem { what, source }),
    }
}
