//! SQLite's way to files in this process: disks in memory for paths on them, the operating system for all others.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::sync::Once;

use rusqlite::ffi;

use crate::allocator;
use crate::disk::{find, locked};
use crate::file;

static INSTALLED: Once = Once::new();

/// Makes it the default, once in a process.
pub(crate) fn install() {
    INSTALLED.call_once(|| {
        // SAFETY: SQLite hands out its default, which lives as long as the process, and takes a pointer to one that
        // is never freed. What is copied from the default takes no notice of which one it is called for, but for the
        // four functions that are replaced here.
        let registered = unsafe {
            // Counting memory takes a lock for every allocation, which worlds on two threads wait for.
            ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0 as c_int);
            allocator::install();
            let system = ffi::sqlite3_vfs_find(ptr::null());
            assert!(!system.is_null(), "SQLite has a way to files");
            let vfs = ffi::sqlite3_vfs {
                szOsFile: (*system).szOsFile.max(file::BYTES),
                pNext: ptr::null_mut(),
                zName: c"lanyard-power-cut".as_ptr(),
                pAppData: system.cast(),
                xOpen: Some(open),
                xDelete: Some(delete),
                xAccess: Some(access),
                xFullPathname: Some(full_pathname),
                ..*system
            };
            ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 1)
        };
        assert_eq!(registered, ffi::SQLITE_OK, "SQLite takes another way to files");
    });
}

/// The way of the system.
///
/// # Safety
/// `vfs` is the one that [`install`] registered.
unsafe fn system<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a mut ffi::sqlite3_vfs {
    // SAFETY: the pointer was put there by `install` and stays good.
    unsafe { &mut *(*vfs).pAppData.cast() }
}

/// A path that SQLite gives; none where it is null or no Unicode, which none of ours is.
///
/// # Safety
/// `path` is null or a text that ends in zero and lives as long as the call.
unsafe fn text<'a>(path: *const c_char) -> Option<&'a str> {
    if path.is_null() {
        return None;
    }
    // SAFETY: as promised by the caller.
    unsafe { CStr::from_ptr(path) }.to_str().ok()
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    opened: *mut ffi::sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's contract: the path is null or a text, and `opened` has room for `szOsFile` bytes.
    unsafe {
        let Some((contents, name)) = text(path).and_then(find) else {
            let below = system(vfs);
            let open = below.xOpen.expect("every way to files opens");
            return open(below, path, opened, flags, flags_out);
        };
        (*opened).pMethods = ptr::null();
        if !flags_out.is_null() {
            *flags_out = flags;
        }
        let made = locked(&contents).open(name, flags);
        match made {
            Ok((id, is_new)) => {
                file::begin(opened, contents, id, name, flags, is_new);
                ffi::SQLITE_OK
            }
            Err(code) => code,
        }
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, path: *const c_char, with_folder: c_int) -> c_int {
    // SAFETY: SQLite's contract: the path is a text.
    unsafe {
        let Some((contents, name)) = text(path).and_then(find) else {
            let below = system(vfs);
            let delete = below.xDelete.expect("every way to files deletes");
            return delete(below, path, with_folder);
        };
        let removed = locked(&contents).remove(name, with_folder != 0);
        removed.err().unwrap_or(ffi::SQLITE_OK)
    }
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    flags: c_int,
    result: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's contract: the path is a text and `result` can be written to.
    unsafe {
        let Some((contents, name)) = text(path).and_then(find) else {
            let below = system(vfs);
            let access = below.xAccess.expect("every way to files looks for them");
            return access(below, path, flags, result);
        };
        *result = c_int::from(locked(&contents).exists(name));
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn full_pathname(
    vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    room: c_int,
    full: *mut c_char,
) -> c_int {
    // SAFETY: SQLite's contract: the path is a text, and `full` has room for so many bytes.
    unsafe {
        if text(path).and_then(find).is_none() {
            let below = system(vfs);
            let full_pathname = below.xFullPathname.expect("every way to files names them");
            return full_pathname(below, path, room, full);
        }
        let bytes = CStr::from_ptr(path).to_bytes_with_nul();
        if bytes.len() > usize::try_from(room).unwrap_or(0) {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), full, bytes.len());
        ffi::SQLITE_OK
    }
}
