//! The line between a node and a peer: a TCP relay that can be cut, silenced, slowed, broken in the middle, doubled, and
//! taken over by a sign-in page, and that can keep entries out.
//!
//! Responsible for listening, for what happens to the connections it carries, and for counting what it delivered.
//! Only where it keeps entries out does it know the protocol spoken over it (`pushes.rs`). The binary `lanyard-line` runs
//! one as a process of its own; tests start one with [`Line::start`].

mod conditions;
mod connection;
mod control;
mod portal;
mod pushes;
mod request;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use conditions::Mode;
use conditions::{Break, Conditions, Direction};
pub use control::router;
pub use pushes::Pushes;

/// Connections carried at once; the next is reset.
const MAX_CONNECTIONS: usize = 1_024;

/// The longest latency that can be asked for, each way.
pub const MAX_DELAY_MS: u64 = 60_000;

/// A running relay; dropping it ends every connection it carries.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What the connections of one line have in common.
#[derive(Debug)]
struct Shared {
    to: String,
    conditions: watch::Sender<Conditions>,
    out: Direction,
    back: Direction,
}

/// What a line does and what it has delivered so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What happens to traffic.
    pub mode: Mode,
    /// Latency added each way.
    pub delay_ms: u64,
    /// The rate each way, if limited.
    pub bytes_per_s: Option<NonZeroU64>,
    /// Bytes delivered from the side that connects to the target.
    pub bytes_out: u64,
    /// Bytes delivered from the target to the side that connects.
    pub bytes_back: u64,
}

impl Line {
    /// Starts an open line on a free loopback port to `to`, a `host:port` resolved anew for each connection.
    pub async fn start(to: impl Into<String>) -> io::Result<Self> {
        Self::listen(SocketAddr::from(([127, 0, 0, 1], 0)), to).await
    }

    /// Starts an open line on the given address.
    pub async fn listen(on: SocketAddr, to: impl Into<String>) -> io::Result<Self> {
        let listener = TcpListener::bind(on).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            to: to.into(),
            conditions: watch::Sender::new(Conditions::default()),
            out: Direction::default(),
            back: Direction::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where the line listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection and resets each new one.
    pub fn cut(&self) {
        self.change(|conditions| conditions.mode = Mode::Cut);
    }

    /// Lets nothing through and says nothing: open connections hang until the line is restored, new ones are
    /// accepted, swallowed, and reset when it is.
    pub fn blackhole(&self) {
        self.change(|conditions| conditions.mode = Mode::Blackhole);
    }

    /// Resets every open connection and goes on carrying new ones.
    pub fn reset(&self) {
        self.change(|conditions| conditions.resets += 1);
    }

    /// Answers whatever is asked with a page: open connections are reset, new ones never reach the target.
    pub fn portal(&self) {
        self.change(|conditions| conditions.mode = Mode::Portal);
    }

    /// Has open connections carry nothing any more, for ever and without a word, as when one end vanished; carries new
    /// ones.
    pub fn lose(&self) {
        self.change(|conditions| conditions.losses += 1);
    }

    /// Ends every connection in order after so many bytes from the target.
    pub fn truncate(&self, after_bytes: NonZeroU64) {
        self.change(|conditions| conditions.breaks = Some((after_bytes, Break::End)));
    }

    /// Resets every connection after so many bytes from the target.
    pub fn tear(&self, after_bytes: NonZeroU64) {
        self.change(|conditions| conditions.breaks = Some((after_bytes, Break::Reset)));
    }

    /// Says everything to the target twice: open connections are reset, and what comes over new ones goes to the
    /// target over a second connection too, whose answers nobody hears.
    pub fn double(&self) {
        self.change(|conditions| {
            conditions.doubled = true;
            conditions.resets += 1;
        });
    }

    /// Lets no entries arrive: open connections are reset, and this happens to each push over new ones. Whatever else is
    /// asked passes.
    pub fn keep_out(&self, pushes: Pushes) {
        self.change(|conditions| {
            conditions.pushes = Some(pushes);
            conditions.resets += 1;
        });
    }

    /// Delays everything by this much each way, up to [`MAX_DELAY_MS`].
    pub fn delay(&self, each_way: Duration) {
        let limit = Duration::from_millis(MAX_DELAY_MS);
        self.change(|conditions| conditions.delay = each_way.min(limit));
    }

    /// Limits the rate each way, over all connections together.
    pub fn throttle(&self, bytes_per_s: NonZeroU64) {
        self.change(|conditions| conditions.bytes_per_s = Some(bytes_per_s));
    }

    /// Opens the line again, without delay, limit or any other condition.
    pub fn restore(&self) {
        self.change(|conditions| {
            let Conditions { resets, losses, .. } = *conditions;
            *conditions = Conditions { resets, losses, ..Conditions::default() };
        });
    }

    /// Reports the mode and what was delivered.
    pub fn report(&self) -> Report {
        let conditions = self.shared.conditions.borrow().clone();
        Report {
            mode: conditions.mode,
            delay_ms: u64::try_from(conditions.delay.as_millis()).expect("a delay is at most a minute"),
            bytes_per_s: conditions.bytes_per_s,
            bytes_out: self.shared.out.delivered_bytes(),
            bytes_back: self.shared.back.delivered_bytes(),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Conditions)) {
        self.shared.conditions.send_modify(change);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut carried = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((near, _)) if carried.len() < MAX_CONNECTIONS => {
                    carried.spawn(connection::carry(near, Arc::clone(&shared)));
                }
                Ok((near, _)) => connection::reset(near),
                // Out of file descriptors: the connections that end give some back.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = carried.join_next() => {}
        }
    }
}

impl Shared {
    async fn reach_target(&self) -> io::Result<TcpStream> {
        const PATIENCE: Duration = Duration::from_secs(5);
        tokio::time::timeout(PATIENCE, TcpStream::connect(&self.to)).await?
    }
}
