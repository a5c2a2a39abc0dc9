//! Test support and the suites that run the real thing.
//!
//! Responsible for what the suites share: real processes, the line between them, a desk over HTTP, and waiting.

pub mod bench;
pub mod deadline;
pub mod desk;
pub mod line;
pub mod ports;
pub mod process;
pub mod sample;
pub mod story;
pub mod venue;
