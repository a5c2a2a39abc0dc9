//! `lanyard import`: takes an attendee list while the node does not run.

use anyhow::Context as _;
use lanyard_domain::Role;
use lanyard_node::config::SourceFlags;
use lanyard_node::data_lock::DataLock;
use lanyard_node::import::{Encoding, Importer};

use crate::cli::Import;
use crate::commands::{configured, print};
use crate::engine;
use crate::watch::words::summary;

pub(super) async fn run(source: &SourceFlags, flags: Import) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let _lock = DataLock::take(&config.data)?;
    let bytes =
        std::fs::read(&flags.file).with_context(|| format!("{} cannot be read", flags.file.display()))?;
    let (_, started) = engine::begin(&config)?;
    let encoding = Encoding::from(config.drop.encoding);
    let importer = Importer {
        writer: &started.writer,
        reader: &started.reader,
        actor: "command-line",
        desk: "",
        role: Role::Administrator,
        aliases: &config.drop.seat_types,
    };
    let mut report = importer.import(bytes, encoding).await?;
    report.file = flags.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if flags.json {
        return print(&(serde_json::to_string(&report)? + "\n"));
    }
    print(&summary(&report))
}
