//! The fold: a stream's entries in canonical order become its state.
//!
//! Applying an entry cannot fail and looks at nothing but the state, the event and where the entry
//! stands in the log.

use std::sync::Arc;

use lanyard_sync::{CommandId, Dot, LogId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::attendee::Attendee;
use crate::conference::Conference;
use crate::document::SharedText;
use crate::event::{Event, Facts, ForkFound, LogEnd, LogsClosed};
use crate::ledger::{Account, Ledger};
use crate::order::Order;
use crate::staff::Staff;
use crate::stream::Stream;

/// Where an entry stands: what its header says and what its writer had seen.
#[derive(Clone, Copy)]
pub struct Placed<'a> {
    /// The entry's id.
    pub dot: Dot,
    /// The account whose seat rights it spends: its writer's, or that of the entry it stands for.
    pub account: Account,
    /// Its Lamport time.
    pub lamport: u64,
    /// Wall clock of its writer, Unix milliseconds; shown to people, binding nobody.
    pub at_ms: i64,
    /// How far the writer's clock is known to be ahead of HQ's.
    pub skew_ms: Option<i32>,
    /// Who gave the command.
    pub actor: &'a str,
    /// Where.
    pub desk: &'a str,
    /// The command.
    pub command: CommandId,
    /// Whether the log is HQ's.
    pub authority: bool,
    /// Whether the writer had seen an earlier entry.
    pub sees: &'a dyn Fn(Dot) -> bool,
}

impl Placed<'_> {
    /// Wall clock corrected by the known skew, Unix milliseconds.
    pub fn corrected_at_ms(&self) -> i64 {
        self.at_ms - i64::from(self.skew_ms.unwrap_or(0))
    }
}

/// State of one stream; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folded {
    /// Of stream `conference`.
    Conference(Arc<Configured>),
    /// Of `attendee/{id}`.
    Attendee(Arc<Attendee>),
    /// Of `order/{id}`.
    Order(Arc<Order>),
    /// Of `seats/{seat_type}`; a tally, so order does not matter.
    Seats(Arc<Ledger>),
    /// Of `staff/{id}`.
    Staff(Arc<Staff>),
    /// Of `node/{id}`.
    Node(Arc<EnrolledNode>),
    /// Of `document/{name}`.
    Document(Arc<SharedText>),
}

/// The configuration and how many entries made it.
// Stored: JSON, state of stream `conference`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configured {
    /// Entries folded.
    pub entries: u64,
    /// The last configuration in canonical order.
    pub conference: Conference,
}

/// A node as HQ enrolled it.
// Stored: JSON, state of stream `node/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolledNode {
    /// Entries folded.
    pub entries: u64,
    /// Name shown to people; empty until HQ's entry arrived.
    pub name: String,
    /// Serial of its certificate.
    pub serial: u64,
    /// Logs of it of which two branches were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<Fork>,
    /// Logs of it that are over, with their last entries that count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<LogEnd>,
    /// Whether HQ retired it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
    /// Its last word that whatever it had seen erased is gone from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_up_to: Option<Dot>,
    /// The newest reader it is, where it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<u16>,
}

/// A log with two branches.
// Stored: JSON, part of the state of stream `node/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// The log.
    pub log: LogId,
    /// Sequence number of the first entries that differ.
    pub from: u64,
    /// Entries that were set aside and written again, over all nodes that had some.
    pub set_aside: u64,
    /// When it was found first, Unix milliseconds.
    pub found_at_ms: i64,
}

impl EnrolledNode {
    /// The newest reader it is: the first one, until it says otherwise.
    pub fn reader(&self) -> u16 {
        self.reader.unwrap_or(1)
    }

    fn apply(&mut self, event: &Event, at: &Placed<'_>) {
        self.entries += 1;
        match &event.facts {
            Facts::NodeEnrolled(enrolled) if at.authority => {
                self.name.clone_from(&enrolled.name);
                self.serial = enrolled.serial;
            }
            Facts::LogsClosed(closed) if at.authority => self.close(closed),
            Facts::ForkFound(found) => self.note_fork(found, at.at_ms),
            Facts::ReaderChanged(changed) => self.reader = Some(changed.reader),
            Facts::ErasuresCompleted(_) => self.erased_up_to = Some(at.dot),
            _ => {}
        }
    }

