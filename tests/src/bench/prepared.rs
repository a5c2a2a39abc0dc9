//! Prepared venues: a list imported at HQ and received by a node, kept between runs.
//!
//! Responsible for making one, for telling whether what is kept is complete and of these very programs, and for
//! fresh copies of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};

use super::conference;
use crate::deadline::eventually;
use crate::process;
use crate::sample;
use crate::venue::{Venue, VenuePlan};

/// Changes when what is prepared changes.
const PREPARATION: &str = "3";

/// Written last, holding the key.
const COMPLETE: &str = "complete";

/// How long a list may take from HQ's import until the node has it.
const RECEIVED_WITHIN: Duration = Duration::from_mins(20);

/// What a prepared venue holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contents {
    pub(super) attendees: usize,
    /// How often the list came, each time with changes for everybody.
    pub(super) revisions: usize,
}

/// A venue that was stopped with everything received.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) folder: PathBuf,
    pub(super) contents: Contents,
}

impl Contents {
    pub(super) fn entries(self) -> usize {
        self.attendees * self.revisions
    }

    fn name(self) -> String {
        format!("venue-{}x{}", self.attendees, self.revisions)
    }
}

impl Prepared {
    /// Finds the venue in the bench's folder, or makes it.
    pub(super) async fn find_or_make(bench: &Path, contents: Contents) -> anyhow::Result<Self> {
        let make = async |folder: &Path| Self { folder: folder.to_owned(), contents }.make().await;
        Ok(Self { folder: kept(bench, &contents.name(), make).await?, contents })
    }

    async fn make(&self) -> anyhow::Result<()> {
        let plan = plan(&self.folder, conference::csv(self.contents.attendees, 0))?;
        let mut venue = Venue::start(&plan).await?;
        received(&mut venue, self.contents.attendees).await?;
        let list = self.folder.join(sample::LIST_FILE);
        for revision in 1..self.contents.revisions {
            std::fs::write(&list, conference::csv(self.contents.attendees, revision))?;
            let conference = venue.conference.clone();
            venue.hq.run(&["import", &conference, &list.to_string_lossy()]).await?;
            received(&mut venue, self.contents.attendees * (revision + 1)).await?;
        }
        venue.stop().await
    }
}

/// Finds a folder that was made before with these very programs, or makes it.
pub(super) async fn kept(
    bench: &Path,
    name: &str,
    make: impl AsyncFnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let (folder, key) = (bench.join(name), key()?);
    let marker = folder.join(COMPLETE);
    if std::fs::read_to_string(&marker).is_ok_and(|kept| kept == key) {
        return Ok(folder);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    make(&folder).await.with_context(|| format!("{name} cannot be prepared"))?;
    std::fs::write(marker, key)?;
    settle_disk()?;
    Ok(folder)
}

/// Copies a kept folder to one that does not exist yet; nothing of the copy waits to be written when it returns.
pub(super) fn copy(kept: &Path, to: &Path) -> anyhow::Result<()> {
    let copied = Command::new("cp").args(["-a", "--reflink=auto"]).args([kept, to]).status()?;
    ensure!(copied.success(), "{} cannot be copied", kept.display());
    // What becomes of the copy is not what the key names.
    std::fs::remove_file(to.join(COMPLETE))?;
    settle_disk()
}

/// What a venue of the bench is started with.
pub(super) fn plan(folder: &Path, attendees_csv: String) -> anyhow::Result<VenuePlan> {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    Ok(VenuePlan {
        folder: folder.to_owned(),
        conference_toml: conference::file(now_ms)?,
        attendees_csv,
        nodes: vec!["north"],
        first_port: None,
        environment: Vec::new(),
        faulty: false,
    })
}

/// Waits until the node has at least that many entries, those older than a snapshot too, and owes HQ none.
async fn received(venue: &mut Venue, entries: usize) -> anyhow::Result<()> {
    let pin = venue.pin("adam").to_owned();
    let desk = venue.node("north").desk()?;
    let what = format!("the node has {entries} entries");
    let mut signed_in = None;
    eventually(RECEIVED_WITHIN, &what, async || {
        if signed_in.is_none() {
            signed_in = desk.sign_in("adam", &pin, &conference::desk(0)).await.ok();
        }
        let status = signed_in.as_ref()?.get("/status").await.ok()?.expect(200).ok()?;
        let position = usize::try_from(status["position"].as_u64()?).ok()?;
        let is_in_step = status["hq"]["state"] == "online" && status["unsent_entries"] == 0;
        (position >= entries && status["history"].is_null() && is_in_step).then_some(())
    })
    .await
}

/// Names the preparation and the programs it was made with.
fn key() -> anyhow::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(PREPARATION.as_bytes());
    for name in ["lanyard", "lanyard-hq"] {
        hasher.update(&std::fs::read(process::binary(name)?)?);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Waits until what was written is on the disk, so that it does not disturb what is measured next.
pub(super) fn settle_disk() -> anyhow::Result<()> {
    ensure!(Command::new("sync").status()?.success(), "the disk cannot be settled");
    Ok(())
}
