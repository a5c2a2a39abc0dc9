//! One scope of a session: what both sides have, and how far pulling and pushing are.

use crate::id::Hash;
use crate::session::io::CallId;
use crate::session::request::OwnHead;
use crate::vector::{Head, VersionVector};

/// How far one direction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Nothing is going on.
    Idle,
    /// The last attempt brought nothing new: a hello tries again, for pulling a hint too.
    Resting,
    /// The driver builds or stores a batch.
    Local,
    /// The peer was asked.
    Asked(CallId),
}

/// What this node has.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub(super) vector: VersionVector,
    pub(super) own: OwnHead,
}

#[derive(Debug)]
pub(super) struct Scope {
    pub(super) here: Option<Here>,
    /// What the peer has, as far as it is known; `None` until it answered a hello.
    pub(super) there: Option<VersionVector>,
    pub(super) pull: Lane,
    pub(super) push: Lane,
    /// What the peer had when the batch that is built was asked for.
    pub(super) built_for: VersionVector,
    /// The peer has news, whatever the vectors say.
    pub(super) hinted: bool,
    /// Where the own log stands at the peer, while this node has less of it.
    pub(super) rewound: Option<Head>,
    /// Whether the driver was told that both sides have the same.
    pub(super) in_step: bool,
}

impl Scope {
    pub(super) fn new() -> Self {
        Self {
            here: None,
            there: None,
            pull: Lane::Idle,
            push: Lane::Idle,
            built_for: VersionVector::default(),
            hinted: false,
            rewound: None,
            in_step: false,
        }
    }

    /// Notes that the peer has news, unless they are here already.
    pub(super) fn take_hint(&mut self, digest: Option<Hash>) {
        let known = self.here.as_ref().is_some_and(|here| digest == Some(here.vector.digest()));
        if !known {
            self.hinted = true;
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        [self.pull, self.push].iter().all(|lane| matches!(lane, Lane::Idle | Lane::Resting))
    }

    /// Forgets what is known of the peer: only a hello goes on from here.
    pub(super) fn lose_peer(&mut self) {
        self.there = None;
        self.in_step = false;
    }

    /// Takes up the peer's vector after a hello.
    pub(super) fn meet(&mut self, vector: VersionVector) {
        self.there = Some(vector);
        for lane in [&mut self.pull, &mut self.push] {
            if *lane == Lane::Resting {
                *lane = Lane::Idle;
            }
        }
    }

    /// Adds what the peer said it has.
    pub(super) fn learn(&mut self, vector: &VersionVector) {
        if let Some(there) = &mut self.there {
            there.merge(vector);
        }
    }

    /// The peer does not have what comes next here, or not yet: the next hello asks again, and pushing goes on.
    pub(super) fn rest_from_pulling(&mut self) {
        self.pull = Lane::Resting;
        self.hinted = false;
    }

    pub(super) fn wants_pull(&self) -> bool {
        let (Some(here), Some(there)) = (&self.here, &self.there) else { return false };
        match self.pull {
            Lane::Idle => self.hinted || !here.vector.dominates(there),
            Lane::Resting => self.hinted,
            Lane::Local | Lane::Asked(_) => false,
        }
    }

    pub(super) fn wants_push(&self) -> bool {
        let (Some(here), Some(there)) = (&self.here, &self.there) else { return false };
        self.push == Lane::Idle && self.rewound.is_none() && !there.dominates(&here.vector)
    }

    /// Notes where the own log stands at the peer; tells once that this node has less of it.
    pub(super) fn rewinds_to(&mut self, head: Head) -> bool {
        self.meet(VersionVector::default());
        self.hinted = true;
        let news = self.rewound.replace(head).is_none();
        news && !self.takes_recovery()
    }

    /// Whether the node began another epoch after it said it had this.
    pub(super) fn has_begun_anew_since(&self, spoken: &VersionVector) -> bool {
        self.here.as_ref().is_some_and(|here| here.own.seq() > 0 && spoken.seq(&here.own.log) == 0)
    }

    /// Tells once whether the own log is whole again.
    pub(super) fn takes_recovery(&mut self) -> bool {
        let (Some(rewound), Some(here)) = (self.rewound, &self.here) else { return false };
        let whole = here.own.seq() >= rewound.seq;
        if whole {
            self.rewound = None;
        }
        whole
    }

    /// Tells once that both sides have the same.
    pub(super) fn takes_step(&mut self) -> bool {
        let same = match (&self.here, &self.there) {
            (Some(here), Some(there)) => here.vector == *there,
            _ => false,
        };
        let news = same && self.is_idle() && !self.in_step;
        self.in_step = same && (self.in_step || news);
        news
    }
}
