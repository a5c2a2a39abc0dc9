//! Configuration in layers: defaults, then a TOML file, then the environment, then flags.
//!
//! Responsible for laying them over each other, for refusing names nobody knows, and for saying where a value
//! that cannot be used came from. The shape is the binary's: a struct whose defaults name every key.

mod environment;
mod error;
mod layers;
mod source;

pub use error::ConfigError;
pub use layers::{Flag, Sources, load};
pub use source::SourceFlags;
