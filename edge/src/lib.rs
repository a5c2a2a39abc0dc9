//! The venue node: everything around the engine that a registration desk needs.
//!
//! Responsible for: the page and its HTTP API, live updates, printing, the file drop, the line to HQ, and the commands
//! of the program `lanyard`.

pub mod config;
pub mod page;
pub mod print;
pub mod watch;
