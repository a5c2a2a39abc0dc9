//! The local certificate authority of a node or HQ, and the server certificate it issues.
//!
//! Desks trust the authority once (`ca.pem`); the server certificate may be made anew for other names or
//! addresses without anybody having to trust anything again. Both keys are readable by their owner alone.

mod serving;

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

pub use serving::{ServerTlsError, names_of, server_tls};

use crate::tls;

/// The authority's certificate, for desks to trust.
pub const AUTHORITY_FILE: &str = "ca.pem";
const AUTHORITY_KEY_FILE: &str = "ca.key";
/// The server's certificate.
pub const SERVER_FILE: &str = "server.pem";
/// The server's key.
pub const SERVER_KEY_FILE: &str = "server.key";

const DAY: Duration = Duration::from_hours(24);
const AUTHORITY_DAYS: u32 = 3_650;
/// What browsers accept at most from an authority somebody installed.
const SERVER_DAYS: u32 = 825;

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A name is none, or a key is damaged.
    #[error("the certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
}

/// A chain and its key, as PEM.
#[derive(Debug)]
pub struct ServerCertificate {
    /// The server's certificate and the authority's.
    pub chain_pem: String,
    /// The server's key.
    pub key_pem: String,
}

/// Makes the authority where there is none, and a server certificate for the names and addresses given.
pub fn issue(
    folder: &Path,
    node: &str,
    names: &[String],
    now: SystemTime,
) -> Result<ServerCertificate, CaError> {
    let key = authority_key(folder)?;
    let params = authority_params(node, now);
    let authority_file = folder.join(AUTHORITY_FILE);
    if !authority_file.exists() {
        write(&authority_file, &params.self_signed(&key)?.pem(), 0o644)?;
    }
    let authority_pem = read(&authority_file)?;
    let issuer = Issuer::new(params, key);
    let mut server = CertificateParams::new(names)?;
    server.distinguished_name.push(DnType::CommonName, node);
    server.not_before = (now - DAY).into();
    server.not_after = (now + DAY * SERVER_DAYS).into();
    server.use_authority_key_identifier_extension = true;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_key = KeyPair::generate()?;
    let certificate = server.signed_by(&server_key, &issuer)?;
    let chain_pem = certificate.pem() + &authority_pem;
    let key_pem = server_key.serialize_pem();
    write(&folder.join(SERVER_KEY_FILE), &key_pem, 0o600)?;
    write(&folder.join(SERVER_FILE), &chain_pem, 0o644)?;
    Ok(ServerCertificate { chain_pem, key_pem })
}

/// The authority's certificate in DER, as others are told of it.
pub fn authority(folder: &Path) -> Result<Vec<u8>, ServerTlsError> {
    let chain = tls::chain(&read(&folder.join(AUTHORITY_FILE))?)?;
    Ok(chain.first().map(|own| own.to_vec()).unwrap_or_default())
}

/// Reads the server certificate made before; none where it or a part of it is missing.
fn read_issued(folder: &Path) -> Result<Option<ServerCertificate>, CaError> {
    if [SERVER_FILE, SERVER_KEY_FILE, AUTHORITY_FILE].iter().any(|file| !folder.join(file).exists()) {
        return Ok(None);
    }
    let chain_pem = read(&folder.join(SERVER_FILE))?;
    let key_pem = read(&folder.join(SERVER_KEY_FILE))?;
    Ok(Some(ServerCertificate { chain_pem, key_pem }))
}

fn authority_key(folder: &Path) -> Result<KeyPair, CaError> {
    let file = folder.join(AUTHORITY_KEY_FILE);
    if file.exists() {
        return Ok(KeyPair::from_pem(&read(&file)?)?);
    }
    let key = KeyPair::generate()?;
    write(&file, &key.serialize_pem(), 0o600)?;
    Ok(key)
}

fn authority_params(node: &str, now: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, format!("Lanyard node {node}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = (now - DAY).into();
    params.not_after = (now + DAY * AUTHORITY_DAYS).into();
    params
}

fn read(path: &Path) -> Result<String, CaError> {
    fs::read_to_string(path).map_err(|source| CaError::File { path: path.to_owned(), source })
}

/// Writes a file whole or not at all; it has its mode from the first byte on.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), CaError> {
    let draft = path.with_extension("new");
    let written = || {
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    written().map_err(|source| CaError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use axum::Router;
    use axum::routing::get;

    use super::*;
    use crate::http::{Bound, Listen, StopSwitch};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_client_that_pinned_the_authority_reaches_the_server_and_nobody_elses() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let issued = issue(folder.path(), "north", &names, SystemTime::now()).expect("it is made");
        issue(other.path(), "north", &names, SystemTime::now()).expect("it is made");
        let tls = tls::server_config(&issued.chain_pem, &issued.key_pem).expect("they go together");
        let address = "127.0.0.1:0".parse().unwrap();
        let bound = Bound::bind(&Listen { address, tls: Some(tls) }).expect("loopback is free");
        let url = format!("{}/healthz", bound.url());
        let (switch, stop) = StopSwitch::new();
        let served = tokio::spawn(bound.serve(Router::new().route("/healthz", get(|| async { "ok" })), stop));
        let pinned = |folder: &Path| {
            let pem = fs::read_to_string(folder.join(AUTHORITY_FILE)).expect("it was written");
            tls::peer_client(Some(&pem)).expect("a client")
        };
        let answer = pinned(folder.path()).get(&url).send().await.expect("it is trusted");
        assert_eq!(answer.text().await.expect("a body"), "ok");
        let error = pinned(other.path()).get(&url).send().await.expect_err("it is not trusted");
        assert!(error.is_connect(), "{error}");
        switch.stop();
        served.await.expect("no panic").expect("it stops in good order");
    }

    #[test]
    fn keys_are_their_owners_alone_and_the_authority_stays() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["localhost".to_owned()];
        issue(folder.path(), "north", &names, SystemTime::now()).expect("it is made");
        let before = fs::read(folder.path().join(AUTHORITY_FILE)).unwrap();
        let again =
            issue(folder.path(), "north", &["192.0.2.7".to_owned()], SystemTime::now()).expect("it is made");
        assert_eq!(fs::read(folder.path().join(AUTHORITY_FILE)).unwrap(), before);
        let issued = read_issued(folder.path()).expect("readable").expect("there is one");
        assert_eq!(issued.chain_pem, again.chain_pem);
        for file in [AUTHORITY_KEY_FILE, SERVER_KEY_FILE] {
            assert_eq!(mode(&folder.path().join(file)), 0o600, "{file}");
        }
    }
}
