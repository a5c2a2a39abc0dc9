//! What goes into a group commit and what comes out of it.

use std::sync::Arc;

use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Attendee, Command, Folded, FreshCheckIn, Order, Role, Stream};
use lanyard_sync::{Batch, CommandId, Dot, Hash, LogId, NodeId, Problem, VersionVector};

use crate::snapshot::Taken;
use crate::store::StoreError;
use crate::store::last_import::LastImport;

/// One thing to be done in a group commit.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are commands, and a box each costs more than the room"
)]
pub enum Submission {
    /// Decides a command.
    Command(Submitted),
    /// Stores what a peer sent.
    Import(Batch),
    /// Stores what a peer sent of the log that is older than a snapshot.
    History(Batch),
    /// Changes a table that never leaves this node.
    Local(LocalChange),
}

impl Submission {
    /// Whether it is a command to check somebody in.
    pub(crate) fn is_check_in(&self) -> bool {
        matches!(self, Self::Command(Submitted { command: Command::CheckIn { .. }, .. }))
    }

    /// Whether somebody waits for it: a desk, or a peer that sends.
    pub(crate) const fn is_asked(&self) -> bool {
        match self {
            Self::Command(_) | Self::Import(_) => true,
            Self::History(_) | Self::Local(_) => false,
        }
    }

    /// Whether it may be written in the room of the ballast, which is for desks: lists and what peers
    /// send are large, and wait where they are.
    pub(crate) fn may_use_the_reserve(&self) -> bool {
        match self {
            Self::Command(submitted) => !matches!(submitted.command, Command::ImportAttendees { .. }),
            Self::Import(_) | Self::History(_) | Self::Local(LocalChange::Adopt(_)) => false,
            Self::Local(_) => true,
        }
    }
}

/// A command as somebody gave it.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// Made by whoever gives the command; the first outcome under it stands for ever.
    pub id: CommandId,
    /// Hash of the request; the same id with another one is refused.
    pub body: Hash,
    /// Who, as an id.
    pub actor: String,
    /// Where; empty when at no desk.
    pub desk: String,
    /// What they may do.
    pub role: Role,
    /// What is asked for.
    pub command: Command,
    /// Entries of the attendee or order the caller decided on.
    pub if_match: Option<u64>,
}

/// A change of local tables.
#[derive(Clone, Debug)]
pub enum LocalChange {
    /// Moves a print job on, if it is in one of the states given.
    PrintJob {
        /// Which job.
        job: i64,
        /// States it may be in, any when empty.
        from: Vec<PrintState>,
        /// State to go to.
        to: PrintState,
        /// Why, as a word.
        reason: Option<String>,
        /// What staff are asked.
        question: Option<PrintQuestion>,
        /// Another printer, when it goes there.
        printer: Option<String>,
    },
    /// Chooses the printer of a desk.
    DeskPrinter {
        /// The desk.
        desk: String,
        /// The printer.
        printer: String,
    },
    /// Remembers failed sign-ins of one subject; zero failures forget it.
    SignInBackOff {
        /// Whom or what is held back.
        subject: String,
        /// Failures in a row.
        failures: u32,
        /// End of the wait, Unix milliseconds.
        until_ms: i64,
    },
    /// Remembers what a peer has, as it last said.
    PeerHeard {
        /// The peer.
        peer: NodeId,
        /// Its vector.
        vector: VersionVector,
        /// When, Unix milliseconds.
        at_ms: i64,
    },
    /// Remembers that an import of a list begins.
    ImportBegan(LastImport),
    /// No common version of the protocol was found with a peer, or is again.
    VersionRefused {
        /// The peer's address.
        peer: String,
        /// The problem's code; none once there is one.
        code: Option<&'static str>,
    },
    /// A peer has another branch of a log than the one here.
    ForkFound {
        /// The log.
        log: LogId,
        /// The first sequence number that differs.
        from: u64,
    },
    /// A restored HQ goes on without the nodes it waits for, and without own entries that only others have.
    Resume,
    /// A peer has the log of this node up to here, and this node has less: nothing is decided until it is back.
    SetBack {
        /// The log.
        log: LogId,
        /// How far the peer has it.
        seq: u64,
    },
    /// Forgets a print job that is not with the printer, because whose badge it is was erased.
    ForgetPrintJob {
        /// Which job.
        job: i64,
    },
    /// The peer does not give back what this node lost: it goes on in a new epoch.
    WriteOn,
    /// An entry that was to be sent is damaged here: which one, and how.
    Damaged(String),
    /// Takes up a snapshot, on a node that has no entries.
    Adopt(Arc<Taken>),
    /// How far this node's clock is ahead of HQ's, milliseconds; kept in memory.
    Skew(Option<i32>),
    /// Check-ins that a peer told of; kept in memory for a short time.
    FreshCheckIns(Vec<FreshCheckIn>),
}

