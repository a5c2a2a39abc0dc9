//! The client side of HQ's JSON API, with the token of the data folder.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::Value;

use crate::token;

const BYTES: &str = "application/octet-stream";

/// A connection to the HQ that serves a data folder.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    /// Reads where HQ listens and the administrator's token.
    pub(super) fn of_data_folder(data: &Path) -> anyhow::Result<Self> {
        let listen = data.join("listen");
        let base = std::fs::read_to_string(&listen).with_context(|| {
            format!("no {}: start `lanyard-hq serve` with this data folder first", listen.display())
        })?;
        let token = token::read(data)?;
        let http = crate::trust::client(data)?;
        Ok(Self { http, base: format!("{}/api/v1", base.trim().trim_end_matches('/')), token })
    }

    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Value> {
        let mut url = url::Url::parse(&format!("{}{path}", self.base))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        answer(self.http.get(url).bearer_auth(&self.token)).await
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        answer(self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token).json(body))
            .await
    }

    pub(super) async fn upload(&self, path: &str, csv: Vec<u8>) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token);
        answer(request.header("content-type", "text/csv").body(csv)).await
    }

    /// Sends a file of this length, never all of it in memory.
    pub(super) async fn upload_file(
        &self,
        path: &str,
        file: tokio::fs::File,
        length: u64,
    ) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token);
        answer(request.header("content-type", BYTES).header("content-length", length).body(file)).await
    }

    /// Sends a request and writes what is answered into a file.
    pub(super) async fn download(&self, path: &str, body: Vec<u8>, to: &mut File) -> anyhow::Result<()> {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let mut response = received(request.header("content-type", BYTES).body(body)).await?;
        while let Some(chunk) = response.chunk().await.context("HQ's answer broke off")? {
            to.write_all(&chunk).context("the answer cannot be written")?;
        }
        Ok(())
    }
}

async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    json_of(received(request).await?).await
}

async fn json_of(response: reqwest::Response) -> anyhow::Result<Value> {
    let text = response.text().await.context("HQ's answer broke off")?;
    if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text).context("no JSON") }
}

/// Sends a request; a refusal becomes an error with HQ's words.
async fn received(request: reqwest::RequestBuilder) -> anyhow::Result<reqwest::Response> {
    let response = request.send().await.context("HQ does not answer; is `lanyard-hq serve` running?")?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = json_of(response).await?;
    let detail = body["detail"].as_str().or(body["title"].as_str()).unwrap_or("no reason given");
    bail!("HQ refused ({status}): {detail}")
}
