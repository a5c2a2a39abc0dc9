//! The engine every node runs, HQ too: log store, writer, folded state, projections, and the parts of
//! import, search, session and HTTP that edge and hq share.

mod ahead;
pub mod auth;
pub mod backup;
pub mod branch;
pub mod bundle;
pub mod ca;
mod checked_heads;
pub mod clock;
pub mod config;
mod damage;
pub mod data_lock;
pub mod doctor;
pub mod engine;
pub mod erasure;
pub mod fault;
mod health;
pub mod housekeeping;
pub mod http;
pub mod identity;
pub mod import;
pub mod log;
pub mod new_file;
pub mod project;
pub mod read;
pub mod rebuild;
pub mod release;
pub mod repair;
pub mod rights;
pub mod search;
pub mod snapshot;
pub mod start;
mod state_hash;
pub mod store;
pub mod sync_http;
pub mod tls;
pub mod uplink;
pub mod verify;
pub mod writer;

pub use engine::{Answer, Engine, Options, Published, SubmitError, Submitted};
pub use health::Health;
pub use identity::Identity;
pub use project::Standing;
pub use read::Reader;
pub use start::{Started, open, start};
pub use writer::{Writer, WriterThread};
