//! The replicated log as pure values: entries, chain, vectors, batches, session.
//!
//! Responsible for every format that nodes store and exchange, and for deciding what may be
//! accepted from a peer. It has no clock, no randomness, no files and no sockets: time, ids and
//! salts are arguments, bytes go in and values come out. Who stores them is no concern of this crate.

mod batch;
mod cbor;
mod certificate;
mod chain;
mod context;
mod entry;
mod epoch;
mod erasure;
mod fault;
mod fork;
mod header;
pub mod hex;
mod id;
mod key;
pub mod limits;
mod order;
mod payload;
mod problem;
mod reissued;
#[cfg(test)]
mod replica;
pub mod session;
pub mod snapshot;
mod stream;
mod tag;
mod vector;
mod verify;
mod writer;

pub use batch::{Batch, BatchBuilder, BatchError, BatchLog, BuildError, Pushed, StoredEntry};
pub use cbor::DecodeError;
pub use certificate::{Certificate, CertificateError, Claims, Role};
pub use chain::{SignedHead, chain_hash, genesis_hash};
pub use context::{ContextDelta, ContextHead, LogContext, StaleContext};
pub use entry::{Entry, EntryFrame, FrameError};
pub use epoch::{EPOCH_OPENED_KIND, EPOCH_OPENED_VERSION, EpochOpened, PreviousEpoch};
pub use erasure::{ERASURE_KIND, Erasure};
pub use fault::CHAIN_UNCHECKED;
pub use fork::{FORK_FOUND_KIND, FORK_FOUND_VERSION, ForkNotice};
pub use header::{Commitment, Header, HeaderError};
pub use id::{CommandId, Dot, Epoch, Hash, InvalidId, LogId, NodeId, ScopeId};
pub use key::{PublicKey, Signature, SigningKey};
pub use order::CanonicalKey;
pub use payload::{Part, Payload};
pub use problem::{Problem, ProblemReport};
pub use reissued::{OnBranch, Reissued};
pub use session::{
    Answer, CALL_TIMEOUT_MS, CallId, Challenge, ChallengeAnswer, HandshakeError, Hello, HelloReply,
    HelloScope, Input, Introduction, Output, OwnHead, Protocol, Reply, Request, ScopeAnswer, ScopeView,
    ServerView, Session, announced_scope, answer,
};
pub use stream::{InvalidStreamName, StreamKey, StreamName};
pub use vector::{Head, VersionVector};
pub use verify::{Admitted, AdmittedEntry, KnownLog, KnownScope, StoredHead, admit, admit_with};
pub use writer::{AppendError, Draft, LogHead, LogWriter, Salted};
