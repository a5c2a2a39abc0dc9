//! `lanyard import`: takes an attendee list while the node does not run.

use anyhow::Context as _;
use lanyard_domain::Role;
use lanyard_node::config::SourceFlags;
use lanyard_node::data_lock::DataLock;
use lanyard_node::import::{Encoding, Importer};
use lanyard_node::start::options_here;
use lanyard_node::{Identity, start};

use crate::cli::Import;
use crate::commands::{configured, print};
use crate::watch::words::summary;

pub(super) async fn run(source: &SourceFlags, flags: Import) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let _lock = DataLock::take(&config.data)?;
    let bytes =
        std::fs::read(&flags.file).with_context(|| format!("{} cannot be read", flags.file.display()))?;
    let identity = Identity::load(&config.data)?;
    let started = start(&config.data, identity, options_here())?;
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
