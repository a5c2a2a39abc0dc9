//! `lanyard-hq bundle export` and `import`: the log in a file, for a node without a line.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use lanyard_node::bundle::{Checked, UPLOAD_MAX_BYTES, check_file};
use lanyard_node::new_file::NewFile;
use serde_json::{Value, json};

use super::client::Client;

/// What can be done with a bundle.
#[derive(Debug, Subcommand)]
pub enum BundleCommand {
    /// Writes what HQ has into a file, for a node without a line to take in.
    Export {
        /// Slug of the conference.
        conference: String,
        /// File to write; it must not exist.
        file: PathBuf,
        /// Leaves out what the node that wrote this bundle had.
        #[arg(long, value_name = "BUNDLE")]
        since: Option<PathBuf>,
    },
    /// Takes in what a node wrote into a file.
    Import {
        /// Slug of the conference.
        conference: String,
        /// The bundle.
        file: PathBuf,
    },
}

pub(super) async fn ask(client: &Client, command: BundleCommand) -> anyhow::Result<Value> {
    match command {
        BundleCommand::Export { conference, file, since } => {
            let since = since.as_deref().map(checked).transpose()?;
            let since = since.map(|since| since.head.encode()).unwrap_or_default();
            let mut new = NewFile::begin(&file)?;
            client.download(&format!("/conferences/{conference}/bundle-exports"), since, new.file()).await?;
            let written = checked(new.draft())?;
            new.keep()?;
            Ok(json!({ "file": file, "entries": written.entries }))
        }
        BundleCommand::Import { conference, file } => {
            // Looked at before it is sent: an answer may not get through to whoever still sends.
            checked(&file)?;
            let opened = tokio::fs::File::open(&file).await?;
            let length = opened.metadata().await?.len();
            ensure!(
                length <= UPLOAD_MAX_BYTES,
                "{} is larger than {UPLOAD_MAX_BYTES} bytes; have it exported again with --since and a newer bundle of HQ",
                file.display()
            );
            client.upload_file(&format!("/conferences/{conference}/bundle-imports"), opened, length).await
        }
    }
}

fn checked(path: &Path) -> anyhow::Result<Checked> {
    check_file(path).with_context(|| path.display().to_string())
}
