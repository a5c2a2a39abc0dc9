//! The bare loop as a process.

use std::path::Path;
use std::time::Duration;

use crate::process::{self, Launch, Process};

const READY_WITHIN: Duration = Duration::from_mins(1);

/// A running bare loop; ends when dropped.
#[derive(Debug)]
pub(super) struct BareLoop {
    pub(super) process: Process,
    /// Where it listens: `host:port`.
    pub(super) address: String,
}

impl BareLoop {
    /// Starts it with that many attendees, which are made unless the folder has a database.
    pub(super) async fn start(folder: &Path, attendees: usize) -> anyhow::Result<Self> {
        let mut process = Launch::new("bare", process::binary("lanyard-bare")?, folder)
            .args(["--data", &folder.to_string_lossy(), "--attendees", &attendees.to_string()])
            .start()?;
        let address = process.ready_line(READY_WITHIN).await?;
        Ok(Self { process, address })
    }
}

/// The code of one of its attendees.
pub(super) fn code(n: usize) -> String {
    format!("C{n}")
}
