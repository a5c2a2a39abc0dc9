//! Lines: what travels between two nodes, and what happens to it on the way.

use lanyard_domain::FreshCheckIn;
use lanyard_sync::{CallId, Protocol, Session};

use crate::node::SCOPE;
use crate::world::HQ;

/// How a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It carries.
    Open,
    /// It carries nothing, and whoever sends learns of it.
    Refusing,
    /// It carries nothing and says nothing.
    Silent,
}

/// An end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Asker,
    Answerer,
}

/// What travels.
#[derive(Clone, Debug)]
pub(crate) enum Parcel {
    /// To whoever answers.
    Request { call: CallId, bytes: Vec<u8> },
    /// To whoever asked.
    Reply { call: CallId, bytes: Vec<u8> },
    /// The connection was refused.
    Refused { call: CallId },
    /// To whoever asks: there is news.
    Hint,
    /// Check-ins, ahead of their entries.
    Told { to: End, fresh: Vec<FreshCheckIn> },
}

/// A line, with the session that runs over it.
#[derive(Debug)]
pub(crate) struct Line {
    /// The node whose session it is.
    pub(crate) asker: usize,
    /// The node that answers.
    pub(crate) answerer: usize,
    /// None while the asking node is down.
    pub(crate) session: Option<Session>,
    pub(crate) cut: Cut,
    /// Whether decisions wait for entries of the asking node that only the other one has.
    pub(crate) holds: bool,
    /// When the session is to be woken, milliseconds of the world.
    pub(crate) wake_ms: Option<u64>,
    /// Parcels sent, to the answering node and from it.
    sent: [u64; 2],
    /// Number of the latest parcel that arrived, to the answering node and from it.
    arrived: [u64; 2],
}

impl Parcel {
    const fn direction(&self) -> usize {
        match self {
            Self::Request { .. } | Self::Told { to: End::Answerer, .. } => 0,
            Self::Reply { .. } | Self::Refused { .. } | Self::Hint | Self::Told { to: End::Asker, .. } => 1,
        }
    }
}

impl Line {
    /// An open line without a session.
    pub(crate) const fn between(asker: usize, answerer: usize) -> Self {
        Self {
            asker,
            answerer,
            session: None,
            cut: Cut::Open,
            holds: false,
            wake_ms: None,
            sent: [0; 2],
            arrived: [0; 2],
        }
    }

    /// Whether neither of its ends is HQ.
    pub(crate) const fn is_of_siblings(&self) -> bool {
        self.answerer != HQ
    }

    /// The node at an end.
    pub(crate) const fn at(&self, end: End) -> usize {
        match end {
            End::Asker => self.asker,
            End::Answerer => self.answerer,
        }
    }

    /// The end of the line that is not this node, if the other one is.
    pub(crate) const fn other_end(&self, number: usize) -> Option<(End, usize)> {
        if self.asker == number {
            Some((End::Answerer, self.answerer))
        } else if self.answerer == number {
            Some((End::Asker, self.asker))
        } else {
            None
        }
    }

    /// Begins the session of a node that started.
    pub(crate) fn begin(&mut self, protocol: Protocol, certificate: lanyard_sync::Certificate) {
        self.session = Some(Session::new(protocol, certificate, Vec::new(), [SCOPE]));
        self.wake_ms = None;
        self.holds = false;
    }

    /// Numbers a parcel that is sent.
    pub(crate) const fn number(&mut self, parcel: &Parcel) -> u64 {
        let sent = &mut self.sent[parcel.direction()];
        *sent += 1;
        *sent
    }

    /// Takes note of a parcel that arrived; tells whether a later one came before it.
    pub(crate) fn arrives(&mut self, parcel: &Parcel, number: u64) -> bool {
        let latest = &mut self.arrived[parcel.direction()];
        let is_late = number < *latest;
        *latest = number.max(*latest);
        is_late
    }
}
