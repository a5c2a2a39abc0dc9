//! Getting to know a node that was found on a network, before anything is said to it or believed of it.

use std::net::SocketAddr;
use std::time::Duration;

use lanyard_sync::limits::AUTHORITY_MAX_BYTES;
use lanyard_sync::{HandshakeError, Introduction, NodeId};
use url::Url;

use crate::identity::Identity;
use crate::tls::{self, NODE_NAME, TlsError};

/// How long a node may take to introduce itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest answer: an authority, and a certificate with as many scopes as it may have.
const ANSWER_MAX_BYTES: usize = AUTHORITY_MAX_BYTES + 16 * 1024;

/// A node of the same conference, and the way to it.
#[derive(Debug)]
pub struct Introduced {
    /// Which node.
    pub node: NodeId,
    /// What people call it.
    pub name: String,
    /// Where it is, for `http`.
    pub url: Url,
    /// Speaks to this node and to nobody else.
    pub http: reqwest::Client,
}

/// Why somebody who was found is nobody to speak to.
#[derive(Debug, thiserror::Error)]
pub enum IntroductionError {
    /// Nothing is there, or it does not answer.
    #[error("nobody introduces themselves")]
    Away(#[source] reqwest::Error),
    /// It takes too long.
    #[error("nobody introduces themselves in time")]
    Silent,
    /// What was answered is no introduction.
    #[error("what answers is no node")]
    Stranger,
    /// The introduction is not of a node of this conference.
    #[error("what answers is no node of this conference")]
    NotOfTheConference(#[source] HandshakeError),
    /// Its authority cannot be used.
    #[error("the node's certificate authority cannot be used")]
    Tls(#[from] TlsError),
    /// Without an address there is no way.
    #[error("the node has no address")]
    NoAddress,
}

/// Asks whoever is at one of the addresses, which share a port, who they are.
///
/// # Errors
/// Why it is nobody to speak to.
pub async fn introduce(
    addresses: &[SocketAddr],
    identity: &Identity,
) -> Result<Introduced, IntroductionError> {
    let port = addresses.first().ok_or(IntroductionError::NoAddress)?.port();
    let url: Url = format!("https://{NODE_NAME}:{port}/").parse().expect("a name and a port make an address");
    let asked = url.join("sync/v1/introduction").expect("a path below an address");
    let http = tls::credulous_client(addresses)?;
    let read = tokio::time::timeout(PATIENCE, read(&http, asked)).await;
    let bytes = read.map_err(|_| IntroductionError::Silent)??;
    let introduction = Introduction::decode(&bytes).map_err(|_| IntroductionError::Stranger)?;
    introduction
        .verify(&identity.scope, &identity.organiser_key)
        .map_err(IntroductionError::NotOfTheConference)?;
    let http = tls::introduced_client(&introduction.authority, addresses)?;
    let claims = introduction.certificate.claims;
    Ok(Introduced { node: claims.node, name: claims.name, url, http })
}

async fn read(http: &reqwest::Client, asked: Url) -> Result<Vec<u8>, IntroductionError> {
    let mut response = http.get(asked).send().await.map_err(IntroductionError::Away)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(IntroductionError::Away)? {
        if bytes.len() + chunk.len() > ANSWER_MAX_BYTES {
            return Err(IntroductionError::Stranger);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use axum::Router;
    use axum::routing::get;
    use lanyard_sync::{Role, ScopeId, SigningKey};

    use super::*;
    use crate::ca;
    use crate::http::{Bound, Listen, StopSwitch};
    use crate::sync_http::introduction_route;

    fn identity(seed: u8, organiser: u8, scope: u8) -> Identity {
        let organiser = SigningKey::from_seed(&[organiser; 32]);
        let (roles, scope) = ([Role::Venue].into(), ScopeId([scope; 16]));
        Identity::generate(&organiser, "south", roles, scope, 4_000_000_000_000, [seed; 32]).unwrap()
    }

    /// A server with a certificate authority of its own, which says whatever it is given of whose that is.
    struct Server {
        folder: tempfile::TempDir,
        address: SocketAddr,
        _switch: StopSwitch,
    }

    impl Server {
        fn start(introduction: impl FnOnce(Vec<u8>) -> Introduction) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let names = ca::names_of("0.0.0.0".parse().unwrap(), &[]);
            let issued = ca::issue(folder.path(), "south", &names, SystemTime::now()).unwrap();
            let tls = tls::server_config(&issued.chain_pem, &issued.key_pem).unwrap();
            let listen = Listen { address: "127.0.0.1:0".parse().unwrap(), tls: Some(tls) };
            let bound = Bound::bind(&listen).unwrap();
            let address = bound.address();
            let introduction = introduction(ca::authority(folder.path()).unwrap());
            let router =
                introduction_route(&introduction).route("/secret", get(async || "for whoever was told of"));
            let (switch, stop) = StopSwitch::new();
            tokio::spawn(bound.serve(router, stop));
            Self { folder, address, _switch: switch }
        }
    }

    fn sign(identity: &Identity, authority: Vec<u8>) -> Introduction {
        Introduction::sign(identity.certificate.clone(), authority, &identity.key)
    }

    #[tokio::test]
    async fn a_node_of_the_conference_is_spoken_to_by_its_own_authority() {
        let (north, south) = (identity(1, 200, 5), identity(2, 200, 5));
        let server = Server::start(|authority| sign(&south, authority));
        let met = introduce(&[server.address], &north).await.unwrap();
        assert_eq!((met.node, met.name.as_str()), (south.node, "south"));
        let answer = met.http.get(met.url.join("secret").unwrap()).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "for whoever was told of");
    }

    #[tokio::test]
    async fn nodes_of_others_and_strangers_are_told_apart() {
        let north = identity(1, 200, 5);
        for (organiser, scope) in [(200, 6), (201, 5)] {
            let other = identity(2, organiser, scope);
            let server = Server::start(|authority| sign(&other, authority));
            let refused = introduce(&[server.address], &north).await;
            assert!(matches!(refused, Err(IntroductionError::NotOfTheConference(_))), "{refused:?}");
        }
        let bound = Bound::bind(&Listen { address: "127.0.0.1:0".parse().unwrap(), tls: None }).unwrap();
        let address = bound.address();
        let (_switch, stop) = StopSwitch::new();
        tokio::spawn(bound.serve(Router::new(), stop));
        let refused = introduce(&[address], &north).await;
        assert!(matches!(refused, Err(IntroductionError::Away(_))), "it speaks no TLS: {refused:?}");
    }

    #[tokio::test]
    async fn an_introduction_that_somebody_passes_on_leads_past_them() {
        let (north, south) = (identity(1, 200, 5), identity(2, 200, 5));
        let real = Server::start(|authority| sign(&south, authority));
        let authority = ca::authority(real.folder.path()).unwrap();
        let between = Server::start(|_| sign(&south, authority));
        let met = introduce(&[between.address], &north).await.unwrap();
        let asked = met.http.get(met.url.join("secret").unwrap()).send().await;
        assert!(asked.is_err_and(|error| error.is_connect()), "nothing is said to whoever is in between");
    }
}
