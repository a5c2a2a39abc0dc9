//! What a server shows: the certificate it has for as long as clients believe it, else a new one.
//!
//! Responsible for the names a certificate is made for, and for when it is made anew: names or addresses that it does
//! not cover, an end that is near, files that are missing or damaged. Nobody has to trust anything again.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::ServerConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};

use super::{AUTHORITY_FILE, CaError, ServerCertificate, issue, read, read_issued};
use crate::tls::{self, TlsError};

/// How long before its end a certificate is made anew.
const RENEW_BEFORE_END: Duration = Duration::from_hours(30 * 24);

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum ServerTlsError {
    /// No certificate can be made.
    #[error("the server's certificate cannot be made; check `names` and that the data folder can be written")]
    Issue(#[from] CaError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Unusable(#[from] TlsError),
}

/// The names a server's certificate is for: those configured, the address it listens at where that is one, this
/// machine by itself, and what every node is called by whoever found it.
pub fn names_of(listen: IpAddr, configured: &[String]) -> Vec<String> {
    let mut names = configured.to_vec();
    if !listen.is_unspecified() {
        names.push(listen.to_string());
    }
    names.extend(["localhost", "127.0.0.1", "::1", tls::NODE_NAME].map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

/// What a server shows at an address: nothing on loopback, a certificate of the folder's own authority anywhere else.
pub fn server_tls(
    folder: &Path,
    node: &str,
    listen: SocketAddr,
    configured: &[String],
    now: SystemTime,
) -> Result<Option<Arc<ServerConfig>>, ServerTlsError> {
    if listen.ip().to_canonical().is_loopback() {
        return Ok(None);
    }
    let names = names_of(listen.ip(), configured);
    if let Some(config) = standing(folder, &names, now)? {
        return Ok(Some(config));
    }
    let issued = issue(folder, node, &names, now)?;
    tracing::info!(names = names.join(" "), "a new server certificate was made");
    Ok(Some(tls::server_config(&issued.chain_pem, &issued.key_pem)?))
}

/// The certificate made before, if clients believe it under every name, and will do so for a while.
fn standing(folder: &Path, names: &[String], now: SystemTime) -> Result<Option<Arc<ServerConfig>>, CaError> {
    let Some(issued) = read_issued(folder)? else { return Ok(None) };
    let authority = read(&folder.join(AUTHORITY_FILE))?;
    let believed =
        [now, now + RENEW_BEFORE_END].into_iter().all(|at| is_believed(&authority, &issued, names, at));
    // A key that belongs to another certificate is found here, as after a stop between writing the two.
    let config = tls::server_config(&issued.chain_pem, &issued.key_pem).ok();
    Ok(config.filter(|_| believed))
}

fn is_believed(authority: &str, issued: &ServerCertificate, names: &[String], at: SystemTime) -> bool {
    let (Ok(verifier), Ok(chain)) = (tls::verifier(authority), tls::chain(&issued.chain_pem)) else {
        return false;
    };
    let at = UnixTime::since_unix_epoch(at.duration_since(UNIX_EPOCH).unwrap_or_default());
    let Some((own, above)) = chain.split_first() else { return false };
    names.iter().all(|name| {
        ServerName::try_from(name.as_str())
            .is_ok_and(|name| verifier.verify_server_cert(own, above, &name, &[], at).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{SERVER_FILE, SERVER_KEY_FILE};
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    struct Server {
        folder: tempfile::TempDir,
        now: SystemTime,
    }

    impl Server {
        fn joined() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let now = SystemTime::now();
            let names = names_of("127.0.0.1".parse().unwrap(), &[]);
            issue(folder.path(), "north", &names, now).unwrap();
            Self { folder, now }
        }

        fn certificate(&self) -> Vec<u8> {
            fs::read(self.folder.path().join(SERVER_FILE)).unwrap()
        }

        /// Starts at an address and tells whether that made a new certificate.
        fn renews(&self, listen: &str, configured: &[&str]) -> bool {
            let before = self.certificate();
            let configured: Vec<_> = configured.iter().map(|name| (*name).to_owned()).collect();
            let listen = listen.parse().unwrap();
            server_tls(self.folder.path(), "north", listen, &configured, self.now).unwrap().unwrap();
            self.certificate() != before
        }
    }

    #[test]
    fn a_certificate_names_the_address_unless_it_is_every_address() {
        let at = |listen: &str| names_of(listen.parse().unwrap(), &["desk.local".to_owned()]);
        let found = tls::NODE_NAME;
        assert_eq!(at("192.0.2.7"), ["127.0.0.1", "192.0.2.7", "::1", "desk.local", "localhost", found]);
        assert_eq!(at("0.0.0.0"), ["127.0.0.1", "::1", "desk.local", "localhost", found]);
    }

    #[test]
    fn loopback_is_served_without_a_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let listen = "[::1]:7070".parse().unwrap();
        assert!(server_tls(folder.path(), "north", listen, &[], SystemTime::now()).unwrap().is_none());
    }

    #[test]
    fn a_new_address_or_name_gets_a_new_certificate_once() {
        let server = Server::joined();
        assert!(!server.renews("0.0.0.0:7070", &[]), "this machine by itself was named at join");
        assert!(server.renews("192.0.2.7:7070", &[]));
        assert!(!server.renews("192.0.2.7:7070", &[]));
        assert!(server.renews("192.0.2.7:7070", &["desk.local"]));
        assert!(!server.renews("192.0.2.7:7070", &["desk.local"]));
    }

    #[test]
    fn a_certificate_is_made_anew_a_month_before_its_end() {
        let mut server = Server::joined();
        server.now += 794 * DAY;
        assert!(!server.renews("0.0.0.0:7070", &[]));
        server.now += 2 * DAY;
        assert!(server.renews("0.0.0.0:7070", &[]));
        assert!(!server.renews("0.0.0.0:7070", &[]));
    }

    #[test]
    fn a_missing_or_foreign_key_does_not_keep_a_node_from_starting() {
        let (server, other) = (Server::joined(), Server::joined());
        let key = server.folder.path().join(SERVER_KEY_FILE);
        fs::copy(other.folder.path().join(SERVER_KEY_FILE), &key).unwrap();
        assert!(server.renews("0.0.0.0:7070", &[]));
        fs::remove_file(&key).unwrap();
        assert!(server.renews("0.0.0.0:7070", &[]));
    }
}
