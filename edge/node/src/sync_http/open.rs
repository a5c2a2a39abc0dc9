//! Opening a session: a challenge, its answer, a token.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use lanyard_sync::{Challenge, ChallengeAnswer, HandshakeError, Problem, Reply, ScopeId};

use super::message::Message;
use super::sessions::Peer;
use super::{CONTENT_TYPE, Host};
use crate::clock::system_now_ms;

/// A challenge as it travels, to which its answer is prefixed: server, nonce.
const CHALLENGE_BYTES_MAX: usize = 64;

/// `POST /sync/v1/challenge`: body is the 16 bytes of a scope, the answer a challenge.
pub(super) async fn challenge(State(host): State<Host>, Message(body): Message) -> Response {
    let scope = <[u8; 16]>::try_from(&body[..]).map(ScopeId).ok().and_then(|scope| (host.directory)(scope));
    let Some(served) = scope else { return problem(Problem::DeniedScope) };
    let challenge =
        Challenge { server: served.identity.node, nonce: host.sessions.challenge(system_now_ms()) };
    cbor(challenge.encode())
}

/// `POST /sync/v1/session`: body is the length of a challenge in one byte, the challenge and its answer; the
/// answer is a token as text.
pub(super) async fn session(State(host): State<Host>, Message(body): Message) -> Response {
    match begin(&host, &body) {
        Ok(token) => (StatusCode::CREATED, token).into_response(),
        Err(refused) => problem(refused),
    }
}

fn begin(host: &Host, body: &[u8]) -> Result<String, Problem> {
    let (length, rest) = body.split_first().ok_or(Problem::Malformed)?;
    let length = usize::from(*length);
    if length > CHALLENGE_BYTES_MAX || length > rest.len() {
        return Err(Problem::Malformed);
    }
    let (challenge, answer) = rest.split_at(length);
    let challenge = Challenge::decode(challenge).map_err(|_| Problem::Malformed)?;
    let answer = ChallengeAnswer::decode(answer).map_err(|_| Problem::Malformed)?;
    let served = (host.directory)(answer.scope).ok_or(Problem::DeniedScope)?;
    let now_ms = system_now_ms();
    if challenge.server != served.identity.node || !host.sessions.redeem(&challenge.nonce, now_ms) {
        return Err(Problem::Malformed);
    }
    answer.verify(&challenge, &served.identity.organiser_key).map_err(|error| match error {
        HandshakeError::DeniedScope | HandshakeError::Certificate(_) | HandshakeError::BadSignature => {
            Problem::DeniedScope
        }
    })?;
    if served.refuses_expired && answer.certificate.is_expired(now_ms) {
        return Err(Problem::ExpiredCertificate);
    }
    Ok(host.sessions.begin(Peer { certificate: answer.certificate, scope: answer.scope }, now_ms))
}

/// A message of the protocol.
pub(super) fn cbor(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], bytes).into_response()
}

/// A problem as a message; the protocol tells it from an answer, so the status is 200 but for overload.
pub(super) fn problem(problem: Problem) -> Response {
    let mut response = cbor(Reply::problem(problem).encode());
    if let Problem::Busy { retry_after_ms } = problem {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let seconds = retry_after_ms.div_ceil(1_000).max(1);
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
