//! Requests of a session over HTTP: shows who this node is, keeps the token, recognises strangers.
//!
//! A captive portal answers 200 with a page of its own; whatever is not a message of the protocol counts as
//! no answer, with words that say so.

use std::sync::Arc;
use std::time::Duration;

use lanyard_sync::limits::BATCH_TRAVEL_MAX_BYTES;
use lanyard_sync::{Challenge, ProblemReport, Reply, Request};
use reqwest::{Response, StatusCode, header};
use tokio::sync::Mutex;
use url::Url;

use crate::identity::Identity;
use crate::sync_http::CONTENT_TYPE;

/// How long one request may take before the line counts as dead.
const PATIENCE: Duration = Duration::from_secs(8);
/// Largest answer, in bytes: a batch and what surrounds it.
const ANSWER_MAX_BYTES: usize = BATCH_TRAVEL_MAX_BYTES + 64 * 1024;

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The line or the peer is away.
    #[error("the peer does not answer")]
    Away(#[source] reqwest::Error),
    /// Something else answered.
    #[error("something answered that is not HQ, such as a sign-in page of the venue's network ({what})")]
    Stranger {
        /// What it looked like.
        what: String,
    },
    /// The peer asked to come later.
    #[error("the peer is busy")]
    Busy {
        /// When, in milliseconds.
        retry_after_ms: Option<u32>,
    },
    /// The peer knows this node and refuses it.
    #[error("the peer refused the session: {}", .0.code)]
    Refused(ProblemReport),
    /// The address cannot be used.
    #[error("the peer's address cannot be used")]
    Address(#[from] url::ParseError),
}

/// The line to one peer. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    peer: Url,
    identity: Identity,
    token: Arc<Mutex<Option<String>>>,
}

impl Transport {
    pub(super) fn new(http: reqwest::Client, peer: Url, identity: Identity) -> Self {
        Self { http, peer, identity, token: Arc::default() }
    }

    /// Sends a request and waits for the reply; opens a session first when there is none.
    pub(super) async fn exchange(&self, request: &Request) -> Result<Reply, TransportError> {
        let body = request.encode();
        let token = self.token(None).await?;
        let mut response = self.send("sync/v1/exchange", Some(&token), body.clone()).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            let token = self.token(Some(&token)).await?;
            response = self.send("sync/v1/exchange", Some(&token), body).await?;
        }
        reply(response).await
    }

    /// Opens the stream of hints.
    pub(super) async fn hints(&self) -> Result<Response, TransportError> {
        let token = self.token(None).await?;
        let request = self.http.get(self.peer.join("sync/v1/hints")?).bearer_auth(token);
        let response = tokio::time::timeout(PATIENCE, request.send()).await;
        let response = response.map_err(|_| stranger("silence"))?.map_err(TransportError::Away)?;
        let is_stream = content_type(&response).starts_with("text/event-stream");
        match response.status() {
            StatusCode::OK if is_stream => Ok(response),
            StatusCode::UNAUTHORIZED => {
                *self.token.lock().await = None;
                Err(stranger("no session"))
            }
            status => Err(stranger(&status.to_string())),
        }
    }

    /// The token of the session; a new one when there is none or the known one is `stale`.
    async fn token(&self, stale: Option<&str>) -> Result<String, TransportError> {
        let mut token = self.token.lock().await;
        if let Some(known) = token.as_deref().filter(|known| Some(*known) != stale) {
            return Ok(known.to_owned());
        }
        let fresh = self.open().await?;
        *token = Some(fresh.clone());
        Ok(fresh)
    }

    async fn open(&self) -> Result<String, TransportError> {
        let scope = self.identity.scope;
        let response = self.send("sync/v1/challenge", None, scope.as_bytes().to_vec()).await?;
        let bytes = message(response).await?;
        let challenge = Challenge::decode(&bytes).map_err(|_| refusal_or_stranger(&bytes))?;
        let answer = challenge.answer(scope, self.identity.certificate.clone(), &self.identity.key).encode();
        let length = u8::try_from(bytes.len()).map_err(|_| stranger("a long challenge"))?;
        let body = [&[length][..], &bytes, &answer].concat();
        let response = self.send("sync/v1/session", None, body).await?;
        if response.status() != StatusCode::CREATED {
            return Err(refusal_or_stranger(&message(response).await?));
        }
        let token = bounded(response).await?;
        String::from_utf8(token).map_err(|_| stranger("a token that is no text"))
    }

    async fn send(&self, path: &str, token: Option<&str>, body: Vec<u8>) -> Result<Response, TransportError> {
        let request = self.http.post(self.peer.join(path)?).timeout(PATIENCE).body(body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.map_err(TransportError::Away)
    }
}

async fn reply(response: Response) -> Result<Reply, TransportError> {
    let bytes = message(response).await?;
    Reply::decode(&bytes).map_err(|_| stranger("an unreadable answer"))
}

/// The bytes of a message of the protocol.
async fn message(response: Response) -> Result<Vec<u8>, TransportError> {
    let status = response.status();
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(TransportError::Busy { retry_after_ms: retry_after_ms(&response) });
    }
    let kind = content_type(&response);
    if status != StatusCode::OK || kind != CONTENT_TYPE {
        return Err(stranger(&format!("{status}, {kind}")));
    }
    bounded(response).await
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, TransportError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(TransportError::Away)? {
        if bytes.len() + chunk.len() > ANSWER_MAX_BYTES {
            return Err(stranger("an endless answer"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn refusal_or_stranger(bytes: &[u8]) -> TransportError {
    match Reply::decode(bytes) {
        Ok(Reply::Problem(report)) => TransportError::Refused(report),
        Ok(_) | Err(_) => stranger("an unreadable answer"),
    }
}

fn stranger(what: &str) -> TransportError {
    const WHAT_MAX_CHARS: usize = 80;
    TransportError::Stranger { what: what.chars().take(WHAT_MAX_CHARS).collect() }
}

fn content_type(response: &Response) -> String {
    let value = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or("no content type").to_owned()
}

fn retry_after_ms(response: &Response) -> Option<u32> {
    let seconds: u32 = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(seconds.saturating_mul(1_000))
}
