//! Snapshots of a node: made by those who have every entry, taken up by those who have none.
//!
//! Responsible for making one of one commit, off the writer, for keeping the chunks of one that is fetched in a folder
//! until all of them are there, and for unpacking them. What they are as bytes is for `lanyard_sync::snapshot`, taking one
//! up for the engine.

mod make;
mod pack;
mod taken;
mod unpack;

pub use make::{Made, make};
pub use taken::{Taken, TakenError};
pub(crate) use unpack::Unpacked;

/// States are for the build that folded them.
pub(crate) const BUILD: &str = env!("CARGO_PKG_VERSION");
