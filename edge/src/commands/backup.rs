//! `lanyard backup`: writes a copy of the database, also while the node runs.

use lanyard_node::backup::backup;
use lanyard_node::config::SourceFlags;
use lanyard_node::start::DATABASE_FILE;

use crate::cli::Backup;
use crate::commands::{configured, print};

pub(super) fn run(source: &SourceFlags, flags: &Backup) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    backup(&config.data.join(DATABASE_FILE), &flags.file)?;
    print(&format!("Copied to {}. It holds names: keep it as safe as the original.\n", flags.file.display()))
}
