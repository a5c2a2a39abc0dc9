//! What goes wrong in a world: the kinds that are counted, and between what their rates are drawn.

use std::collections::BTreeMap;

macro_rules! faults {
    ($( $(#[$doc:meta])* $variant:ident = $words:literal, $low:literal..$high:literal; )+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fault { $( $(#[$doc])* $variant, )+ }

        impl Fault {
            /// Every kind.
            pub(crate) const ALL: &[Self] = &[ $( Self::$variant, )+ ];

            /// The kind in words.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $words, )+ }
            }

            /// How often it strikes in a world, from and up to, in thousandths of its occasions.
            pub(crate) const fn rates(self) -> (u64, u64) {
                match self { $( Self::$variant => ($low, $high), )+ }
            }
        }
    };
}

faults! {
    // Of messages.

    /// A message takes seconds.
    Delay = "delay", 0..120;
    /// A message arrives after one that was sent later; seen, not drawn.
    Reorder = "reorder", 0..1;
    /// A message arrives twice.
    Duplicate = "duplicate", 0..120;
    /// A message is lost.
    Drop = "drop", 0..120;
    /// A node asks to come later.
    Busy = "busy", 0..60;

    // Of what desks ask.

    /// A desk does not get its answer and asks again.
    AnswerLost = "answer lost", 0..100;
    /// A desk sends an earlier command again.
    CommandRepeated = "command repeated", 30..130;

    // Of commits, checkpoints and starts.

    /// A node dies with submissions in its queue.
    CrashBeforeCommit = "crash before commit", 1..12;
    /// A node dies while a commit is written: any part of it may be on the disk.
    CrashInCommit = "crash in commit", 1..14;
    /// A node dies between the commit and its answers.
    CrashBeforeAnswer = "crash before answer", 1..12;
    /// A node dies while the write-ahead log is copied.
    CrashInCheckpoint = "crash in checkpoint", 0..60;
    /// A node dies while it removes what is erased.
    CrashInErasure = "crash in erasure", 0..120;
    /// A node dies while it opens its database.
    CrashWhileOpening = "crash while opening", 0..300;

    // Of nodes, at the beginning.

    /// A clock is wrong by minutes from the beginning.
    Skew = "clock skew", 200..800;

    // Of moments in which there may be trouble.

    /// A line carries nothing, and says so or not.
    Partition = "partition", 100..500;
    /// A clock jumps by minutes or hours.
    ClockJump = "clock jump", 0..250;
    /// A clock jumps by months or years.
    ClockYears = "clock years", 0..60;
    /// A disk has no more room for a while.
    DiskFull = "disk full", 0..160;
    /// A node dies while it does nothing.
    CrashIdle = "crash while idle", 0..100;
    /// A machine is set back to an earlier picture of itself, unnoticed.
    SetBack = "set back", 0..200;
    /// A machine's database is restored from an old copy, which its next start finds out.
    Restored = "restored", 0..120;
    /// HQ's database is restored from an old copy.
    HqRestored = "HQ restored", 0..100;
    /// A machine that runs is copied bit by bit, and both run from then on.
    LiveClone = "live clone", 0..40;
    /// The next release is rolled out, node by node.
    RollOut = "roll-out", 0..50;
    /// HQ retires a node that lives.
    Retirement = "retirement", 0..50;
}

/// How many of each kind.
pub(crate) type FaultCounts = BTreeMap<Fault, u64>;

impl Fault {
    /// The kind of a word.
    pub(crate) fn parse(words: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.as_str() == words)
    }
}
