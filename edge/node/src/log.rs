//! The log of a serving node or HQ, on standard error: its settings, and its start.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// What is logged.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A level, or a filter by module.
    pub filter: String,
    /// How lines are written.
    pub format: LogFormat,
}

/// How log lines are written.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is none.
    #[error("the log filter “{filter}” is none")]
    Filter {
        /// As it was given.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// The process has a log.
    #[error("the log cannot be started")]
    Started(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Log {
    /// Starts the log of this process.
    ///
    /// # Errors
    /// When the filter is none or the process has a log.
    pub fn start(&self) -> Result<(), LogError> {
        let filter = EnvFilter::try_new(&self.filter)
            .map_err(|source| LogError::Filter { filter: self.filter.clone(), source })?;
        let lines =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
        match self.format {
            LogFormat::Text => lines.try_init(),
            LogFormat::Json => lines.json().try_init(),
        }
        .map_err(LogError::Started)
    }
}
