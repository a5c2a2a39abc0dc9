//! One HTTP request as it comes in over a connection.

use tokio::io::{AsyncRead, AsyncReadExt as _};

const HEAD_MAX_BYTES: usize = 16 * 1024;
const BODY_MAX_BYTES: usize = 4 * 1024 * 1024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A request, all of it.
pub(super) struct HttpRequest {
    /// Its first line and its headers, with the empty line after them.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl HttpRequest {
    /// Reads one; none where there is none.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<Self>> {
        let Some((head, mut body)) = head(from).await? else { return Ok(None) };
        let Ok(head) = String::from_utf8(head) else { return Ok(None) };
        let Some(length) = body_bytes(&head).filter(|length| (body.len()..=BODY_MAX_BYTES).contains(length))
        else {
            return Ok(None);
        };
        let begun = body.len();
        body.resize(length, 0);
        from.read_exact(&mut body[begun..]).await?;
        Ok(Some(Self { head, body }))
    }

    /// The same as the last one of its connection: whoever answers it ends that.
    pub(super) fn into_last(mut self) -> Self {
        self.head = self.head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
        self
    }

    /// The bytes that travel.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        [self.head.into_bytes(), self.body].concat()
    }
}

/// Reads the head of a request, and what came with it of the body; none where there is none.
pub(super) async fn head(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let (mut head, mut chunk) = (Vec::new(), [0; 1024]);
    loop {
        if let Some(at) = head.windows(END_OF_HEAD.len()).position(|end| end == END_OF_HEAD) {
            let rest = head.split_off(at + END_OF_HEAD.len());
            return Ok(Some((head, rest)));
        }
        let length = from.read(&mut chunk).await?;
        head.extend_from_slice(&chunk[..length]);
        if length == 0 || head.len() > HEAD_MAX_BYTES {
            return Ok(None);
        }
    }
}

/// How long the body is; `None` where that is no number.
fn body_bytes(head: &str) -> Option<usize> {
    let headers = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().map_or(Some(0), |(_, length)| length.trim().parse().ok())
}
