//! An open file of a disk in memory, as SQLite sees it.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::slice;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Mutex};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64};

use crate::contents::Contents;
use crate::disk::locked;
use crate::history::FileId;
use crate::locks::Held;
use crate::shared_memory::HeldLocks;

/// Files whose creation SQLite brings to the disk with their first sync, on Unix.
const SYNCS_FOLDER: c_int =
    ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;
/// What a disk is said to write at once, as on Unix.
const SECTOR_BYTES: c_int = 4096;

/// Room that SQLite keeps for one.
pub(crate) const BYTES: c_int = {
    assert!(size_of::<OpenFile>() <= 64, "it is a few pointers");
    64
};

#[repr(C)]
struct OpenFile {
    /// SQLite's part, first.
    base: sqlite3_file,
    handle: *mut Handle,
}

struct Handle {
    contents: Arc<Mutex<Contents>>,
    file: FileId,
    held: Held,
    held_locks: HeldLocks,
    /// Whether the next sync covers the folder too.
    syncs_folder: bool,
    /// The name to be removed at the end.
    removes: Option<String>,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes an open file of the room that SQLite gives.
///
/// # Safety
/// `opened` has room for [`BYTES`] bytes and is SQLite's.
pub(crate) unsafe fn begin(
    opened: *mut sqlite3_file,
    contents: Arc<Mutex<Contents>>,
    file: FileId,
    name: &str,
    flags: c_int,
    is_new: bool,
) {
    let handle = Box::new(Handle {
        contents,
        file,
        held: Held::default(),
        held_locks: HeldLocks::default(),
        syncs_folder: is_new && flags & SYNCS_FOLDER != 0,
        removes: (flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0).then(|| name.to_owned()),
    });
    let base = sqlite3_file { pMethods: &raw const METHODS };
    // SAFETY: the room is there, as promised by the caller.
    unsafe { opened.cast::<OpenFile>().write(OpenFile { base, handle: Box::into_raw(handle) }) };
}

/// What is behind an open file.
///
/// # Safety
/// `file` was made by [`begin`] and is not closed. SQLite uses a file from one thread at a time.
unsafe fn handle<'a>(file: *mut sqlite3_file) -> &'a mut Handle {
    // SAFETY: as promised by the caller.
    unsafe { &mut *(*file.cast::<OpenFile>()).handle }
}

fn code(done: Result<(), c_int>) -> c_int {
    done.err().unwrap_or(ffi::SQLITE_OK)
}

/// A place or size that SQLite gives; it gives none below zero.
fn unsigned(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(0)
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes what it opened, once; the handle was made by `Box::into_raw`.
    let mut handle = unsafe {
        let open = file.cast::<OpenFile>();
        (*open).base.pMethods = ptr::null();
        Box::from_raw((*open).handle)
    };
    let handle = &mut *handle;
    let mut contents = locked(&handle.contents);
    let content = contents.content(handle.file);
    content.memory.leave(&mut handle.held_locks);
    content.locks.release(&mut handle.held, ffi::SQLITE_LOCK_NONE);
    if let Some(name) = &handle.removes {
        contents.remove(name, false).ok();
    }
    contents.close(handle.file);
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    into: *mut c_void,
    count: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite's contract: an open file, and room for so many bytes.
    let (handle, into) =
        unsafe { (handle(file), slice::from_raw_parts_mut(into.cast::<u8>(), unsigned(count))) };
    match locked(&handle.contents).read(handle.file, unsigned(at), into) {
        Ok(read) if read == into.len() => ffi::SQLITE_OK,
        Ok(read) => {
            into[read..].fill(0);
            ffi::SQLITE_IOERR_SHORT_READ
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite's contract: an open file, and so many bytes to be read.
    let (handle, bytes) =
        unsafe { (handle(file), slice::from_raw_parts(from.cast::<u8>(), unsigned(count))) };
    code(locked(&handle.contents).write(handle.file, unsigned(at), bytes))
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, to: sqlite3_int64) -> c_int {
    // SAFETY: SQLite's contract: an open file.
    let handle = unsafe { handle(file) };
    code(locked(&handle.contents).truncate(handle.file, unsigned(to)))
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: SQLite's contract: an open file.
    let handle = unsafe { handle(file) };
    let synced = locked(&handle.contents).sync(handle.file, handle.syncs_folder);
    handle.syncs_folder &= synced.is_err();
    code(synced)
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    // SAFETY: SQLite's contract: an open file, and a number to be written to.
    unsafe {
        let handle = handle(file);
        let bytes = locked(&handle.contents).content(handle.file).bytes.len();
        *size = sqlite3_int64::try_from(bytes).unwrap_or(sqlite3_int64::MAX);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite's contract: an open file.
    let Handle { contents, file, held, .. } = unsafe { handle(file) };
    let taken = locked(contents).content(*file).locks.take(held, level);
    if taken { ffi::SQLITE_OK } else { ffi::SQLITE_BUSY }
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite's contract: an open file.
    let Handle { contents, file, held, .. } = unsafe { handle(file) };
    locked(contents).content(*file).locks.release(held, level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, result: *mut c_int) -> c_int {
    // SAFETY: SQLite's contract: an open file, and a number to be written to.
    unsafe {
        let handle = handle(file);
        *result = c_int::from(locked(&handle.contents).content(handle.file).locks.is_reserved());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_file: *mut sqlite3_file, _what: c_int, _with: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut sqlite3_file) -> c_int {
    SECTOR_BYTES
}

unsafe extern "C" fn device_characteristics(_file: *mut sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    bytes: c_int,
    extends: c_int,
    start: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite's contract: an open file.
    let Handle { contents, file, held_locks, .. } = unsafe { handle(file) };
    let mut contents = locked(contents);
    contents.content(*file).memory.enter(held_locks);
    let shared = contents.share(*file, unsigned(region), unsigned(bytes), extends != 0);
    let found = contents.content(*file).memory.start_of(unsigned(region));
    let found = found.filter(|_| shared == Ok(true)).map_or(ptr::null_mut(), |found| found.as_ptr().cast());
    // SAFETY: SQLite's contract: a pointer to be written to.
    unsafe { *start = found };
    shared.err().unwrap_or(ffi::SQLITE_OK)
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: SQLite's contract: an open file.
    let Handle { contents, file, held_locks, .. } = unsafe { handle(file) };
    let mut contents = locked(contents);
    let memory = &mut contents.content(*file).memory;
    let taken = memory.lock(held_locks, unsigned(first), unsigned(count), flags);
    if taken { ffi::SQLITE_OK } else { ffi::SQLITE_BUSY }
}

unsafe extern "C" fn shm_barrier(_file: *mut sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, _removes: c_int) -> c_int {
    // SAFETY: SQLite's contract: an open file.
    let Handle { contents, file, held_locks, .. } = unsafe { handle(file) };
    locked(contents).content(*file).memory.leave(held_locks);
    ffi::SQLITE_OK
}
