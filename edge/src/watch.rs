//! The file drop: attendee lists and badge layouts that organisers put into a folder.
//!
//! Responsible for: taking each file as the API would, and a report beside it that names every refused row.

pub mod drop_folder;
pub(crate) mod words;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lanyard_badge::Layout;
use lanyard_domain::Role;
use lanyard_node::import::{Encoding, FILE_MAX_BYTES, Importer};
use tokio::time::{sleep, timeout};

use crate::node::Node;
use crate::print::layout::{DROPPED_FILE, keep};
use crate::watch::drop_folder::{DropFolder, Dropped, Kind, Report};

/// Between two looks at a file that may be growing.
const SETTLE: Duration = Duration::from_millis(500);
/// The longest time between looks, where the system tells of no changes.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Who imports what was dropped.
const ACTOR: &str = "file-drop";

/// Takes dropped files until the node stops.
pub struct FileDrop {
    node: Node,
    folder: DropFolder,
    encoding: Encoding,
    /// Data folder, where the layout in use is kept.
    data: PathBuf,
}

impl FileDrop {
    /// Starts watching a folder, which is made where it does not exist.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn watch(node: Node, folder: &Path, encoding: Encoding, data: &Path) -> io::Result<Self> {
        Ok(Self { node, folder: DropFolder::watch(folder)?, encoding, data: data.to_owned() })
    }

    /// Works until the node stops; a file that was begun is finished.
    pub async fn run(mut self) {
        let stop = self.node.stop.clone();
        loop {
            if let Err(error) = self.look().await {
                tracing::error!(error = &error as &dyn std::error::Error, "the drop folder cannot be read");
            }
            let is_growing = self.folder.is_waiting();
            tokio::select! {
                () = stop.wait() => return,
                () = sleep(SETTLE), if is_growing => {}
                // Either way it is time to look.
                _ = timeout(LOOK_EVERY, self.folder.news()), if !is_growing => {}
            }
        }
    }

    async fn look(&mut self) -> io::Result<()> {
        for dropped in self.folder.look()? {
            let report = match dropped.kind {
                Kind::AttendeeList => self.import(&dropped).await,
                Kind::Layout => self.use_layout(&dropped).await,
            };
            let put = self.folder.put_away(&dropped, &report)?;
            tracing::info!(file.path = %put.display(), file.taken = report.taken, "dropped file taken");
        }
        Ok(())
    }

    async fn import(&self, dropped: &Dropped) -> Report {
        let bytes = match read_bounded(&dropped.path) {
            Ok(bytes) => bytes,
            Err(error) => return words::unreadable(&dropped.path, &error),
        };
        let importer = Importer {
            writer: &self.node.writer,
            reader: &self.node.reader,
            actor: ACTOR,
            desk: "",
            role: Role::Administrator,
            aliases: &self.node.seat_type_aliases,
        };
        match importer.import(bytes, self.encoding).await {
            Ok(report) => words::imported(&dropped.path, report),
            Err(error) => words::refused(&dropped.path, &error),
        }
    }

    /// A layout is kept before it is used, so that a restart does not bring back the one before.
    async fn use_layout(&self, dropped: &Dropped) -> Report {
        let svg = match std::fs::read_to_string(&dropped.path) {
            Ok(svg) => svg,
            Err(error) => return words::unreadable(&dropped.path, &error),
        };
        let layout = match Layout::parse(&svg) {
            Ok(layout) => layout,
            Err(error) => return words::refused(&dropped.path, &error),
        };
        let layout = match self.node.badges.try_layout(layout).await {
            Ok(layout) => layout,
            Err(error) => return words::refused(&dropped.path, &error),
        };
        if let Err(error) = keep(&self.data, &svg) {
            return words::unreadable(&self.data.join(DROPPED_FILE), &error);
        }
        match self.node.badges.use_layout(layout) {
            Ok(()) => words::layout_used(&dropped.path),
            Err(error) => words::refused(&dropped.path, &error),
        }
    }
}

/// Reads a file up to one byte more than what is taken, so that the importer can name the limit.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let most = u64::try_from(FILE_MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
