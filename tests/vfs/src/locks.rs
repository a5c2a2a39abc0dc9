//! Locks on a file among the connections of this process, as SQLite asks for them.

use std::ffi::c_int;

use rusqlite::ffi;

/// How strong a lock is.
pub(crate) type Level = c_int;

/// Locks that connections hold on one file.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    /// Connections that read at least.
    shared: u32,
    is_reserved: bool,
    is_pending: bool,
    is_exclusive: bool,
}

/// What one connection holds.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) level: Level,
    reserves: bool,
    awaits: bool,
}

impl Locks {
    /// Takes a stronger lock; tells whether it was there to be taken.
    pub(crate) fn take(&mut self, held: &mut Held, level: Level) -> bool {
        if level <= held.level {
            return true;
        }
        if held.level == ffi::SQLITE_LOCK_NONE {
            if self.is_pending || self.is_exclusive {
                return false;
            }
            self.shared += 1;
            held.level = ffi::SQLITE_LOCK_SHARED;
        }
        if level == ffi::SQLITE_LOCK_RESERVED {
            if self.is_reserved || self.is_pending {
                return false;
            }
            (self.is_reserved, held.reserves) = (true, true);
            held.level = ffi::SQLITE_LOCK_RESERVED;
        }
        level != ffi::SQLITE_LOCK_EXCLUSIVE || self.take_exclusive(held)
    }

    fn take_exclusive(&mut self, held: &mut Held) -> bool {
        if (self.is_reserved && !held.reserves) || (self.is_pending && !held.awaits) {
            return false;
        }
        (self.is_pending, held.awaits) = (true, true);
        held.level = ffi::SQLITE_LOCK_PENDING;
        if self.shared > 1 {
            return false;
        }
        self.is_exclusive = true;
        held.level = ffi::SQLITE_LOCK_EXCLUSIVE;
        true
    }

    /// Goes back to a weaker lock.
    pub(crate) fn release(&mut self, held: &mut Held, level: Level) {
        if level >= held.level {
            return;
        }
        if held.level == ffi::SQLITE_LOCK_EXCLUSIVE {
            self.is_exclusive = false;
        }
        if held.awaits {
            (self.is_pending, held.awaits) = (false, false);
        }
        if held.reserves {
            (self.is_reserved, held.reserves) = (false, false);
        }
        if level == ffi::SQLITE_LOCK_NONE {
            self.shared -= 1;
        }
        held.level = level;
    }

    /// Whether a connection is about to write.
    pub(crate) const fn is_reserved(&self) -> bool {
        self.is_reserved || self.is_pending || self.is_exclusive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_read_one_writes_and_nobody_reads_meanwhile() {
        let (mut locks, mut one, mut two) = (Locks::default(), Held::default(), Held::default());
        assert!(
            locks.take(&mut one, ffi::SQLITE_LOCK_SHARED) && locks.take(&mut two, ffi::SQLITE_LOCK_SHARED)
        );
        assert!(locks.take(&mut one, ffi::SQLITE_LOCK_RESERVED));
        assert!(!locks.take(&mut two, ffi::SQLITE_LOCK_RESERVED) && locks.is_reserved());
        assert!(!locks.take(&mut one, ffi::SQLITE_LOCK_EXCLUSIVE), "two reads");
        locks.release(&mut two, ffi::SQLITE_LOCK_NONE);
        assert!(!locks.take(&mut two, ffi::SQLITE_LOCK_SHARED), "one waits to write");
        assert!(locks.take(&mut one, ffi::SQLITE_LOCK_EXCLUSIVE));
        locks.release(&mut one, ffi::SQLITE_LOCK_SHARED);
        assert!(locks.take(&mut two, ffi::SQLITE_LOCK_SHARED) && !locks.is_reserved());
    }
}
