//! The uplink: keeps this node in step with HQ (or a sibling) whenever a path exists.
//!
//! Responsible for giving the session machine of `lanyard-sync` a line: requests over HTTP, time,
//! randomness, the store on this side, hints from the other, and for telling everybody how the line is.
//! Nothing else in a node touches the network to a peer.

mod branches;
mod driver;
mod events;
mod hints;
mod introduction;
mod older;
mod status;
mod transport;

use lanyard_sync::{Batch, ScopeId, VersionVector};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::identity::Identity;
use crate::read::Reader;
use crate::rights::{Given, Line, Wanted};
use crate::writer::Writer;
pub use introduction::{Introduced, IntroductionError, introduce};
pub use status::{LinkState, LinkStatus};
use transport::Transport;
pub use transport::TransportError;

/// What an uplink needs.
#[derive(Clone, Debug)]
pub struct Uplink {
    /// Address of the peer, such as `https://hq.example.org:7700`.
    pub peer: Url,
    /// Speaks HTTP to it, with the certificate authorities it trusts.
    pub http: reqwest::Client,
    /// Who this node is.
    pub identity: Identity,
    /// Stores what is pulled.
    pub writer: Writer,
    /// Reads what is pushed.
    pub reader: Reader,
}

/// Asks the peer of a line something beside the log.
#[derive(Clone, Debug)]
pub struct Asker(Transport);

impl Asker {
    /// Asks for seat rights.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask(&self, wanted: &Wanted) -> Result<Given, TransportError> {
        self.0.ask(wanted).await
    }
}

/// Asks one peer for entries, without telling it anything: for a repair.
#[derive(Clone, Debug)]
pub struct Puller(Transport);

impl Puller {
    /// Makes a line to a peer.
    pub fn new(peer: Url, http: reqwest::Client, identity: Identity) -> Self {
        Self(Transport::new(http, peer, identity))
    }

    /// Asks for the next batch of what this vector lacks; none when it lacks nothing that the peer has.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn next(&self, have: VersionVector) -> Result<Option<Batch>, TransportError> {
        self.0.pull(have).await
    }
}

/// A running uplink; dropping it hangs up.
#[derive(Debug)]
pub struct UplinkHandle {
    asker: Asker,
    status: watch::Receiver<LinkStatus>,
    task: JoinHandle<()>,
}

impl Uplink {
    /// Starts the uplink.
    pub fn start(self) -> UplinkHandle {
        let (publish, status) = watch::channel(LinkStatus::default());
        let transport = Transport::new(self.http.clone(), self.peer.clone(), self.identity.clone());
        let asker = Asker(transport.clone());
        UplinkHandle { asker, status, task: tokio::spawn(driver::drive(self, transport, publish)) }
    }

    fn scope(&self) -> ScopeId {
        self.identity.scope
    }
}

impl UplinkHandle {
    /// The line, for whoever asks and follows.
    pub fn line(&self) -> Line {
        Line { asker: self.asker.clone(), status: self.status.clone() }
    }
}

impl Drop for UplinkHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}
