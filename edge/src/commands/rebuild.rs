//! `lanyard rebuild`: derives everything again from the log.

use std::fmt::Write as _;

use lanyard_node::clock::{Surroundings, system_entropy};
use lanyard_node::config::SourceFlags;
use lanyard_node::data_lock::DataLock;
use lanyard_node::start::{DATABASE_FILE, options_here};
use lanyard_node::{Engine, Identity};

use crate::clock::now_ms;
use crate::commands::{configured, print};

pub(super) fn run(source: &SourceFlags) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let _lock = DataLock::take(&config.data)?;
    let identity = Identity::load(&config.data)?;
    let surroundings = Surroundings::new(now_ms, system_entropy);
    let mut engine = Engine::open(&config.data.join(DATABASE_FILE), identity, options_here(), surroundings)?;
    let rebuilt = engine.rebuild()?;
    let mut text = format!("{} streams were folded again. Nothing was printed or sent.\n", rebuilt.streams);
    if rebuilt.unreadable > 0 {
        writeln!(text, "{} of them need a newer build to be read whole.", rebuilt.unreadable)?;
    }
    print(&text)
}
