//! A desk over HTTP: what the page does, without the page.
//!
//! Responsible for signing in, for sending commands with their `Idempotency-Key`, and for answers that a test can
//! take apart. Works against a venue node and against HQ.

use std::sync::Once;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

/// How long one request may take before it counts as unanswered.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client of one node, signed in or not.
#[derive(Clone, Debug)]
pub struct Desk {
    http: Client,
    base: String,
    token: Option<String>,
}

/// One answer of a node.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null if there was none, a string if it was something else.
    pub body: Value,
}

/// A request with everything the API knows optional.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    path: String,
    key: Option<String>,
    version: Option<u64>,
    content_type: &'static str,
    body: Option<Vec<u8>>,
}

/// Chooses what HTTP clients encrypt with, which they want even where nothing is encrypted.
pub(crate) fn choose_cryptography() {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // A program that has chosen its own provider already keeps it.
        rustls::crypto::ring::default_provider().install_default().ok();
    });
}

impl Desk {
    /// Speaks to the node at `base`, such as `http://127.0.0.1:4711`, without signing in.
    pub fn at(base: &str) -> anyhow::Result<Self> {
        Self::with_roots(base, Vec::new())
    }

    /// Speaks to a node whose certificate one of `roots` vouches for.
    pub fn with_roots(base: &str, roots: Vec<Certificate>) -> anyhow::Result<Self> {
        choose_cryptography();
        let builder = Client::builder().timeout(PATIENCE).no_proxy();
        let builder = if roots.is_empty() { builder } else { builder.tls_certs_only(roots) };
        Ok(Self { http: builder.build()?, base: base.trim_end_matches('/').to_owned(), token: None })
    }

    /// Signs a member of staff in at a desk and returns the client that speaks for them.
    pub async fn sign_in(&self, staff: &str, pin: &str, desk: &str) -> anyhow::Result<Self> {
        let body = json!({ "staff": staff, "pin": pin, "desk": desk });
        let answer = self.send(Ask::post("/api/v1/sign-ins", &body).without_key()).await?;
        let answer = answer.expect(201).with_context(|| format!("{staff} cannot sign in at {desk}"))?;
        let token = answer["token"].as_str().context("a sign-in answer holds a token")?;
        Ok(Self { token: Some(token.to_owned()), ..self.clone() })
    }

    /// Reads; the path is that after `/api/v1`.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(Ask::get(&format!("/api/v1{path}"))).await
    }

    /// Sends a command with a fresh key; the path is that after `/api/v1`.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.post_as(&fresh_key(), path, body).await
    }

    /// Sends a command with the given key; the path is that after `/api/v1`.
    pub async fn post_as(&self, key: &str, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(Ask::post(&format!("/api/v1{path}"), body).key(key)).await
    }

    /// Sends any request; the path is that after the base.
    pub async fn send(&self, ask: Ask) -> anyhow::Result<Answer> {
        let what = format!("{} {}", ask.method, ask.path);
        let mut request = self.http.request(ask.method, format!("{}{}", self.base, ask.path));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = ask.key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(version) = ask.version {
            request = request.header("If-Match", format!("\"{version}\""));
        }
        if let Some(body) = ask.body {
            request = request.header(CONTENT_TYPE, ask.content_type).body(body);
        }
        let response = request.send().await.with_context(|| format!("{what} got no answer"))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.with_context(|| format!("{what} got half an answer"))?;
        let body = match text.as_str() {
            "" => Value::Null,
            json => serde_json::from_str(json).unwrap_or(Value::String(text)),
        };
        Ok(Answer { status, headers, body })
    }
}

impl Ask {
    /// A request that reads.
    pub fn get(path: &str) -> Self {
        let path = path.to_owned();
        Self { method: Method::GET, path, key: None, version: None, content_type: "", body: None }
    }

    /// A request that changes something, with a fresh key.
    pub fn post(path: &str, body: &Value) -> Self {
        Self::raw(Method::POST, path, "application/json", body.to_string().into_bytes()).key(&fresh_key())
    }

    /// A request with any method and body, and no key.
    pub fn raw(method: Method, path: &str, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { method, path: path.to_owned(), key: None, version: None, content_type, body: Some(body) }
    }

    /// Gives the command this id.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Leaves the id of the command out.
    #[must_use]
    pub fn without_key(mut self) -> Self {
        self.key = None;
        self
    }

    /// Names the version the command was decided on.
    #[must_use]
    pub fn if_match(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }
}

impl Answer {
    /// Returns the body of an answer that has this status; any other is an error that quotes it.
    pub fn expect(self, status: u16) -> anyhow::Result<Value> {
        ensure!(self.status == status, "expected {status}, got {}: {}", self.status, self.body);
        Ok(self.body)
    }

    /// Returns the code word of a refusal or problem, such as `already_checked_in`.
    pub fn code(&self) -> Option<&str> {
        self.body["refusal"]["code"].as_str().or_else(|| self.body["code"].as_str())
    }

    /// Reports whether this is the stored outcome of an earlier request.
    pub fn is_replay(&self) -> bool {
        self.headers.get("Idempotent-Replay").is_some_and(|value| value == "true")
    }
}

/// Makes a new `Idempotency-Key`.
pub fn fresh_key() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::post;

    use super::*;

    async fn node() -> String {
        async fn sign_in() -> (StatusCode, &'static str) {
            (StatusCode::CREATED, r#"{"token":"t"}"#)
        }
        async fn check_in(headers: HeaderMap, body: String) -> (StatusCode, String) {
            let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let seen = json!({
                "refusal": { "code": "unpaid" },
                "key": header("idempotency-key"), "version": header("if-match"),
                "authorization": header("authorization"), "type": header("content-type"), "body": body,
            });
            (StatusCode::CONFLICT, seen.to_string())
        }
        let routes =
            Router::new().route("/api/v1/sign-ins", post(sign_in)).route("/api/v1/check-ins", post(check_in));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        base
    }

    #[tokio::test]
    async fn a_signed_in_desk_sends_its_token_the_key_and_the_version() {
        let desk = Desk::at(&node().await).unwrap().sign_in("ana", "472913", "north-1").await.unwrap();
        let key = fresh_key();
        let ask = Ask::post("/api/v1/check-ins", &json!({ "list": "main" })).key(&key).if_match(7);
        let answer = desk.send(ask).await.unwrap();
        assert_eq!((answer.status, answer.code()), (409, Some("unpaid")));
        assert_eq!(answer.body["key"], key);
        assert_eq!(answer.body["version"], "\"7\"");
        assert_eq!(answer.body["authorization"], "Bearer t");
        assert_eq!(answer.body["type"], "application/json");
        assert_eq!(answer.body["body"], r#"{"list":"main"}"#);
        let error = answer.expect(201).unwrap_err().to_string();
        assert!(error.starts_with("expected 201, got 409"), "{error}");
    }

    #[test]
    fn keys_are_32_lowercase_hex_digits_and_differ() {
        let key = fresh_key();
        assert_eq!(key.len(), 32);
        assert!(key.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert_ne!(key, fresh_key());
    }
}
