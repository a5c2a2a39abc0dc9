//! Bytes on the line per check-in event.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::check_ins::at_node;
use super::figure::{Figure, FigureName};
use super::prepared::{Contents, Prepared};
use super::site::Site;
use crate::deadline::eventually;

const ATTENDEES: usize = 10_000;

/// Check-ins while the line is cut: five batches of a thousand.
const EVENTS: usize = 5_000;

const SENT_WITHIN: Duration = Duration::from_mins(2);

/// One desk checks people in one after the other, so that each is a commit of its own; then the line comes back.
pub(super) async fn measure(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let prepared = Prepared::find_or_make(bench, Contents { attendees: ATTENDEES, revisions: 1 }).await?;
    let mut site = Site::open(bench, &prepared).await?;
    at_node(&site, ATTENDEES, EVENTS, 1).await?;
    let desk = site.watch().await?;
    let status = desk.get("/status").await?.expect(200)?;
    let events = status["unsent_entries"].as_u64().context("a node knows what it has not sent")?;
    ensure!(events == EVENTS as u64, "{EVENTS} check-ins left {events} entries to send");
    let before = delivered_bytes(&site).await?;
    site.node().line("restore").await?;
    eventually(SENT_WITHIN, "HQ has every entry", async || {
        let status = desk.get("/status").await.ok()?.expect(200).ok()?;
        (status["unsent_entries"] == 0).then_some(())
    })
    .await?;
    let bytes = delivered_bytes(&site).await? - before;
    let conference = site.venue.conference.clone();
    let arrivals = site.venue.hq.run(&["arrivals", &conference]).await?;
    ensure!(arrivals["in"] == EVENTS, "HQ counts other arrivals: {arrivals}");
    site.close().await?;
    let per_event = f64::from(u32::try_from(bytes)?) / f64::from(u32::try_from(EVENTS)?);
    Ok(vec![Figure::alone(FigureName::WireBytesPerEvent, &[per_event])])
}

/// What the line has delivered so far, both ways.
pub(super) async fn delivered_bytes(site: &Site) -> anyhow::Result<u64> {
    let report = reqwest::Client::builder().no_proxy().build()?.get(&site.node().line_control).send().await?;
    let report: Value = report.json().await?;
    let count = |field: &str| report[field].as_u64().with_context(|| format!("the line counts no {field}"));
    Ok(count("bytes_out")? + count("bytes_back")?)
}
