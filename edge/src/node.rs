//! What every part of a running venue node shares.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use lanyard_domain::{Account, DeskId};
use lanyard_node::auth::{Sessions, SignIns};
use lanyard_node::engine::Published;
use lanyard_node::http::Stop;
use lanyard_node::uplink::LinkStatus;
use lanyard_node::{Identity, Reader, Writer};
use lanyard_sync::Introduction;
use tokio::sync::watch;

use crate::config::Printer;
use crate::http::lookups::Lookups;
use crate::live::Live;
use crate::print::badge_maker::BadgeMaker;
use crate::print::condition::Board;
use crate::print::files::FilesPrinter;
use crate::siblings::Siblings;

/// A running node; cloning shares it.
#[derive(Clone)]
pub struct Node(Arc<Parts>);

/// The handles of a running node.
pub struct Parts {
    /// Takes commands.
    pub writer: Writer,
    /// Answers questions.
    pub reader: Reader,
    /// Who this node is.
    pub identity: Identity,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Takes attempts to sign in.
    pub sign_ins: SignIns,
    /// Patience with whoever guesses orders.
    pub lookups: Lookups,
    /// Whether the page is served over TLS.
    pub is_secure: bool,
    /// Printers, as configured.
    pub printers: Vec<Printer>,
    /// How each printer is.
    pub board: Board,
    /// Folders that badges are printed to.
    pub badge_folders: Vec<FilesPrinter>,
    /// Draws badges.
    pub badges: BadgeMaker,
    /// Tells pages what changed.
    pub live: Live,
    /// The line to HQ; none for a node that works alone.
    pub hq: Option<watch::Receiver<LinkStatus>>,
    /// The lines to other nodes at the venue.
    pub siblings: Siblings,
    /// What this node says of itself to whoever finds it.
    pub introduction: Option<Introduction>,
    /// Other names that attendee lists use for seat types.
    pub seat_type_aliases: BTreeMap<String, String>,
    /// Says when to stop.
    pub stop: Stop,
}

impl Deref for Node {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl From<Parts> for Node {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Parts {
    /// The state of things after the last commit.
    pub fn published(&self) -> Published {
        self.writer.now()
    }

    /// The account whose seat rights this node spends.
    pub fn account(&self) -> Account {
        self.published().own_account()
    }

    /// When this node last had everything HQ had, Unix milliseconds.
    pub fn last_synced_ms(&self) -> Option<i64> {
        self.hq.as_ref().and_then(|hq| hq.borrow().in_step_ms)
    }

    /// A printer of this node.
    pub fn printer(&self, id: &str) -> Option<&Printer> {
        self.printers.iter().find(|printer| printer.printer == id)
    }

    /// The printer of a desk that chose none.
    pub fn default_printer(&self) -> Option<&str> {
        self.printers.first().map(|printer| printer.printer.as_str())
    }

    /// Whether a desk is served by this node.
    pub fn serves(&self, desk: &DeskId) -> bool {
        self.published().conference.desks.get(desk).is_some_and(|desk| desk.node == self.identity.name)
    }
}
