//! Planted faults: wrong behaviour on purpose, to show that the tests notice it.
//!
//! Compiled only with the feature `planted-faults` and chosen by the environment variable
//! `LANYARD_PLANTED_FAULT`; without the feature nothing is ever planted.

macro_rules! faults {
    ($( $(#[$doc:meta])* $variant:ident = $word:literal, )+) => {
        /// What is done wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault { $( $(#[$doc])* $variant, )+ }

        impl Fault {
            /// The word that chooses it.
            #[cfg_attr(not(feature = "planted-faults"), expect(dead_code, reason = "nothing is planted"))]
            const fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        /// The word of every fault, here and in what is admitted.
        pub const FAULTS: &[&str] = &[ lanyard_sync::CHAIN_UNCHECKED, $( $word, )+ ];
    };
}

faults! {
    /// A decision does not see earlier check-ins.
    DoubleAdmission = "double-admission",
    /// The answer goes out before the commit.
    AnswerBeforeCommit = "answer-before-commit",
    /// The commit returns before the disk has it.
    CommitUnsynced = "commit-unsynced",
    /// A sale spends rights that nobody gave.
    RightsIgnored = "rights-ignored",
    /// A sale does not see what is held.
    RightsSpentTwice = "rights-spent-twice",
    /// The state hash is that of the vector.
    VectorHash = "vector-hash",
    /// What came of a command is not kept.
    OutcomeForgotten = "outcome-forgotten",
    /// An entry that sorts earlier is folded as if it came last.
    LateEntryLast = "late-entry-last",
    /// What arrives while a long stream is folded anew is not taken in.
    FoldedWithoutLater = "folded-without-later",
    /// An entry of a tally counts whenever it comes.
    TalliedTwice = "tallied-twice",
    /// A fold follows the clocks of the writers.
    WallClock = "wall-clock",
    /// What the writer of an entry had seen is not kept.
    ContextLost = "context-lost",
    /// Peers are told of all logs but one.
    VectorPruned = "vector-pruned",
    /// A batch is acknowledged and not stored.
    BatchLost = "batch-lost",
    /// A node whose log forked goes on in it.
    EpochReused = "epoch-reused",
    /// What is set aside is not written again.
    BranchLost = "branch-lost",
    /// What comes after the end of a log counts.
    ClosedCounted = "closed-counted",
    /// What was folded of a log before its end came is not taken back.
    ClosedTooLate = "closed-too-late",
}

/// Tells whether a fault is planted in this process.
#[cfg(feature = "planted-faults")]
pub(crate) fn is_planted(fault: Fault) -> bool {
    static WORD: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    WORD.get_or_init(|| std::env::var("LANYARD_PLANTED_FAULT").ok()).as_deref() == Some(fault.word())
}

/// Tells whether a fault is planted in this process: never, in this build.
#[cfg(not(feature = "planted-faults"))]
pub(crate) const fn is_planted(_fault: Fault) -> bool {
    false
}
