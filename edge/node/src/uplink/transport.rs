//! Requests of a session over HTTP: shows who this node is, keeps the token, recognises strangers.
//!
//! A captive portal answers 200 with a page of its own; whatever is not a message of the protocol counts as
//! no answer, with words that say so.

use std::sync::Arc;
use std::time::Duration;

use lanyard_domain::FreshCheckIn;
use lanyard_sync::limits::BATCH_TRAVEL_MAX_BYTES;
use lanyard_sync::{Batch, CALL_TIMEOUT_MS, Challenge, ProblemReport, Reply, Request, VersionVector};
use reqwest::{RequestBuilder, Response, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use url::Url;

use crate::branch::{Compare, Compared};
use crate::identity::Identity;
use crate::rights::{Given, Wanted};
use crate::sync_http::CONTENT_TYPE;

/// How long the line may be silent before it counts as dead.
const SILENCE: Duration = Duration::from_secs(8);
/// The slowest line on which a request is still waited for, in bytes a second. What is on its way to the peer cannot
/// be told from silence, so a request may take so much longer: the largest batch about all the time there is.
const SLOWEST_BYTES_PER_S: u32 = 48 * 1024;
/// How long one call may take: as long as the session waits for it.
const CALL: Duration = Duration::from_millis(CALL_TIMEOUT_MS);
/// Largest answer, in bytes: a batch and what surrounds it.
const ANSWER_MAX_BYTES: usize = BATCH_TRAVEL_MAX_BYTES + 64 * 1024;

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The line or the peer is away.
    #[error("the peer does not answer")]
    Away(#[source] reqwest::Error),
    /// Nothing came for too long.
    #[error("the peer does not answer in time")]
    Silent,
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
    silence: Duration,
}

impl Transport {
    pub(super) fn new(http: reqwest::Client, peer: Url, identity: Identity) -> Self {
        Self { http, peer, identity, token: Arc::default(), silence: SILENCE }
    }

    /// Sends a request and waits for the reply; opens a session first when there is none.
    pub(super) async fn exchange(&self, request: &Request) -> Result<Reply, TransportError> {
        within(CALL, self.call(request)).await?
    }

    async fn call(&self, request: &Request) -> Result<Reply, TransportError> {
        let body = request.encode();
        let token = self.token(None).await?;
        let mut response = self.send("sync/v1/exchange", Some(&token), body.clone()).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            let token = self.token(Some(&token)).await?;
            response = self.send("sync/v1/exchange", Some(&token), body).await?;
        }
        let bytes = self.message(response, ANSWER_MAX_BYTES).await?;
        Reply::decode(&bytes).map_err(|_| stranger("an unreadable answer"))
    }

    /// Asks for the next batch of what a vector lacks.
    pub(super) async fn pull(&self, have: VersionVector) -> Result<Option<Batch>, TransportError> {
        let request = Request::Pull { scope: self.identity.scope, vector: have };
        match self.exchange(&request).await? {
            Reply::Pull { batch: None, .. } => Ok(None),
            Reply::Pull { batch: Some(bytes), .. } => {
                Batch::decode(&bytes).map(Some).map_err(|_| stranger("an unreadable batch"))
            }
            Reply::Problem(report) => Err(TransportError::Refused(report)),
            Reply::Hello(_) | Reply::Push { .. } => Err(stranger("another answer")),
        }
    }

    /// Asks for seat rights, over a session that is open or opened for it.
    pub(super) async fn ask(&self, wanted: &Wanted) -> Result<Given, TransportError> {
        self.ask_beside("sync/v1/rights", wanted).await
    }

    /// Asks where two copies of a log part.
    pub(super) async fn compare(&self, question: &Compare) -> Result<Compared, TransportError> {
        self.ask_beside("sync/v1/branches", question).await
    }

    /// Tells of fresh check-ins.
    pub(super) async fn tell(&self, fresh: &[FreshCheckIn]) -> Result<(), TransportError> {
        let told = async { self.post("sync/v1/hints", fresh, StatusCode::NO_CONTENT).await.map(drop) };
        within(CALL, told).await?
    }

    /// Asks something beside the log, in JSON.
    async fn ask_beside<A: DeserializeOwned>(
        &self,
        path: &str,
        question: &impl Serialize,
    ) -> Result<A, TransportError> {
        within(CALL, async {
            let response = self.post(path, question, StatusCode::OK).await?;
            let bytes = self.bounded(response, ANSWER_MAX_BYTES).await?;
            serde_json::from_slice(&bytes).map_err(|_| stranger("an unreadable answer"))
        })
        .await?
    }

    async fn post(
        &self,
        path: &str,
        body: &(impl Serialize + ?Sized),
        wanted: StatusCode,
    ) -> Result<Response, TransportError> {
        let token = self.token(None).await?;
        let request = self.http.post(self.peer.join(path)?).bearer_auth(token).json(body);
        self.accepted(request, wanted).await
    }

    /// Asks for bytes beside the session, at most so many; none where the peer has none.
    pub(super) async fn fetch(
        &self,
        path: &str,
        question: Option<Vec<u8>>,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, TransportError> {
        within(CALL, async {
            let (token, url) = (self.token(None).await?, self.peer.join(path)?);
            let request = match question {
                Some(question) => self.http.post(url).body(question),
                None => self.http.get(url),
            };
            let response = request.bearer_auth(token).send().await.map_err(TransportError::Away)?;
            match response.status() {
                StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => Ok(None),
                StatusCode::UNAUTHORIZED => {
                    *self.token.lock().await = None;
                    Err(TransportError::Busy { retry_after_ms: None })
                }
                _ => self.message(response, max_bytes).await.map(Some),
            }
        })
        .await?
    }

    /// Opens the stream of hints.
    pub(super) async fn hints(&self) -> Result<Response, TransportError> {
        within(CALL, async {
            let token = self.token(None).await?;
            let request = self.http.get(self.peer.join("sync/v1/hints")?).bearer_auth(token);
            let response = self.accepted(request, StatusCode::OK).await?;
            let kind = content_type(&response);
            if kind.starts_with("text/event-stream") { Ok(response) } else { Err(stranger(&kind)) }
        })
        .await?
    }

    /// The answer to a request that is no exchange, if it has the status it should.
    async fn accepted(
        &self,
        request: RequestBuilder,
        wanted: StatusCode,
    ) -> Result<Response, TransportError> {
        let response = within(self.silence, request.send()).await?.map_err(TransportError::Away)?;
        match response.status() {
            status if status == wanted => Ok(response),
            StatusCode::UNAUTHORIZED => {
                *self.token.lock().await = None;
                Err(stranger("no session"))
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                Err(TransportError::Busy { retry_after_ms: retry_after_ms(&response) })
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
        let bytes = self.message(response, ANSWER_MAX_BYTES).await?;
        let challenge = Challenge::decode(&bytes).map_err(|_| refusal_or_stranger(&bytes))?;
        let answer = challenge.answer(scope, self.identity.certificate.clone(), &self.identity.key).encode();
        let length = u8::try_from(bytes.len()).map_err(|_| stranger("a long challenge"))?;
        let body = [&[length][..], &bytes, &answer].concat();
        let response = self.send("sync/v1/session", None, body).await?;
        if response.status() != StatusCode::CREATED {
            return Err(refusal_or_stranger(&self.message(response, ANSWER_MAX_BYTES).await?));
        }
        let token = self.bounded(response, ANSWER_MAX_BYTES).await?;
        String::from_utf8(token).map_err(|_| stranger("a token that is no text"))
    }

    async fn send(&self, path: &str, token: Option<&str>, body: Vec<u8>) -> Result<Response, TransportError> {
        let patience = self.patience(body.len());
        let request = self.http.post(self.peer.join(path)?).body(body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        within(patience, request.send()).await?.map_err(TransportError::Away)
    }

    /// How long the answer to a request of so many bytes may take to begin.
    fn patience(&self, bytes: usize) -> Duration {
        let passage = Duration::from_secs(1) * u32::try_from(bytes).unwrap_or(u32::MAX) / SLOWEST_BYTES_PER_S;
        self.silence + passage
    }

    /// The bytes of a message of the protocol.
    async fn message(&self, response: Response, max_bytes: usize) -> Result<Vec<u8>, TransportError> {
        let status = response.status();
        if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(TransportError::Busy { retry_after_ms: retry_after_ms(&response) });
        }
        let kind = content_type(&response);
        if status != StatusCode::OK || kind != CONTENT_TYPE {
            return Err(stranger(&format!("{status}, {kind}")));
        }
        self.bounded(response, max_bytes).await
    }

    async fn bounded(&self, mut response: Response, max_bytes: usize) -> Result<Vec<u8>, TransportError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = within(self.silence, response.chunk()).await?.map_err(TransportError::Away)? {
            if bytes.len() + chunk.len() > max_bytes {
                return Err(stranger("an endless answer"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// Waits for something for so long.
async fn within<T>(most: Duration, something: impl Future<Output = T>) -> Result<T, TransportError> {
    tokio::time::timeout(most, something).await.map_err(|_| TransportError::Silent)
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::Router;
    use axum::body::Body;
    use axum::routing::post;
    use futures_util::stream;
    use lanyard_sync::limits::BATCH_CUT_BYTES;
    use lanyard_sync::{Role, ScopeId, SigningKey, VersionVector};
    use tokio::time::sleep;

    use super::*;
    use crate::http::{Bound, Listen, StopSwitch};

    const SCOPE: ScopeId = ScopeId([5; 16]);
    const PAUSE: Duration = Duration::from_millis(150);
    const SHORT_SILENCE: Duration = Duration::from_millis(400);

    fn north() -> Identity {
        let organiser = SigningKey::from_seed(&[200; 32]);
        Identity::generate(&organiser, "north", [Role::Venue].into(), SCOPE, 4_000_000_000_000, [1; 32])
            .unwrap()
    }

    /// Asks a peer that begins to answer after a while and goes on piece by piece.
    async fn ask(request: &Request, begins_after: Duration, pieces: usize) -> Result<Reply, TransportError> {
        let reply = Reply::Pull { vector: VersionVector::default(), batch: Some(vec![7; 4_000]) }.encode();
        let answer = move || async move {
            sleep(begins_after).await;
            let pieces: Vec<_> = reply.chunks(reply.len().div_ceil(pieces)).map(<[u8]>::to_vec).collect();
            let body = stream::unfold(pieces.into_iter(), async |mut pieces| {
                let piece = pieces.next()?;
                sleep(PAUSE).await;
                Some((Ok::<_, Infallible>(piece), pieces))
            });
            ([(header::CONTENT_TYPE, CONTENT_TYPE)], Body::from_stream(body))
        };
        ask_of(Router::new().route("/sync/v1/exchange", post(answer)), request).await
    }

    /// Asks a peer that answers so.
    async fn ask_of(router: Router, request: &Request) -> Result<Reply, TransportError> {
        let bound = Bound::bind(&Listen { address: "127.0.0.1:0".parse().unwrap(), tls: None }).unwrap();
        let peer = bound.url().parse().unwrap();
        let (_switch, stop) = StopSwitch::new();
        let served = tokio::spawn(bound.serve(router, stop));
        let mut transport = Transport::new(crate::tls::peer_client(None).unwrap(), peer, north());
        transport.silence = SHORT_SILENCE;
        *transport.token.lock().await = Some("token".to_owned());
        let result = transport.exchange(request).await;
        served.abort();
        result
    }

    fn pull() -> Request {
        Request::Pull { scope: SCOPE, vector: VersionVector::default() }
    }

    #[tokio::test]
    async fn an_answer_may_take_longer_than_a_silence_while_it_comes() {
        let reply = ask(&pull(), Duration::ZERO, 5).await.unwrap();
        assert!(matches!(reply, Reply::Pull { batch: Some(batch), .. } if batch.len() == 4_000));
    }

    #[tokio::test]
    async fn a_silent_line_is_noticed() {
        assert!(matches!(ask(&pull(), 2 * SHORT_SILENCE, 1).await, Err(TransportError::Silent)));
    }

    #[tokio::test]
    async fn a_busy_peer_says_when_to_come_again() {
        let later = (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "7")], "later");
        let router = Router::new().route("/sync/v1/exchange", post(async || later));
        let refused = ask_of(router, &pull()).await;
        assert!(matches!(refused, Err(TransportError::Busy { retry_after_ms: Some(7_000) })), "{refused:?}");
    }

    #[tokio::test]
    async fn a_large_request_is_waited_for_longer() {
        let batch = vec![0; usize::try_from(SLOWEST_BYTES_PER_S).unwrap()];
        ask(&Request::Push { scope: SCOPE, batch }, 2 * SHORT_SILENCE, 1).await.unwrap();
    }

    #[test]
    fn the_largest_batch_has_nearly_all_the_time_there_is_and_a_small_one_little() {
        let transport =
            Transport::new(crate::tls::peer_client(None).unwrap(), "http://[::1]".parse().unwrap(), north());
        assert!((Duration::from_secs(28)..=CALL).contains(&transport.patience(BATCH_CUT_BYTES)));
        assert!(transport.patience(50_000) < SILENCE + Duration::from_secs(2));
    }
}
