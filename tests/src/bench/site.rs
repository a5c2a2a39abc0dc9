//! One round's venue: a fresh copy of a prepared one, running, with its line cut.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tempfile::TempDir;

use super::conference;
use super::prepared::{self, Prepared};
use crate::deadline::eventually;
use crate::desk::{Ask, Desk};
use crate::venue::{NodeProcess, Venue, VenuePlan};

const SOON: Duration = Duration::from_mins(1);

/// A running copy, whose folder goes when it is dropped, or something that is being prepared.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) venue: Venue,
    _folder: Option<TempDir>,
}

impl Site {
    /// Copies a prepared venue, starts it, and cuts the line once node and HQ have met.
    pub(super) async fn open(bench: &Path, prepared: &Prepared) -> anyhow::Result<Self> {
        let (folder, plan) = copied(bench, &prepared.folder, &["north"])?;
        let mut site = Self { venue: Venue::start(&plan).await?, _folder: Some(folder) };
        site.cut_line().await?;
        Ok(site)
    }

    /// Copies a kept folder and starts these nodes of it, which meet nobody before their lines are restored.
    pub(super) async fn open_apart(
        bench: &Path,
        kept: &Path,
        nodes: &[&'static str],
    ) -> anyhow::Result<Self> {
        let (folder, plan) = copied(bench, kept, nodes)?;
        Ok(Self { venue: Venue::start_apart(&plan).await?, _folder: Some(folder) })
    }

    /// What runs in a folder that stays.
    pub(super) fn of(venue: Venue) -> Self {
        Self { venue, _folder: None }
    }

    /// Cuts the line once node and HQ have met.
    pub(super) async fn cut_line(&mut self) -> anyhow::Result<()> {
        let desk = self.watch().await?;
        hq_is(&desk, "online").await?;
        self.node().line("cut").await?;
        hq_is(&desk, "offline").await
    }

    async fn supervisor(venue: &mut Venue) -> anyhow::Result<Desk> {
        let pin = venue.pin("susi").to_owned();
        let desk = venue.node("north").desk()?;
        desk.sign_in("susi", &pin, &conference::desk(0)).await
    }

    pub(super) fn node(&self) -> &NodeProcess {
        &self.venue.nodes[0]
    }

    /// Lets node and HQ meet again.
    pub(super) async fn restore_line(&mut self) -> anyhow::Result<()> {
        let desk = self.watch().await?;
        self.node().line("restore").await?;
        hq_is(&desk, "online").await
    }

    /// Where the node listens: `host:port`.
    pub(super) fn address(&self) -> &str {
        self.node().url.trim_start_matches("http://")
    }

    /// Signs in at one desk after the other and returns the session of each.
    pub(super) async fn sign_in(&self, lanes: usize) -> anyhow::Result<Vec<String>> {
        let desk = self.node().desk()?;
        let pin = self.venue.pin("vera");
        let mut sessions = Vec::new();
        for lane in 0..lanes {
            let body = json!({ "staff": "vera", "pin": pin, "desk": conference::desk(lane) });
            let ask = Ask::post("/api/v1/sign-ins", &body).without_key();
            let answer = desk.send(ask).await?.expect(201)?;
            sessions.push(answer["token"].as_str().context("a sign-in answer holds a token")?.to_owned());
        }
        Ok(sessions)
    }

    /// A supervisor's view of the node.
    pub(super) async fn watch(&mut self) -> anyhow::Result<Desk> {
        Self::supervisor(&mut self.venue).await
    }

    pub(super) async fn close(mut self) -> anyhow::Result<()> {
        self.venue.stop().await
    }
}

fn copied(bench: &Path, kept: &Path, nodes: &[&'static str]) -> anyhow::Result<(TempDir, VenuePlan)> {
    let folder = tempfile::tempdir_in(bench)?;
    let copy = folder.path().join("venue");
    prepared::copy(kept, &copy)?;
    let plan = VenuePlan { nodes: nodes.to_vec(), ..prepared::plan(&copy, String::new())? };
    Ok((folder, plan))
}

async fn hq_is(desk: &Desk, state: &str) -> anyhow::Result<()> {
    eventually(SOON, &format!("the node says that HQ is {state}"), async || {
        let status = desk.get("/status").await.ok()?.expect(200).ok()?;
        let seen = status["hq"]["state"].as_str()?;
        (seen == state || (state == "offline" && seen != "online")).then_some(())
    })
    .await
}
