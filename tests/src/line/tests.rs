//! The line against a real echo server, in each of its modes.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use lanyard_sync::{ProblemReport, Reply, Request, ScopeId, VersionVector};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Line, Mode, Pushes};
use crate::deadline::eventually;

const SOON: Duration = Duration::from_secs(5);

/// How long a silent line is listened to before it counts as silent.
const SILENCE: Duration = Duration::from_millis(150);

async fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                tokio::io::copy(&mut read, &mut write).await.ok();
                write.shutdown().await.ok();
            });
        }
    });
    address
}

async fn line_to_echo() -> Line {
    Line::start(echo_server().await.to_string()).await.unwrap()
}

async fn connect(line: &Line) -> TcpStream {
    TcpStream::connect(line.address()).await.unwrap()
}

async fn say(stream: &mut TcpStream, words: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(words).await?;
    hear(stream, words.len()).await
}

async fn hear(stream: &mut TcpStream, bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut heard = vec![0; bytes];
    timeout(SOON, stream.read_exact(&mut heard)).await.expect("an answer within the deadline")?;
    Ok(heard)
}

/// Reads until the connection ends; the kind of error if it did not end in order.
async fn end_of(stream: &mut TcpStream) -> Result<Vec<u8>, ErrorKind> {
    let mut rest = Vec::new();
    let read = timeout(SOON, stream.read_to_end(&mut rest)).await.expect("an end within the deadline");
    read.map(|_| rest).map_err(|error| error.kind())
}

#[tokio::test]
async fn an_open_line_carries_bytes_and_the_end_of_the_stream_and_counts_them() {
    let line = line_to_echo().await;
    let mut stream = connect(&line).await;
    assert_eq!(say(&mut stream, b"hello").await.unwrap(), b"hello");
    stream.write_all(b" and goodbye").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(end_of(&mut stream).await, Ok(b" and goodbye".to_vec()));
    let report = line.report();
    assert_eq!((report.mode, report.bytes_out, report.bytes_back), (Mode::Open, 17, 17));
}

#[tokio::test]
async fn a_cut_line_closes_what_is_open_and_resets_what_comes_until_it_is_restored() {
    let line = line_to_echo().await;
    let mut open = connect(&line).await;
    say(&mut open, b"one").await.unwrap();
    line.cut();
    assert_eq!(end_of(&mut open).await, Ok(Vec::new()));
    let mut refused = connect(&line).await;
    assert_eq!(end_of(&mut refused).await, Err(ErrorKind::ConnectionReset));
    line.restore();
    let mut again = connect(&line).await;
    assert_eq!(say(&mut again, b"two").await.unwrap(), b"two");
}

#[tokio::test]
async fn a_black_hole_holds_open_connections_and_swallows_new_ones() {
    let line = line_to_echo().await;
    let mut open = connect(&line).await;
    say(&mut open, b"one").await.unwrap();
    line.blackhole();
    open.write_all(b"two").await.unwrap();
    let mut fresh = connect(&line).await;
    fresh.write_all(b"lost").await.unwrap();
    let mut byte = [0; 1];
    assert!(
        timeout(SILENCE, open.read(&mut byte)).await.is_err(),
        "nothing comes through an open connection"
    );
    assert!(timeout(SILENCE, fresh.read(&mut byte)).await.is_err(), "nothing comes through a new connection");
    assert_eq!(line.report().bytes_out, 3);
    line.restore();
    assert_eq!(hear(&mut open, 3).await.unwrap(), b"two");
    assert_eq!(end_of(&mut fresh).await, Err(ErrorKind::ConnectionReset));
    assert_eq!(line.report().bytes_out, 6, "what the new connection sent was never delivered");
}

#[tokio::test]
async fn a_delay_is_added_each_way() {
    let line = line_to_echo().await;
    let mut stream = connect(&line).await;
    line.delay(Duration::from_millis(60));
    let asked = Instant::now();
    assert_eq!(say(&mut stream, b"slow").await.unwrap(), b"slow");
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(120), "there and back took {took:?}");
    assert_eq!(line.report().delay_ms, 60);
}

#[tokio::test]
async fn restoring_ends_the_wait_of_bytes_under_way() {
    let line = line_to_echo().await;
    let mut stream = connect(&line).await;
    line.delay(Duration::from_mins(1));
    stream.write_all(b"slow").await.unwrap();
    assert!(timeout(SILENCE, stream.readable()).await.is_err(), "the delay holds the bytes back");
    line.restore();
    assert_eq!(hear(&mut stream, 4).await.unwrap(), b"slow");
}

#[tokio::test]
async fn a_reset_breaks_open_connections_and_carries_new_ones() {
    let line = line_to_echo().await;
    let mut open = connect(&line).await;
    say(&mut open, b"one").await.unwrap();
    line.reset();
    assert_eq!(end_of(&mut open).await, Err(ErrorKind::ConnectionReset));
    let mut again = connect(&line).await;
    assert_eq!(say(&mut again, b"two").await.unwrap(), b"two");
}

#[tokio::test]
async fn a_throttled_line_keeps_to_its_rate() {
    let line = line_to_echo().await;
    let mut stream = connect(&line).await;
    line.throttle(NonZeroU64::new(40_000).unwrap());
    let asked = Instant::now();
    let words = vec![7; 8_000];
    assert_eq!(say(&mut stream, &words).await.unwrap(), words);
    let took = asked.elapsed();
    // The two directions overlap, so the floor is one of them: 8,000 bytes at 40,000 a second.
    assert!(took >= Duration::from_millis(200), "there and back took {took:?}");
}

