//! SQLite's memory comes from the allocator of the process, which is faster than the system's when many databases are
//! opened and closed.

use std::alloc::{Layout, alloc, dealloc, realloc};
use std::ffi::{c_int, c_void};
use std::ptr;

use rusqlite::ffi;

/// Before each piece stands its size, in as many bytes as it is aligned to.
const ALIGN: usize = 16;

/// Lets SQLite use it; once it was used it takes no other memory.
pub(crate) fn install() {
    let methods = ffi::sqlite3_mem_methods {
        xMalloc: Some(take),
        xFree: Some(give_back),
        xRealloc: Some(resize),
        xSize: Some(size),
        xRoundup: Some(round_up),
        xInit: Some(begin),
        xShutdown: Some(end),
        pAppData: ptr::null_mut(),
    };
    // SAFETY: SQLite copies the methods.
    unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods) };
}

fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes.checked_add(ALIGN)?, ALIGN).ok()
}

/// The piece behind a block of this size.
///
/// # Safety
/// `block` is null or has room for the size and that many bytes.
unsafe fn piece(block: *mut u8, bytes: usize) -> *mut c_void {
    if block.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: as promised by the caller.
    unsafe {
        block.cast::<usize>().write_unaligned(bytes);
        block.add(ALIGN).cast()
    }
}

/// The block of a piece, and the size that was asked for.
///
/// # Safety
/// `piece` was made by [`piece`].
unsafe fn block(piece: *mut c_void) -> (*mut u8, usize) {
    // SAFETY: as promised by the caller.
    unsafe {
        let block = piece.cast::<u8>().sub(ALIGN);
        (block, block.cast::<usize>().read_unaligned())
    }
}

unsafe extern "C" fn take(bytes: c_int) -> *mut c_void {
    let bytes = usize::try_from(bytes).unwrap_or(0);
    let Some(layout) = layout(bytes) else { return ptr::null_mut() };
    // SAFETY: the layout has a size.
    unsafe { piece(alloc(layout), bytes) }
}

unsafe extern "C" fn give_back(taken: *mut c_void) {
    if taken.is_null() {
        return;
    }
    // SAFETY: SQLite gives back what it took, once; its layout was sound then.
    unsafe {
        let (block, bytes) = block(taken);
        dealloc(block, Layout::from_size_align_unchecked(bytes + ALIGN, ALIGN));
    }
}

unsafe extern "C" fn resize(taken: *mut c_void, bytes: c_int) -> *mut c_void {
    let bytes = usize::try_from(bytes).unwrap_or(0);
    let Some(wanted) = layout(bytes) else { return ptr::null_mut() };
    // SAFETY: SQLite resizes what it took; the layout was sound then, and the new size fits one too.
    unsafe {
        let (block, before) = block(taken);
        let layout = Layout::from_size_align_unchecked(before + ALIGN, ALIGN);
        piece(realloc(block, layout, wanted.size()), bytes)
    }
}

unsafe extern "C" fn size(taken: *mut c_void) -> c_int {
    if taken.is_null() {
        return 0;
    }
    // SAFETY: SQLite asks about what it took.
    c_int::try_from(unsafe { block(taken) }.1).unwrap_or(c_int::MAX)
}

unsafe extern "C" fn round_up(bytes: c_int) -> c_int {
    bytes.saturating_add(7) & !7
}

unsafe extern "C" fn begin(_: *mut c_void) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn end(_: *mut c_void) {}
