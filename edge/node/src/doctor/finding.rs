//! What may be the matter with a node, in words for staff, and what to do about it.

use lanyard_domain::SeatTypeId;
use lanyard_sync::Problem;

use crate::read::Unsent;

/// Something that a person should know, or do something about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The node never started here.
    NeverStarted,
    /// Database, file beside it and machine do not belong together.
    Copied,
    /// An entry that was to be sent is damaged.
    Damaged {
        /// Which one, and how.
        what: String,
    },
    /// A peer has more of this node's log than the node.
    SetBack {
        /// Entries that are missing.
        missing: u64,
    },
    /// HQ ended this node's log.
    Retired,
    /// Two branches of this node's log were found.
    Forked {
        /// Where they part.
        from: u64,
        /// Entries that were set aside and written again, over all nodes that had some.
        set_aside: u64,
    },
    /// Seats of an epoch that is over.
    Stranded {
        /// Of what.
        seat_type: SeatTypeId,
        /// How many.
        seats: i64,
    },
    /// HQ will not, or soon not, take what this node sends.
    CertificateEnds {
        /// Days left; negative once it is over.
        in_days: i64,
    },
    /// Streams that a newer build wrote to.
    NeedsUpgrade {
        /// How many.
        streams: u64,
    },
    /// No common version of the protocol was found with a peer.
    VersionRefused {
        /// The peer's address.
        peer: String,
        /// Which of the two has to be upgraded.
        problem: Problem,
    },
    /// Entries that are still to come after a snapshot.
    OlderLog {
        /// How many.
        missing: u64,
    },
    /// Entries that HQ is not known to have.
    Unsent(Unsent),
    /// Badges that wait for somebody.
    PrintJobs {
        /// How many.
        jobs: u64,
    },
}

impl Finding {
    /// What is the case, in words for staff.
    pub fn what(&self) -> String {
        match self {
            Self::NeverStarted => "This node never started: its log is empty.".to_owned(),
            Self::Copied => {
                "This data folder was copied, moved to another machine, or restored from a backup.".to_owned()
            }
            Self::Damaged { what } => {
                format!("The disk has damaged what this node keeps: {what}. Nothing of it was sent.")
            }
            Self::SetBack { missing } => {
                format!("This node was set back: others have {missing} entries of its log that it lost.")
            }
            Self::Retired => "HQ retired this node: nothing it writes counts any more.".to_owned(),
            Self::Forked { from, set_aside } => format!(
                "Two copies of this node wrote at once, from entry {from} on: its data folder was copied, or the machine \
                 was set back. {set_aside} entries were written again in other logs; nothing is lost."
            ),
            Self::Stranded { seat_type, seats } => format!(
                "{seats} seats of {seat_type} belong to a part of this node's log that is over. Nobody can sell them."
            ),
            Self::CertificateEnds { in_days } if *in_days < 0 => {
                "HQ takes nothing from this node any more: its certificate is over.".to_owned()
            }
            Self::CertificateEnds { in_days } => {
                format!("HQ takes what this node sends for {in_days} more days.")
            }
            Self::NeedsUpgrade { streams } => {
                format!(
                    "{streams} attendees or orders were written by a newer version and are read-only here."
                )
            }
            Self::VersionRefused { peer, problem } => format!("With {peer} nothing is exchanged: {problem}."),
            Self::OlderLog { missing } => {
                format!("This node began from a snapshot; {missing} older entries are still to come.")
            }
            Self::Unsent(unsent) => {
                format!(
                    "HQ is not known to have the last {} entries of this node; it may have.",
                    unsent.entries
                )
            }
            Self::PrintJobs { jobs } => format!("{jobs} badges are not printed."),
        }
    }

    /// What to do about it; none where there is nothing to do.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::NeverStarted => "Start it with `lanyard serve`.",
            Self::Copied => {
                "Make sure that the original does not run any more. At its next start this node goes on by itself, \
                 with no seats to sell: give it some at HQ with `lanyard-hq give`."
            }
            Self::Damaged { .. } => {
                "Work goes on, and others get nothing that comes after it. `lanyard verify` lists the damage. When the \
                 door is quiet stop the node and run `lanyard repair`; others have to be in reach, or give it a bundle."
            }
            Self::SetBack { .. } => {
                "It fetches them from HQ or a sibling by itself. Cut off or started again without them it goes on, with \
                 no seats to sell: give it some at HQ with `lanyard-hq give`."
            }
            Self::Retired => {
                "Keep this folder until nothing waits to be sent: HQ shows what came too late. Let the machine join anew into \
                 an empty data folder."
            }
            Self::Forked { .. } => {
                "If two machines run with this node's data, stop one and let it join anew with an empty data folder. Look \
                 at the conflicts: what both let in or sold is shown there."
            }
            Self::Stranded { .. } => {
                "`lanyard-hq reclaim` takes them back, once no other machine runs with this node's data."
            }
            Self::CertificateEnds { in_days } if *in_days < 0 => {
                "Keep this folder. Work goes on here; carry it to HQ with `lanyard bundle export`."
            }
            Self::CertificateEnds { .. } => "Let it reach HQ before, until nothing waits to be sent.",
            Self::NeedsUpgrade { .. } => "Install the newer version; it reads them at its start.",
            Self::VersionRefused { problem, .. } => problem.recovery(),
            Self::OlderLog { .. } => {
                "It fetches them by itself from HQ or a sibling. If that comes to no end, stop the node and run \
                 `lanyard repair` while others are in reach."
            }
            Self::Unsent(_) => "Let it reach HQ or a sibling, or carry them with `lanyard bundle export`.",
            Self::PrintJobs { .. } => return None,
        })
    }

    /// Whether a person has to do something; otherwise it is only good to know.
    pub const fn needs_action(&self) -> bool {
        !matches!(
            self,
            Self::Forked { .. }
                | Self::Stranded { .. }
                | Self::OlderLog { .. }
                | Self::Unsent(_)
                | Self::PrintJobs { .. }
        )
    }
}
