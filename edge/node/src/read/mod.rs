//! Reads: questions to the tables, answered as plain values from one commit.
//!
//! Responsible for the connections that only read and for one module a subject. Nothing here writes;
//! what is not in a state or projection is not answered.

mod attendees;
mod conflicts;
mod erasures;
mod history;
mod orders;
mod print_jobs;
mod reader;
mod replica;
mod seats;
pub(crate) mod sending;
mod settings;
mod staff;
pub(crate) mod state;
mod status;

pub use erasures::{Erasures, NodeErasures};
pub use history::{Change, EntryLine};
pub use print_jobs::PrintJob;
pub use reader::{Read, ReadError, Reader};
pub use settings::BackOff;
pub use state::VersionedState;
pub use status::Unsent;
