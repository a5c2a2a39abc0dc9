//! A sign-in page that answers in place of the target, whatever was asked.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::request;

/// How long the rest of a request is let go by after the answer.
const REST: Duration = Duration::from_millis(300);
const PAGE: &str = "<!doctype html><title>Welcome</title><p>Accept the terms to use this network.</p>";

/// Answers the one request of a connection with the page.
pub(super) async fn answer(mut near: TcpStream) {
    // A guest that goes away meanwhile wants no page.
    show(&mut near).await.ok();
}

async fn show(near: &mut TcpStream) -> std::io::Result<()> {
    if request::head(near).await?.is_none() {
        return Ok(());
    }
    let length = PAGE.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{PAGE}"
    );
    near.write_all(answer.as_bytes()).await?;
    near.shutdown().await?;
    // Closing over unread bytes would reset the connection under the page.
    let mut chunk = [0; 1024];
    let rest = async { while matches!(near.read(&mut chunk).await, Ok(1..)) {} };
    timeout(REST, rest).await.ok();
    Ok(())
}
