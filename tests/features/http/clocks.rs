//! The clocks of nodes: the machine's, moved by a file a node.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

/// The clocks of a venue.
#[derive(Debug)]
pub(crate) struct Clocks {
    folder: PathBuf,
    ahead_ms: BTreeMap<String, i64>,
    passed_ms: i64,
    /// Where in time the specification is: when something last happened, plus what passed since.
    moment_ms: i64,
}

/// The machine's clock, Unix milliseconds.
pub(crate) fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Clocks {
    /// Right clocks for these nodes.
    pub(crate) fn new(folder: &Path, nodes: &[String]) -> anyhow::Result<Self> {
        let ahead_ms = nodes.iter().map(|node| (node.clone(), 0)).collect();
        let clocks = Self { folder: folder.to_owned(), ahead_ms, passed_ms: 0, moment_ms: machine_ms() };
        clocks.write()?;
        Ok(clocks)
    }

    /// The file of a node, with `{node}` where its name belongs.
    pub(crate) fn file_pattern(folder: &Path) -> String {
        folder.join("{node}.clock").to_string_lossy().into_owned()
    }

    /// What a node's clock says.
    pub(crate) fn now_ms(&self, node: &str) -> i64 {
        machine_ms() + self.passed_ms + self.ahead_ms.get(node).copied().unwrap_or(0)
    }

    /// Something happened at this moment.
    pub(crate) fn mark(&mut self) {
        self.moment_ms = machine_ms() + self.passed_ms;
    }

    /// Lets time pass, counted from when something last happened.
    pub(crate) fn pass(&mut self, ms: u64) -> anyhow::Result<()> {
        self.moment_ms += i64::try_from(ms)?;
        self.passed_ms = self.passed_ms.max(self.moment_ms - machine_ms());
        self.write()
    }

    /// Moves the clock of one node.
    pub(crate) fn shift(&mut self, node: &str, by_ms: i64) -> anyhow::Result<()> {
        *self.ahead_ms.get_mut(node).with_context(|| format!("there is no node {node}"))? += by_ms;
        self.write()
    }

    /// Writes every file; a node reads its own whenever it looks at the clock, so this takes hold at once.
    fn write(&self) -> anyhow::Result<()> {
        for (node, ahead_ms) in &self.ahead_ms {
            let file = self.folder.join(format!("{node}.clock"));
            let fresh = file.with_extension("fresh");
            std::fs::write(&fresh, (self.passed_ms + ahead_ms).to_string())?;
            std::fs::rename(fresh, file)?;
        }
        Ok(())
    }
}
