//! The central store: conferences, enrolment, attendee lists, staff, quotas and rights, reports.
//!
//! Responsible for what only HQ decides. The log, the writer and the protocol are the engine's
//! (`lanyard-node`), the same as at a venue; HQ's entries have authority because its certificate says so.

pub mod allotments;
pub mod cli;
pub mod commands;
pub mod conference_file;
pub mod conference_folder;
pub mod config;
pub mod enrol;
pub mod hq;
pub mod http;
pub mod nodes;
pub mod organiser;
pub mod registry;
pub mod serve;
#[cfg(test)]
mod test_hq;
pub mod token;
pub mod trust;
