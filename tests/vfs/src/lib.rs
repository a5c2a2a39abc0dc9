//! A disk in memory for SQLite, whose power can be cut at any moment.
//!
//! Production code opens its database by path as always: this crate is SQLite's default way to files once the first
//! [`PowerCutDisk`] is made, keeps what lies in the folders of such disks in memory, and hands every other path on to
//! the operating system. Each disk remembers what was written, cut to size, created, removed and synced, in order,
//! and can tell for every moment of that history what a power cut would have left ([`PowerCutDisk::after_cut`]).
//!
//! The model of a power cut: what a file's last sync covered is there. Of each write since, every sector of 512 bytes
//! is there or not, each for itself, whatever came before or after it; so writes may be lost, torn and overtaken by
//! later ones. A file may have grown without the bytes that made it grow, which are zeros then. Cutting a file to
//! size may have happened or not. Files that were created or removed since the folder was last synced, as SQLite
//! syncs it on Unix, may be there or not, each for itself. A write spares the bytes beside it in its sector, which
//! SQLite relies on too (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`). After a sync that failed, what it should have covered
//! is on the disk or lost for good: a later sync does not bring it there.
//!
//! Remembering every change is not always wanted: [`Memory::Marked`] makes a disk that goes back to where it was marked,
//! or does not, and to nothing between.
//!
//! Errors are injected by plan ([`Fault`]), and the disk can have a size ([`PowerCutDisk::limit_bytes`]).

mod allocator;
mod chance;
mod contents;
mod disk;
mod fault;
mod file;
mod history;
mod image;
mod locks;
mod memory;
mod shared_memory;
mod vfs;
#[cfg(test)]
mod workload_tests;

pub use chance::Chance;
pub use disk::{Cut, Point, PowerCutDisk};
pub use fault::{Failure, Fault, Operation};
pub use image::Image;
pub use memory::Memory;
