//! The domain driver: a venue in memory on the crates of rules and log, with a clock of its own.

mod commands;
mod desk;
mod node;
mod printing;
mod seen;
mod venue;

pub(crate) use venue::MemoryVenue;
