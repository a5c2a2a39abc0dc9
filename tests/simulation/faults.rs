//! What goes wrong in a world: the kinds that are counted, and how often each is drawn.

use std::collections::BTreeMap;

use crate::dice::Dice;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A line carries nothing, and says so or not.
    Partition,
    /// A message takes seconds.
    Delay,
    /// A message arrives after one that was sent later.
    Reorder,
    /// A message arrives twice.
    Duplicate,
    /// A message is lost.
    Drop,
    /// HQ asks to come later.
    Busy,
    /// A desk does not get its answer and asks again.
    AnswerLost,
    /// A desk sends an earlier command again.
    CommandRepeated,
    /// A node dies with submissions in its queue.
    CrashBeforeCommit,
    /// A node dies while a commit is written: any part of it may be on the disk.
    CrashInCommit,
    /// A node dies between the commit and its answers.
    CrashBeforeAnswer,
    /// A node dies while the write-ahead log is copied.
    CrashInCheckpoint,
    /// A node dies while it opens its database.
    CrashWhileOpening,
    /// A clock is wrong by minutes from the beginning.
    Skew,
    /// A clock jumps by minutes or hours.
    ClockJump,
    /// A machine is set back to an earlier picture of itself, unnoticed.
    SetBack,
    /// HQ retires a node that lives.
    Retirement,
}

/// How many of each kind.
pub(crate) type FaultCounts = BTreeMap<Fault, u64>;

impl Fault {
    /// Every kind.
    pub(crate) const ALL: [Self; 17] = [
        Self::Partition,
        Self::Delay,
        Self::Reorder,
        Self::Duplicate,
        Self::Drop,
        Self::Busy,
        Self::AnswerLost,
        Self::CommandRepeated,
        Self::CrashBeforeCommit,
        Self::CrashInCommit,
        Self::CrashBeforeAnswer,
        Self::CrashInCheckpoint,
        Self::CrashWhileOpening,
        Self::Skew,
        Self::ClockJump,
        Self::SetBack,
        Self::Retirement,
    ];

    /// The kind in words.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Partition => "partition",
            Self::Delay => "delay",
            Self::Reorder => "reorder",
            Self::Duplicate => "duplicate",
            Self::Drop => "drop",
            Self::Busy => "busy",
            Self::AnswerLost => "answer lost",
            Self::CommandRepeated => "command repeated",
            Self::CrashBeforeCommit => "crash before commit",
            Self::CrashInCommit => "crash in commit",
            Self::CrashBeforeAnswer => "crash before answer",
            Self::CrashInCheckpoint => "crash in checkpoint",
            Self::CrashWhileOpening => "crash while opening",
            Self::Skew => "clock skew",
            Self::ClockJump => "clock jump",
            Self::SetBack => "set back",
            Self::Retirement => "retirement",
        }
    }
}

/// How often what goes wrong, in thousandths of the occasions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) drop: u32,
    pub(crate) duplicate: u32,
    pub(crate) delay: u32,
    pub(crate) busy: u32,
    pub(crate) answer_lost: u32,
    pub(crate) repeat: u32,
    pub(crate) crash: u32,
    pub(crate) crash_while_opening: u32,
}

impl Rates {
    /// The weather of one seed.
    pub(crate) fn drawn(dice: &mut Dice) -> Self {
        let mut up_to = |most: u64| u32::try_from(dice.between(0, most)).expect("a small number");
        Self {
            drop: up_to(120),
            duplicate: up_to(120),
            delay: up_to(120),
            busy: up_to(60),
            answer_lost: up_to(100),
            repeat: 30 + up_to(100),
            crash: 4 + up_to(32),
            crash_while_opening: up_to(300),
        }
    }

    /// Nothing goes wrong.
    pub(crate) const NONE: Self = Self {
        drop: 0,
        duplicate: 0,
        delay: 0,
        busy: 0,
        answer_lost: 0,
        repeat: 0,
        crash: 0,
        crash_while_opening: 0,
    };
}
