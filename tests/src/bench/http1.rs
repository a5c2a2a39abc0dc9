//! A lean HTTP/1.1 client on one kept connection, so that the bench measures the server and not itself.

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const RECEIVE_BYTES: usize = 16 * 1024;

/// Head and body of an answer that is no answer of ours any more.
const ANSWER_MAX_BYTES: usize = 4 * 1024 * 1024;

/// One kept connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    /// Status code.
    pub(super) status: u16,
    /// Body of the answer.
    pub(super) body: &'a [u8],
}

/// What the head of an answer says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    bytes: usize,
    status: u16,
    body_bytes: usize,
}

impl Connection {
    /// Connects to `host:port`.
    pub(super) async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("no server to bench")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(RECEIVE_BYTES) })
    }

    /// Sends a whole request and waits for its answer, which must have a content length or no body.
    pub(super) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let head = loop {
            self.receive().await?;
            if let Some(head) = Head::read(&self.received)? {
                break head;
            }
        };
        while self.received.len() < head.bytes + head.body_bytes {
            self.receive().await?;
        }
        Ok(Answer { status: head.status, body: &self.received[head.bytes..head.bytes + head.body_bytes] })
    }

    async fn receive(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        if self.received.len() > ANSWER_MAX_BYTES {
            bail!("the answer is longer than {ANSWER_MAX_BYTES} bytes");
        }
        Ok(())
    }
}

impl Head {
    /// Reads a head once it is there as a whole.
    fn read(received: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let text = std::str::from_utf8(&received[..end]).context("a head that is no text")?;
        let mut lines = text.split("\r\n");
        let status_line = lines.next().context("no status line")?;
        let status = status_line.split(' ').nth(1).context("no status")?.parse()?;
        let mut body_bytes = 0;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                body_bytes = value.trim().parse()?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                bail!("an answer in chunks, which this client does not read");
            }
        }
        Ok(Some(Self { bytes: end + 4, status, body_bytes }))
    }
}

/// Builds a request with a JSON body; without a body it is a GET.
pub(super) fn request(path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Vec<u8> {
    let method = if body.is_some() { "POST" } else { "GET" };
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    if let Some(body) = body {
        let length = body.len().to_string();
        text.extend(["content-type: application/json\r\ncontent-length: ", &length, "\r\n\r\n", body]);
    } else {
        text += "\r\n";
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::{get, post};

    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(Head::read(&answer[..answer.len() - 3]).unwrap(), None);
        assert_eq!(Head::read(answer).unwrap(), Some(Head { bytes: 43, status: 201, body_bytes: 2 }));
        let bodiless = b"HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(Head::read(bodiless).unwrap(), Some(Head { bytes: 27, status: 204, body_bytes: 0 }));
    }

    #[test]
    fn an_answer_in_chunks_is_refused() {
        let refused = Head::read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap_err();
        assert!(refused.to_string().starts_with("an answer in chunks"), "{refused}");
    }

    #[tokio::test]
    async fn one_connection_carries_one_request_after_the_other() {
        let routes = Router::new()
            .route("/echo", post(async |body: String| body))
            .route("/big", get(async || "x".repeat(100_000)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let mut connection = Connection::open(&address).await.unwrap();
        let answer = connection.ask(&request("/echo", &[("x-y", "z")], Some("{\"a\":1}"))).await.unwrap();
        assert_eq!(answer, Answer { status: 200, body: b"{\"a\":1}" });
        let answer = connection.ask(&request("/big", &[], None)).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, 100_000));
        assert_eq!(connection.ask(&request("/none", &[], None)).await.unwrap().status, 404);
    }
}