/// Where a print job stands.
// Stored: as its word in the print jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrintState {
    /// To be printed.
    Queued,
    /// With the printer.
    Printing,
    /// The printer confirmed it.
    Done,
    /// Staff or the printer are waited for.
    Waiting,
    /// It will not be printed as things are.
    Failed,
    /// Staff did not want it.
    Discarded,
}

/// What staff are asked about a print job.
// Stored: as its word in the print jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrintQuestion {
    /// The power or the line was lost while it printed.
    DidItPrint,
    /// It waited for too long.
    PrintOrDiscard,
}

impl PrintState {
    /// The state's stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Printing => "printing",
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Discarded => "discarded",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Queued, Self::Printing, Self::Done, Self::Waiting, Self::Failed, Self::Discarded]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

impl PrintQuestion {
    /// The question's stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DidItPrint => "did_it_print",
            Self::PrintOrDiscard => "print_or_discard",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::DidItPrint, Self::PrintOrDiscard].into_iter().find(|question| question.as_str() == word)
    }
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The outcome, stored for ever.
    pub outcome: Outcome,
    /// Whether it was stored before.
    pub replayed: bool,
    /// Position of the log after the command.
    pub position: u64,
    /// How many of how many are in, after the command.
    pub arrivals: Arrivals,
    /// The attendee and order the outcome refers to, as they are after the command.
    pub(crate) states: Vec<(Stream, Folded)>,
}

impl Answer {
    /// The attendee the outcome refers to.
    pub fn attendee(&self) -> Option<&Attendee> {
        self.states.iter().find_map(|(_, state)| match state {
            Folded::Attendee(attendee) => Some(&**attendee),
            _ => None,
        })
    }

    /// The order the outcome refers to.
    pub fn order(&self) -> Option<&Order> {
        self.states.iter().find_map(|(_, state)| match state {
            Folded::Order(order) => Some(&**order),
            _ => None,
        })
    }
}

/// How many of how many are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// People inside.
    pub inside: u64,
    /// People inside or still to come.
    pub expected: u64,
}

/// An entry that came between, for whoever decided on an earlier version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// The entry.
    pub dot: Dot,
    /// What happened: the kind's wire name.
    pub kind: String,
    /// Writer's clock, Unix milliseconds.
    pub at_ms: i64,
    /// Where; empty when at no desk.
    pub desk: String,
    /// Who, as an id.
    pub actor: String,
}

/// Why a command was not decided; nothing of it is stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubmitError {
    /// The queue is full.
    #[error("the node is busy; try again in {retry_after_ms} ms")]
    Busy {
        /// When to come again, milliseconds.
        retry_after_ms: u64,
    },
    /// The id was used for another request.
    #[error("the command id was used for another request")]
    KeyReused,
    /// The role does not allow it.
    #[error("this needs the role {needs:?}")]
    NotPermitted {
        /// The least role that may.
        needs: Role,
    },
    /// The caller decided on an earlier version.
    #[error("the version is stale")]
    StaleVersion {
        /// Entries as of this moment.
        version: u64,
        /// What came in between.
        between: Vec<EventLine>,
    },
    /// A stream needs a newer build.
    #[error("{stream} was written by a newer build and is read-only here; upgrade this node")]
    NeedsUpgrade {
        /// Which stream.
        stream: String,
    },
    /// Some nodes could not read what would be written.
    #[error("{} cannot read this; upgrade them first", nodes.join(", "))]
    NodesTooOld {
        /// Their names.
        nodes: Vec<String>,
    },
    /// HQ ended the log of this node.
    #[error("this node was retired at HQ")]
    Retired,
    /// HQ was restored from a backup and waits for what its nodes know.
    #[error("HQ was restored from a backup and waits for what its nodes know")]
    Healing,
    /// What is to be decided on waits for entries that are still to come.
    #[error("the older log is still being fetched")]
    HistoryPending,
    /// The disk is full; reading goes on.
    #[error("the disk is full; free some space, nothing is lost")]
    StoreFull,
    /// The node has stopped writing.
    #[error("the node has stopped")]
    Stopped,
}

/// What came of a local change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalAnswer {
    /// It was made.
    Changed,
    /// What it was about is in another state, or unknown.
    NotApplicable,
}

/// Why a peer's batch was not stored.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The batch is not acceptable.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The disk is full.
    #[error("the disk is full")]
    StoreFull,
    /// The node has stopped writing.
    #[error("the node has stopped")]
    Stopped,
}

/// What came of a submission, in the order of the group.
#[derive(Debug)]
pub enum Reply {
    /// Of a command.
    Command(Result<Answer, SubmitError>),
    /// Of an import: the vector afterwards.
    Import(Result<VersionVector, ImportError>),
    /// Of a local change.
    Local(Result<LocalAnswer, SubmitError>),
}

/// What came of a group.
#[derive(Debug)]
pub struct Committed {
    /// A reply for each submission.
    pub replies: Vec<Reply>,
    /// Whether the disk had no room for it: nothing of the group was written.
    pub is_full: bool,
    /// What broke, when the engine can write no more.
    pub broken: Option<StoreError>,
}
