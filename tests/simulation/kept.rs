//! What the databases of a world are kept on, which follows from its seed.

use lanyard_test_vfs::Memory;

/// One of so many worlds is on disks.
const DISKS_EVERY: u64 = 11;

/// Where all databases of a world are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kept {
    /// In memory: who dies in a transaction finds it done or not begun.
    InMemory,
    /// On disks whose power can be cut at every write, and with a lab to look at moments of every life.
    OnDisks,
}

impl Kept {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::InMemory, Self::OnDisks];

    /// That of the world of a seed.
    pub(crate) const fn of(seed: u64) -> Self {
        if seed.is_multiple_of(DISKS_EVERY) { Self::OnDisks } else { Self::InMemory }
    }

    /// In words.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::InMemory => "in memory",
            Self::OnDisks => "on disks",
        }
    }

    /// What its disks remember.
    pub(crate) const fn memory(self) -> Memory {
        match self {
            Self::InMemory => Memory::Marked,
            Self::OnDisks => Memory::Changes,
        }
    }
}
