//! The bare loops as processes.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use crate::process::{self, Launch, Process};

const READY_WITHIN: Duration = Duration::from_mins(1);

const SHIPPED_WITHIN: Duration = Duration::from_mins(10);

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
            .args(["check-ins", "--data", &folder.to_string_lossy(), "--attendees", &attendees.to_string()])
            .start()?;
        let address = process.ready_line(READY_WITHIN).await?;
        Ok(Self { process, address })
    }
}

/// Ships the last rows of one database to a bare receiver in front of another one; returns how many a second it took.
pub(super) async fn ship(folder: &Path, from: &Path, to: &Path, rows: usize) -> anyhow::Result<f64> {
    let program = process::binary("lanyard-bare")?;
    let database = to.to_string_lossy();
    let mut receiver =
        Launch::new("receive", &program, folder).args(["receive", "--database", &database]).start()?;
    let address = receiver.ready_line(READY_WITHIN).await?;
    let (database, rows_word) = (from.to_string_lossy(), rows.to_string());
    let mut sender = Launch::new("send", &program, folder)
        .args(["send", "--database", &database, "--rows", &rows_word, "--to", &address])
        .start()?;
    let told = sender.ready_json(SHIPPED_WITHIN).await?;
    let took_s = told["took_s"].as_f64().context("the sender does not say how long it took")?;
    Ok(f64::from(u32::try_from(rows)?) / took_s)
}

/// The code of one of its attendees.
pub(super) fn code(n: usize) -> String {
    format!("C{n}")
}
