//! The file drop: attendee lists and badge layouts that organisers put into a folder.

pub mod drop_folder;
