//! The venue node: everything around the engine that a registration desk needs.
//!
//! Responsible for: the page and its HTTP API, live updates, printing, the file drop, the line to HQ, and the commands
//! of the program `lanyard`.

pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
mod engine;
mod housekeeping;
pub mod http;
pub mod live;
pub mod node;
pub mod page;
mod peer;
pub mod print;
pub mod serve;
pub mod siblings;
pub mod watch;

pub use config::Config;
pub use serve::{Running, serve};
