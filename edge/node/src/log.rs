//! The log of a serving node or HQ, on standard error: its settings, and its start.
//!
//! Responsible also for what a panic leaves in it: the place in the source, and none of its words, which can be an
//! attendee's.

use std::panic::{self, PanicHookInfo};

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
    /// Starts the log of this process, which tells of panics too.
    ///
    /// # Errors
    /// When the filter is none or the process has a log.
    pub fn start(&self) -> Result<(), LogError> {
        let filter = EnvFilter::try_new(&self.filter)
            .map_err(|source| LogError::Filter { filter: self.filter.clone(), source })?;
        // Where a line cannot be written, because the log is on a full disk too, saying so there would panic.
        let lines = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .log_internal_errors(false);
        match self.format {
            LogFormat::Text => lines.try_init(),
            LogFormat::Json => lines.json().try_init(),
        }
        .map_err(LogError::Started)?;
        panic::set_hook(Box::new(tell_place));
        Ok(())
    }
}

fn tell_place(panicked: &PanicHookInfo<'_>) {
    let place = panicked.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    tracing::error!(
        panic.place = place,
        thread.name = thread.name().unwrap_or_default(),
        "something panicked"
    );
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_leaves_its_place_and_none_of_its_words() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let before = panic::take_hook();
        panic::set_hook(Box::new(tell_place));
        let caught = tracing::subscriber::with_default(subscriber, || {
            panic::catch_unwind(|| panic!("{} is not on the list", "Ada Lovelace"))
        });
        panic::set_hook(before);
        assert!(caught.is_err());
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("something panicked") && text.contains("src/log.rs:"), "{text}");
        assert!(!text.contains("Lovelace"), "{text}");
    }
}
