//! A peer by hand: speaks the sync protocol to a node or HQ under a node's identity, one request at a time.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use lanyard_node::Identity;
use lanyard_sync::{Challenge, Reply, Request, VersionVector};

/// A session with one server.
#[derive(Debug)]
pub(crate) struct Peer {
    http: reqwest::Client,
    base: String,
    identity: Identity,
    token: String,
}

impl Peer {
    /// Opens a session with the server at `base` as the node whose folder this is.
    pub(crate) async fn open(base: &str, folder: &Path) -> anyhow::Result<Self> {
        let identity = Identity::load(folder)?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let base = base.trim_end_matches('/').to_owned();
        let scope = identity.scope;
        let asked = http.post(format!("{base}/sync/v1/challenge")).body(scope.as_bytes().to_vec());
        let bytes = asked.send().await?.bytes().await?;
        let challenge = Challenge::decode(&bytes).context("no challenge")?;
        let answer = challenge.answer(scope, identity.certificate.clone(), &identity.key).encode();
        let body = [&[u8::try_from(bytes.len())?][..], &bytes, &answer].concat();
        let opened = http.post(format!("{base}/sync/v1/session")).body(body).send().await?;
        ensure!(opened.status() == reqwest::StatusCode::CREATED, "the session was refused");
        let token = opened.text().await?;
        Ok(Self { http, base, identity, token })
    }

    async fn exchange(&self, request: &Request) -> anyhow::Result<Reply> {
        let asked = self.http.post(format!("{}/sync/v1/exchange", self.base));
        let response = asked.bearer_auth(&self.token).body(request.encode()).send().await?;
        Reply::decode(&response.bytes().await?).context("no reply of the protocol")
    }

    /// Entries that a vector lacks, as they travel, and the vector of the server.
    pub(crate) async fn pull(
        &self,
        have: &VersionVector,
    ) -> anyhow::Result<(Option<Vec<u8>>, VersionVector)> {
        let request = Request::Pull { scope: self.identity.scope, vector: have.clone() };
        match self.exchange(&request).await? {
            Reply::Pull { vector, batch } => Ok((batch, vector)),
            other => bail!("a pull was answered by {other:?}"),
        }
    }

    /// Brings a batch; false when it was not taken, such as one that comes before its time.
    pub(crate) async fn push(&self, batch: &[u8]) -> anyhow::Result<bool> {
        let request = Request::Push { scope: self.identity.scope, batch: batch.to_vec() };
        match self.exchange(&request).await? {
            Reply::Push { .. } => Ok(true),
            Reply::Problem(_) => Ok(false),
            other => bail!("a push was answered by {other:?}"),
        }
    }
}
