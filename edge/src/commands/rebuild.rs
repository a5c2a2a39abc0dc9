//! `lanyard rebuild`: derives everything again from the log.

use std::fmt::Write as _;

use lanyard_node::config::SourceFlags;
use lanyard_node::data_lock::DataLock;

use crate::commands::{configured, print};
use crate::engine;

pub(super) fn run(source: &SourceFlags) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let _lock = DataLock::take(&config.data)?;
    let mut engine = engine::open(&config)?;
    let rebuilt = engine.rebuild()?;
    let mut text = format!("{} streams were folded again. Nothing was printed or sent.\n", rebuilt.streams);
    if rebuilt.unreadable > 0 {
        writeln!(text, "{} of them need a newer build to be read whole.", rebuilt.unreadable)?;
    }
    print(&text)
}
