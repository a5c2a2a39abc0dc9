//! From start to ready of a node that has nothing, with 100,000 attendees and a million entries at HQ.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::process::Command;

use super::figure::{Figure, FigureName};
use super::prepared::{Contents, Prepared, settle_disk};
use super::site::Site;
use super::{ROUNDS, conference};
use crate::deadline::eventually;
use crate::desk::Desk;
use crate::process::{Launch, Process, binary};

/// A list of 100,000 that came ten times, each time with changes.
const CONTENTS: Contents = Contents { attendees: 100_000, revisions: 10 };

/// The node that begins; it has a desk.
const NODE: &str = "south";

const READY_WITHIN: Duration = Duration::from_mins(2);

/// Joins a node and starts it against HQ, once a round; ready is who can sign in and sees the whole list.
pub(super) async fn measure(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let prepared = Prepared::find_or_make(bench, CONTENTS).await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let site = Site::open(bench, &prepared).await?;
        let folder = tempfile::tempdir_in(bench)?;
        join(&site, folder.path(), NODE).await?;
        settle_disk()?;
        rounds.push(ready_after_s(&site, folder.path()).await?);
        site.close().await?;
    }
    Ok(vec![Figure::alone(FigureName::Bootstrap100kS, &rounds)])
}

async fn join(site: &Site, folder: &Path, name: &str) -> anyhow::Result<()> {
    let hq = &site.venue.hq;
    let invited = hq.run(&["join-code", &site.venue.conference, name]).await?;
    let code = invited["code"].as_str().context("HQ gave no join code")?;
    let mut command = Command::new(binary("lanyard")?);
    command.arg("--data").arg(folder.join("node")).args(["join", "--hq", &hq.url, "--code", code]);
    let output = command.output().await?;
    ensure!(output.status.success(), "lanyard join: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

async fn ready_after_s(site: &Site, folder: &Path) -> anyhow::Result<f64> {
    let data = folder.join("node").to_string_lossy().into_owned();
    let arguments =
        ["--data", &data, "serve", "--listen", "127.0.0.1:0", "--hq", &site.venue.hq.url, "--announce"];
    let launch = Launch::new("fresh", binary("lanyard")?, folder).args(arguments);
    let began = Instant::now();
    let mut process = launch.start()?;
    let ready = process.ready_json(READY_WITHIN).await?;
    let desk = Desk::at(ready["listen"].as_str().context("the node announced no address")?)?;
    // As the page does: whoever signs in chooses one of the desks, and a PIN that is tried sooner costs the node much.
    eventually(READY_WITHIN, "there is a desk", async || {
        let desks = desk.get("/desks").await.ok()?.expect(200).ok()?;
        desks.to_string().contains(&format!("\"{}\"", conference::SOUTH)).then_some(())
    })
    .await?;
    let pin = site.venue.pin("susi").to_owned();
    let desk = desk.sign_in("susi", &pin, conference::SOUTH).await?;
    let status = desk.get("/status").await?.expect(200)?;
    let took = began.elapsed();
    ensure!(status["arrivals"]["expected"] == CONTENTS.attendees, "the list is not whole: {status}");
    end(process, &status).await?;
    Ok(took.as_secs_f64())
}

/// What came by the log would be another figure.
async fn end(mut process: Process, status: &Value) -> anyhow::Result<()> {
    ensure!(!status["history"].is_null(), "the node did not begin from a snapshot: {status}");
    process.terminate(READY_WITHIN).await?;
    Ok(())
}
