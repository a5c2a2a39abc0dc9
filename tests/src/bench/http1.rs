//! A lean HTTP/1.1 client on one kept connection, so that the bench measures the server and not itself.

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const RECEIVE_BYTES: usize = 16 * 1024;

/// One kept connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Body of the answer.
    pub body: Vec<u8>,
    /// Bytes of head and body.
    pub wire_bytes: usize,
}

impl Connection {
    /// Connects to `host:port`.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("no server to bench")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(RECEIVE_BYTES) })
    }

    /// Sends a whole request and waits for its answer, which must have a content length or no body.
    ///
    /// # Errors
    /// When the connection breaks or the answer is no HTTP/1.1.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        self.received.clear();
        loop {
            if let Some((head_bytes, status, body_bytes)) = head(&self.received)? {
                let wire_bytes = head_bytes + body_bytes;
                while self.received.len() < wire_bytes {
                    self.receive().await?;
                }
                let body = self.received[head_bytes..wire_bytes].to_vec();
                return Ok(Answer { status, body, wire_bytes });
            }
            self.receive().await?;
        }
    }

    async fn receive(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// Length of the head, status and length of the body, once the head is complete.
fn head(received: &[u8]) -> anyhow::Result<Option<(usize, u16, usize)>> {
    let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&received[..end]).context("a head that is no text")?;
    let mut lines = text.split("\r\n");
    let status_line = lines.next().context("no status line")?;
    let status = status_line.split(' ').nth(1).context("no status")?.parse()?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.trim().parse())
        .transpose()?;
    Ok(Some((end + 4, status, length.unwrap_or(0))))
}