    /// The first end of a log stands: what came after it was not counted when its rights were returned.
    fn close(&mut self, closed: &LogsClosed) {
        let is_new = |end: &&LogEnd| self.closed.iter().all(|known| known.log != end.log);
        let news: Vec<_> = closed.ends.iter().filter(is_new).copied().collect();
        self.closed.extend(news);
        self.retired |= closed.retired;
    }

    fn note_fork(&mut self, found: &ForkFound, at_ms: i64) {
        match self.forks.iter_mut().find(|fork| fork.log == found.log) {
            Some(fork) => {
                fork.from = fork.from.min(found.from);
                fork.set_aside = fork.set_aside.saturating_add(found.set_aside);
            }
            None => self.forks.push(Fork {
                log: found.log,
                from: found.from,
                set_aside: found.set_aside,
                found_at_ms: at_ms,
            }),
        }
    }
}

impl Folded {
    /// State of a stream nothing was written to; none for streams that are not folded.
    pub fn empty(stream: &Stream) -> Option<Self> {
        Some(match stream {
            Stream::Conference => Self::Conference(Arc::default()),
            Stream::Attendee(_) => Self::Attendee(Arc::default()),
            Stream::Order(_) => Self::Order(Arc::default()),
            Stream::Seats(_) => Self::Seats(Arc::default()),
            Stream::Staff(_) => Self::Staff(Arc::default()),
            Stream::Node(_) => Self::Node(Arc::default()),
            Stream::Document(_) => Self::Document(Arc::default()),
            Stream::Scans(_) => return None,
        })
    }

    /// Whether entries may be applied in any order.
    pub fn is_tally(&self) -> bool {
        matches!(self, Self::Seats(_))
    }

    /// Entries folded so far: the version a client may decide on.
    pub fn entries(&self) -> u64 {
        match self {
            Self::Conference(state) => state.entries,
            Self::Attendee(state) => state.entries,
            Self::Order(state) => state.entries,
            Self::Seats(state) => state.entries,
            Self::Staff(state) => state.entries,
            Self::Node(state) => state.entries,
            Self::Document(state) => state.entries,
        }
    }

    /// Applies one entry. An event that has no meaning in this stream only counts.
    pub fn apply(&mut self, event: &Event, at: &Placed<'_>) {
        match self {
            Self::Conference(state) => {
                let state = Arc::make_mut(state);
                state.entries += 1;
                if let (Facts::ConferenceConfigured(set), true) = (&event.facts, at.authority) {
                    state.conference = set.conference.clone();
                }
            }
            Self::Attendee(state) => Arc::make_mut(state).apply(event, at),
            Self::Order(state) => Arc::make_mut(state).apply(event, at),
            Self::Seats(state) => Arc::make_mut(state).apply(&event.facts, at),
            Self::Staff(state) => Arc::make_mut(state).apply(event, at),
            Self::Node(state) => Arc::make_mut(state).apply(event, at),
            Self::Document(state) => Arc::make_mut(state).apply(event, at),
        }
    }

    /// Canonical bytes of the state, the same on every node of a build.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Conference(state) => json(&**state),
            Self::Attendee(state) => json(&**state),
            Self::Order(state) => json(&**state),
            Self::Seats(state) => json(&**state),
            Self::Staff(state) => json(&**state),
            Self::Node(state) => json(&**state),
            Self::Document(state) => json(&**state),
        }
    }

    /// Reads a stored state back.
    ///
    /// # Errors
    /// The parser's, when the bytes are of another build or damaged.
    pub fn from_bytes(stream: &Stream, bytes: &[u8]) -> Result<Option<Self>, serde_json::Error> {
        Ok(Some(match stream {
            Stream::Conference => Self::Conference(parse(bytes)?),
            Stream::Attendee(_) => Self::Attendee(parse(bytes)?),
            Stream::Order(_) => Self::Order(parse(bytes)?),
            Stream::Seats(_) => Self::Seats(parse(bytes)?),
            Stream::Staff(_) => Self::Staff(parse(bytes)?),
            Stream::Node(_) => Self::Node(parse(bytes)?),
            Stream::Document(_) => Self::Document(parse(bytes)?),
            Stream::Scans(_) => return Ok(None),
        }))
    }
}

fn json<T: Serialize>(state: &T) -> Vec<u8> {
    serde_json::to_vec(state).expect("a state holds nothing that JSON cannot say")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<Arc<T>, serde_json::Error> {
    serde_json::from_slice(bytes).map(Arc::new)
}
