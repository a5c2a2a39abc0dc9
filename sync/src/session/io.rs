//! What goes into a session and what comes out of it.

use crate::id::{Dot, Hash, ScopeId};
use crate::problem::{Problem, ProblemReport};
use crate::session::reply::Reply;
use crate::session::request::{OwnHead, Request};
use crate::vector::{Head, VersionVector};

/// One request and its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// What happened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// What this node has of a scope: at the start and after every commit.
    Here {
        /// The scope.
        scope: ScopeId,
        /// The version vector.
        vector: VersionVector,
        /// Where the own log stands.
        own: OwnHead,
    },
    /// The peer said it has something new.
    Hint {
        /// The scope.
        scope: ScopeId,
        /// Digest of what it has; a hint of what is here already is ignored.
        digest: Option<Hash>,
    },
    /// A reply arrived.
    Reply {
        /// To which request.
        call: CallId,
        /// What it says.
        reply: Box<Reply>,
    },
    /// A request failed on its way, or the peer asked to come later.
    Failed {
        /// Which request.
        call: CallId,
        /// When to come again, in milliseconds, if the peer said so.
        retry_after_ms: Option<u32>,
    },
    /// A batch to push was built; `None` when there is nothing to send.
    Built {
        /// The scope.
        scope: ScopeId,
        /// The batch as it travels.
        batch: Option<Vec<u8>>,
    },
    /// A pulled batch was verified and stored, or refused. After a stored one `Here` comes first.
    Stored {
        /// The scope.
        scope: ScopeId,
        /// The number of new entries, or why there are none.
        result: Result<usize, Problem>,
    },
    /// Time went by.
    Tick,
}

/// What the driver is to do or may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a request and give back its reply.
    Send {
        /// Names the request.
        call: CallId,
        /// What to send.
        request: Request,
    },
    /// Build a batch of what the peer lacks and give it back.
    Build {
        /// The scope.
        scope: ScopeId,
        /// What the peer has.
        have: VersionVector,
    },
    /// Verify and store a batch and say how it went.
    Store {
        /// The scope.
        scope: ScopeId,
        /// The batch as it travelled.
        batch: Vec<u8>,
    },
    /// Both sides have the same entries.
    InStep {
        /// The scope.
        scope: ScopeId,
    },
    /// This node was set back: it must not write until [`Output::Recovered`].
    Rewound {
        /// The scope.
        scope: ScopeId,
        /// Where the own log stands at the peer.
        head: Head,
    },
    /// The own log is whole again.
    Recovered {
        /// The scope.
        scope: ScopeId,
    },
    /// Two logs of one name exist; nothing of the other was applied.
    Forked {
        /// The scope.
        scope: ScopeId,
        /// An entry at which they differ.
        dot: Dot,
    },
    /// The peer holds no entries that are old enough.
    NeedsSnapshot {
        /// The scope.
        scope: ScopeId,
    },
    /// The peer refused something; `None` for the session as a whole.
    Refused {
        /// The scope.
        scope: Option<ScopeId>,
        /// Why, possibly in a code this build does not know.
        report: ProblemReport,
    },
    /// This node refused what the peer sent.
    Rejected {
        /// The scope.
        scope: ScopeId,
        /// Why.
        problem: Problem,
    },
    /// The peer's wall clock when it answered a hello.
    PeerClock {
        /// Milliseconds since 1970.
        at_ms: i64,
    },
}
