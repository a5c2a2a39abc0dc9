//! The system suite: the binaries as processes, their disks, their lines and a printer.
//!
//! Responsible for what only whole processes show: the story of a day told to sound builds and to builds with planted
//! faults, kills, full disks, finished syncs, bad input, lines that break, and paper.

#![expect(clippy::unwrap_used, reason = "everything here is a test or what only tests call")]

mod bad_files;
mod bad_requests;
mod bundles;
mod discovery;
mod doctor;
mod documents;
mod enrolment;
mod erasure;
mod flow;
mod fresh;
mod full_disk;
mod ipp_printer;
mod kill_loop;
mod line;
mod live_clone;
mod printers;
mod pwg_page;
mod reclaim;
mod refused_uploads;
mod repair;
mod retirement;
mod seat_rights;
mod set_back;
mod sibling_lines;
mod siblings;
mod small_disk;
mod snapshots;
mod stage;
mod story;
mod sync_trace;
mod topologies;
mod traced_node;
mod versions;
