//! The engine every node runs, HQ too: log store, writer, folded state, projections, and the parts of
//! import, search, session and HTTP that edge and hq share.

pub mod auth;
pub mod ca;
pub mod clock;
pub mod config;
pub mod engine;
mod fault;
pub mod http;
pub mod identity;
pub mod import;
mod project;
pub mod read;
pub mod search;
pub mod store;
pub mod tls;
mod writer;

pub use engine::{Engine, Options, Published};
pub use identity::Identity;
pub use project::Standing;
pub use read::Reader;
pub use writer::{Health, Writer, WriterThread};
