//! `lanyard bundle export` and `import`: the batches of the protocol in a file, without a network.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use lanyard_node::Reader;
use lanyard_node::bundle::{self, Imported};
use lanyard_node::config::SourceFlags;
use lanyard_node::data_lock::DataLock;
use lanyard_node::start::DATABASE_FILE;

use crate::cli::{Bundle, BundleExport, BundleImport};
use crate::commands::{configured, print};
use crate::engine;

pub(super) async fn run(source: &SourceFlags, command: Bundle) -> anyhow::Result<()> {
    match command {
        Bundle::Export(flags) => export(source, &flags),
        Bundle::Import(flags) => import(source, &flags).await,
    }
}

fn export(source: &SourceFlags, flags: &BundleExport) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let since = flags.since.as_deref().map(head_of).transpose()?;
    let reader = Reader::open(&config.data.join(DATABASE_FILE))?;
    let exported = bundle::export_to_file(&reader, since.as_ref(), &flags.file)?;
    let lacked = if since.is_some() { " that the other side lacked" } else { "" };
    print(&format!(
        "Wrote {} entries{lacked} to {}. It holds names: keep it as safe as the database.\n",
        exported.entries,
        flags.file.display()
    ))
}

/// The head of the bundle that the other side wrote.
fn head_of(path: &Path) -> anyhow::Result<bundle::BundleHead> {
    Ok(bundle::check_file(path).with_context(|| path.display().to_string())?.head)
}

async fn import(source: &SourceFlags, flags: &BundleImport) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let _lock = DataLock::take(&config.data)?;
    let file = File::open(&flags.file).with_context(|| format!("{} cannot be read", flags.file.display()))?;
    let (identity, started) = engine::begin(&config)?;
    let taken = bundle::import(file, identity.scope, &started.writer).await;
    drop(started.writer);
    started.thread.join()?;
    let imported = taken.with_context(|| flags.file.display().to_string())?;
    if flags.output.json {
        return print(&(serde_json::to_string(&imported)? + "\n"));
    }
    print(&words(&imported))
}

fn words(imported: &Imported) -> String {
    let Imported { taken, known, missing } = imported;
    let mut text = format!("{taken} entries came, {known} were known.\n");
    if missing.is_empty() {
        return text + "Everything that the other side had is here.\n";
    }
    for missing in missing {
        writeln!(text, "Still missing: {missing}.").expect("writing to a string cannot fail");
    }
    text + "Let the other side export again without --since.\n"
}

#[cfg(test)]
mod tests {
    use lanyard_node::bundle::Missing;

    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let mut imported = Imported { taken: 3, known: 4, missing: Vec::new() };
        let whole = "3 entries came, 4 were known.\nEverything that the other side had is here.\n";
        assert_eq!(words(&imported), whole);
        imported.missing.push(Missing { node: "south".to_owned(), first: 7, last: 9 });
        assert!(words(&imported).contains("Still missing: south from entry 7 to 9.\n"));
    }
}