#[tokio::test]
async fn a_portal_answers_with_a_page_whatever_was_asked() {
    let line = line_to_echo().await;
    let mut open = connect(&line).await;
    say(&mut open, b"one").await.unwrap();
    line.portal();
    assert_eq!(end_of(&mut open).await, Err(ErrorKind::ConnectionReset));
    let mut asking = connect(&line).await;
    asking.write_all(b"POST /anything HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc").await.unwrap();
    let page = String::from_utf8(end_of(&mut asking).await.unwrap()).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n"), "{page}");
    line.restore();
    assert_eq!(say(&mut connect(&line).await, b"two").await.unwrap(), b"two");
    assert_eq!(line.report().bytes_out, 6, "the portal's guests did not reach the target");
}

#[tokio::test]
async fn ends_that_lost_each_other_hear_nothing_for_ever_and_new_connections_work() {
    let line = line_to_echo().await;
    let mut open = connect(&line).await;
    say(&mut open, b"one").await.unwrap();
    line.lose();
    open.write_all(b"two").await.unwrap();
    assert_eq!(say(&mut connect(&line).await, b"three").await.unwrap(), b"three");
    line.restore();
    let mut byte = [0; 1];
    assert!(timeout(SILENCE, open.read(&mut byte)).await.is_err(), "nothing comes and nothing ends");
}

#[tokio::test]
async fn an_answer_is_truncated_or_torn_in_the_middle() {
    let line = line_to_echo().await;
    let five = NonZeroU64::new(5).unwrap();
    line.truncate(five);
    let mut stream = connect(&line).await;
    stream.write_all(b"hello world").await.unwrap();
    assert_eq!(end_of(&mut stream).await, Ok(b"hello".to_vec()));
    line.tear(five);
    let mut stream = connect(&line).await;
    stream.write_all(b"hello world").await.unwrap();
    assert_eq!(end_of(&mut stream).await, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_doubled_line_says_everything_to_the_target_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let line = Line::start(listener.local_addr().unwrap().to_string()).await.unwrap();
    line.double();
    let mut stream = connect(&line).await;
    stream.write_all(b"hello").await.unwrap();
    for _ in 0..2 {
        let (mut arrived, _) = timeout(SOON, listener.accept()).await.expect("a connection").unwrap();
        assert_eq!(hear(&mut arrived, 5).await.unwrap(), b"hello");
    }
}

/// A request of the protocol as it travels, and what is added where its connection carries no other one.
fn asked(request: &Request, added: &str) -> Vec<u8> {
    let body = request.encode();
    let length = body.len();
    let head = format!("POST /sync/v1/exchange HTTP/1.1\r\n{added}Content-Length: {length}\r\n\r\n");
    [head.into_bytes(), body].concat()
}

fn push(batch: u8) -> Request {
    Request::Push { scope: ScopeId([5; 16]), batch: vec![batch; 3_000] }
}

/// What comes back for a request.
async fn answered(line: &Line, request: &Request) -> Vec<u8> {
    let mut stream = connect(line).await;
    stream.write_all(&asked(request, "")).await.unwrap();
    // The echo ends when it has heard everything.
    stream.shutdown().await.unwrap();
    end_of(&mut stream).await.unwrap()
}

#[tokio::test]
async fn where_pushes_are_refused_whatever_else_is_asked_passes() {
    let line = line_to_echo().await;
    let mut open = connect(&line).await;
    say(&mut open, b"one").await.unwrap();
    line.keep_out(Pushes::Refused("malformed".to_owned()));
    assert_eq!(end_of(&mut open).await, Err(ErrorKind::ConnectionReset));

    let answer = answered(&line, &push(7)).await;
    let report = ProblemReport { code: "malformed".to_owned(), dot: None, retry_after_ms: None };
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(answer.ends_with(&Reply::Problem(report).encode()));
    line.keep_out(Pushes::Forbidden(StatusCode::UNPROCESSABLE_ENTITY));
    assert!(answered(&line, &push(7)).await.starts_with(b"HTTP/1.1 422 "));
    assert_eq!(line.report().bytes_out, 3, "the target heard nothing of it");

    let pull = Request::Pull { scope: ScopeId([5; 16]), vector: VersionVector::default() };
    assert_eq!(answered(&line, &pull).await, asked(&pull, "connection: close\r\n"));
    line.restore();
    assert_eq!(answered(&line, &push(7)).await, asked(&push(7), ""));
}

#[tokio::test]
async fn a_push_arrives_spoilt_or_by_half() {
    let line = line_to_echo().await;
    line.keep_out(Pushes::Spoilt);
    assert_eq!(answered(&line, &push(7)).await, asked(&push(!7), "connection: close\r\n"));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let line = Line::start(listener.local_addr().unwrap().to_string()).await.unwrap();
    line.keep_out(Pushes::Halved);
    let mut stream = connect(&line).await;
    stream.write_all(&asked(&push(7), "")).await.unwrap();
    let (mut arrived, _) = timeout(SOON, listener.accept()).await.expect("a connection").unwrap();
    let whole = asked(&push(7), "connection: close\r\n");
    let half = whole.len() - push(7).encode().len().div_ceil(2);
    assert_eq!(end_of(&mut arrived).await.unwrap(), whole[..half]);
    assert_eq!(end_of(&mut stream).await, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_target_that_is_away_resets_the_connection() {
    let vacant = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let line = Line::start(vacant.to_string()).await.unwrap();
    let mut stream = connect(&line).await;
    assert_eq!(end_of(&mut stream).await, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn dropping_the_line_ends_what_it_carries() {
    let line = line_to_echo().await;
    let mut stream = connect(&line).await;
    say(&mut stream, b"one").await.unwrap();
    let address = line.address();
    drop(line);
    assert_eq!(end_of(&mut stream).await, Ok(Vec::new()));
    eventually(SOON, "the port is free again", async || {
        TcpStream::connect(address).await.is_err().then_some(())
    })
    .await
    .unwrap();
}
