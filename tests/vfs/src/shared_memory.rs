//! Memory that the connections to one database share: the index of its write-ahead log. It is gone with the last of
//! them, as it is with a process that dies.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ffi::c_int;
use std::ptr::NonNull;

use rusqlite::ffi;

/// Regions and the locks on them.
#[derive(Debug, Default)]
pub(crate) struct SharedMemory {
    regions: Vec<Region>,
    /// Readers of each lock; -1 where it is held alone.
    locks: [i32; LOCKS],
    users: u32,
}

const LOCKS: usize = 8;

/// Which locks one connection holds, a bit each.
#[derive(Debug, Default)]
pub(crate) struct HeldLocks {
    shared: u32,
    alone: u32,
    /// Whether it uses the memory at all.
    pub(crate) is_user: bool,
}

/// Memory that stays where it is until it is dropped.
#[derive(Debug)]
struct Region {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a region is an address and a size. SQLite alone reads and writes what is there, from several threads, and
// keeps order by the locks above.
unsafe impl Send for Region {}

impl Region {
    fn new(bytes: usize) -> Option<Self> {
        let layout = Layout::from_size_align(bytes, 64).ok().filter(|layout| layout.size() > 0)?;
        // SAFETY: the layout has a size.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout));
        Some(Self { start, layout })
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout, once, and is given back once. SQLite has unmapped it: the last
        // user is gone.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

impl SharedMemory {
    /// Takes up or goes on with a connection's use.
    pub(crate) const fn enter(&mut self, held: &mut HeldLocks) {
        if !held.is_user {
            held.is_user = true;
            self.users += 1;
        }
    }

    /// Ends a connection's use; with the last one all is gone.
    pub(crate) fn leave(&mut self, held: &mut HeldLocks) {
        if !std::mem::take(&mut held.is_user) {
            return;
        }
        for slot in 0..LOCKS {
            self.unlock(held, slot);
        }
        self.users -= 1;
        if self.users == 0 {
            self.regions.clear();
        }
    }

    /// Whether a region is there.
    pub(crate) const fn has(&self, region: usize) -> bool {
        region < self.regions.len()
    }

    /// Makes regions up to this one.
    pub(crate) fn extend_to(&mut self, region: usize, bytes: usize) -> bool {
        while !self.has(region) {
            let Some(next) = Region::new(bytes) else { return false };
            self.regions.push(next);
        }
        true
    }

    /// Where a region begins.
    pub(crate) fn start_of(&self, region: usize) -> Option<NonNull<u8>> {
        self.regions.get(region).map(|region| region.start)
    }

    /// Takes or releases locks as `xShmLock` says; tells whether they were there.
    pub(crate) fn lock(&mut self, held: &mut HeldLocks, first: usize, count: usize, flags: c_int) -> bool {
        let slots = first..(first + count).min(LOCKS);
        if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
            slots.for_each(|slot| self.unlock(held, slot));
            return true;
        }
        if flags & ffi::SQLITE_SHM_SHARED != 0 {
            return slots.into_iter().all(|slot| self.share(held, slot));
        }
        let is_free = |slot: usize| self.locks[slot] == 0 || held.alone & (1 << slot) != 0;
        if !slots.clone().all(is_free) {
            return false;
        }
        for slot in slots {
            self.locks[slot] = -1;
            held.alone |= 1 << slot;
        }
        true
    }

    const fn share(&mut self, held: &mut HeldLocks, slot: usize) -> bool {
        if held.shared & (1 << slot) != 0 {
            return true;
        }
        if self.locks[slot] < 0 {
            return false;
        }
        self.locks[slot] += 1;
        held.shared |= 1 << slot;
        true
    }

    const fn unlock(&mut self, held: &mut HeldLocks, slot: usize) {
        let bit = 1 << slot;
        if held.alone & bit != 0 {
            self.locks[slot] = 0;
        } else if held.shared & bit != 0 {
            self.locks[slot] -= 1;
        }
        held.alone &= !bit;
        held.shared &= !bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_shared_by_many_or_held_by_one() {
        let (mut memory, mut one, mut two) =
            (SharedMemory::default(), HeldLocks::default(), HeldLocks::default());
        memory.enter(&mut one);
        memory.enter(&mut two);
        let lock = ffi::SQLITE_SHM_LOCK;
        assert!(memory.lock(&mut one, 3, 1, lock | ffi::SQLITE_SHM_SHARED));
        assert!(memory.lock(&mut two, 3, 1, lock | ffi::SQLITE_SHM_SHARED));
        assert!(!memory.lock(&mut two, 0, 8, lock | ffi::SQLITE_SHM_EXCLUSIVE));
        assert!(memory.lock(&mut two, 0, 3, lock | ffi::SQLITE_SHM_EXCLUSIVE));
        assert!(!memory.lock(&mut one, 2, 1, lock | ffi::SQLITE_SHM_SHARED));
        memory.leave(&mut two);
        assert!(memory.lock(&mut one, 2, 1, lock | ffi::SQLITE_SHM_SHARED));
    }

    #[test]
    fn memory_stays_in_its_place_while_it_is_used_and_is_gone_after() {
        let (mut memory, mut held) = (SharedMemory::default(), HeldLocks::default());
        memory.enter(&mut held);
        assert!(memory.extend_to(0, 32 * 1024));
        let first = memory.start_of(0);
        assert!(memory.extend_to(5, 32 * 1024));
        assert_eq!(memory.start_of(0), first);
        memory.leave(&mut held);
        assert!(!memory.has(0));
    }
}
