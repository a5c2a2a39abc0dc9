//! Reads: questions to the tables, answered as plain values from one commit.
//!
//! Responsible for the connections that only read and for one module a subject. Nothing here writes;
//! what is not in a state or projection is not answered.

pub mod attendees;
pub mod conflicts;
pub mod history;
pub mod orders;
pub mod print_jobs;
mod reader;
pub mod seats;
pub mod settings;
pub mod staff;
mod state;
pub mod status;

pub use reader::{Db, ReadError, Reader};
pub use state::{VersionedState, versioned};
