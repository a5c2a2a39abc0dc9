//! The SQLite store: one database per conference and node.
//!
//! Responsible for opening it, for its migrations, for the room it keeps on its disk, and for the rows of the
//! log, its contexts, names, streams and outcomes. What rows mean is the business of the engine.

pub(crate) mod ballast;
pub(crate) mod base;
pub(crate) mod checkpoint;
pub mod closed;
pub(crate) mod contexts;
mod database;
pub(crate) mod downgrade;
pub(crate) mod entries;
pub(crate) mod erasures;
mod error;
pub(crate) mod forks;
pub(crate) mod incarnation;
pub(crate) mod last_import;
pub(crate) mod logs;
pub(crate) mod meta;
pub(crate) mod migrate;
pub(crate) mod outcomes;
pub(crate) mod sql;
pub(crate) mod states;
pub(crate) mod streams;
pub(crate) mod waiting;
pub(crate) mod wal;

pub(crate) use database::{open_for_reading, open_for_writing, set_cache};
pub use error::StoreError;
pub use migrate::MigrateError;
