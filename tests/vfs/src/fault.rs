//! Faults by plan: which operation fails, when, how often and how.

use std::collections::BTreeSet;
use std::ffi::c_int;

use rusqlite::ffi;

/// What SQLite asks of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// To read bytes.
    Read,
    /// To write bytes.
    Write,
    /// To bring what was written to the disk.
    Sync,
    /// To cut a file to size.
    Truncate,
    /// To enlarge the index of the write-ahead log, which lies in shared memory.
    ShareMemory,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::Sync, Self::Truncate, Self::ShareMemory];
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The device reports an error (`EIO`); nothing was done.
    Io,
    /// The device reports an error after a part of a write was done.
    Short,
    /// No room is left (`ENOSPC`); a part of a write may have been done.
    Full,
}

/// A plan: of the operations that are meant, the first ones succeed, then some fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which operations are meant.
    pub on: BTreeSet<Operation>,
    /// How many of them succeed before.
    pub after: u64,
    /// How many of them fail; all from then on where this is `None`.
    pub times: Option<u64>,
    /// How they fail.
    pub how: Failure,
}

impl Fault {
    /// One operation fails once, after so many of its kind.
    pub fn once(on: Operation, after: u64, how: Failure) -> Self {
        Self { on: [on].into(), after, times: Some(1), how }
    }

    /// Operations of a kind fail from some moment on.
    pub fn from_then_on(on: Operation, after: u64, how: Failure) -> Self {
        Self { on: [on].into(), after, times: None, how }
    }

    /// Whether this one fails.
    pub(crate) fn strikes(&mut self, operation: Operation) -> Option<Failure> {
        if !self.on.contains(&operation) {
            return None;
        }
        if self.after > 0 {
            self.after -= 1;
            return None;
        }
        match &mut self.times {
            Some(0) => None,
            Some(times) => {
                *times -= 1;
                Some(self.how)
            }
            None => Some(self.how),
        }
    }
}

/// What SQLite is told, as its way to files on Unix would tell it.
pub(crate) const fn code(operation: Operation, how: Failure) -> c_int {
    match (operation, how) {
        (Operation::ShareMemory, Failure::Full | Failure::Short) => ffi::SQLITE_IOERR_SHMSIZE,
        (Operation::ShareMemory, Failure::Io) => ffi::SQLITE_IOERR_SHMMAP,
        (Operation::Read, _) => ffi::SQLITE_IOERR_READ,
        (Operation::Sync, _) => ffi::SQLITE_IOERR_FSYNC,
        (Operation::Truncate, _) => ffi::SQLITE_IOERR_TRUNCATE,
        (Operation::Write, Failure::Full) => ffi::SQLITE_FULL,
        (Operation::Write, Failure::Io | Failure::Short) => ffi::SQLITE_IOERR_WRITE,
    }
}
