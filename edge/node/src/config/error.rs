//! What can be wrong with a configuration, in words that name the place.

use std::io;
use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is no TOML, names something unknown, or has a value of the wrong kind.
    #[error("the configuration {path} cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// What and where.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A variable names nothing.
    #[error("the environment variable {name} names no setting{}", suggestion(.similar.as_deref()))]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The closest one there is.
        similar: Option<String>,
    },
    /// A variable or flag has a value of the wrong kind.
    #[error("{origin} cannot be used: {why}")]
    Value {
        /// The variable or flag.
        origin: String,
        /// What is wrong.
        why: String,
    },
}

fn suggestion(similar: Option<&str>) -> String {
    similar.map_or_else(String::new, |similar| format!("; is {similar} meant?"))
}
