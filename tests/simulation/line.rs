//! Lines: what travels between a node and HQ, and what happens to it on the way.

use lanyard_domain::FreshCheckIn;
use lanyard_sync::{CallId, Protocol, Session};

use crate::node::SCOPE;

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

/// What travels.
#[derive(Clone, Debug)]
pub(crate) enum Parcel {
    /// To HQ.
    Request { call: CallId, bytes: Vec<u8> },
    /// From HQ.
    Reply { call: CallId, bytes: Vec<u8> },
    /// The connection was refused.
    Refused { call: CallId },
    /// From HQ: there is news.
    Hint,
    /// Check-ins, ahead of their entries.
    Told { to_hq: bool, fresh: Vec<FreshCheckIn> },
}

/// The line of one node, with the session that runs over it.
#[derive(Debug)]
pub(crate) struct Line {
    /// None while the node is down.
    pub(crate) session: Option<Session>,
    pub(crate) cut: Cut,
    /// Whether decisions wait for entries of the node that only HQ has.
    pub(crate) holds: bool,
    /// When the session is to be woken, milliseconds of the world.
    pub(crate) wake_ms: Option<u64>,
    /// Parcels sent, to HQ and from it.
    sent: [u64; 2],
    /// Number of the latest parcel that arrived, to HQ and from it.
    arrived: [u64; 2],
}

impl Parcel {
    const fn direction(&self) -> usize {
        match self {
            Self::Request { .. } | Self::Told { to_hq: true, .. } => 0,
            Self::Reply { .. } | Self::Refused { .. } | Self::Hint | Self::Told { to_hq: false, .. } => 1,
        }
    }
}

impl Line {
    /// An open line without a session.
    pub(crate) const fn new() -> Self {
        Self { session: None, cut: Cut::Open, holds: false, wake_ms: None, sent: [0; 2], arrived: [0; 2] }
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
