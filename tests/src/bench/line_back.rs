//! What was kept while the line was cut, once it is back.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::ROUNDS;
use super::check_ins::at_node;
use super::figure::{Figure, FigureName};
use super::prepared::{Contents, Prepared};
use super::site::Site;
use crate::desk::Desk;

const ATTENDEES: usize = 100_000;

/// Check-ins while the line is cut.
const EVENTS: usize = 50_000;

/// Desks that check them in.
const LANES: usize = 64;

const SENT_WITHIN: Duration = Duration::from_mins(2);

/// How often the node is asked what it has not sent.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Restores the line and waits for HQ's first word that it has something, and for the last.
pub(super) async fn measure(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let prepared = Prepared::find_or_make(bench, Contents { attendees: ATTENDEES, revisions: 1 }).await?;
    let (mut first_ms, mut all_s) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut site = Site::open(bench, &prepared).await?;
        at_node(&site, ATTENDEES, EVENTS, LANES).await?;
        let desk = site.watch().await?;
        let kept = unsent(&desk).await?;
        ensure!(kept == EVENTS as u64, "{EVENTS} check-ins left {kept} entries to send");
        let began = Instant::now();
        site.node().line("restore").await?;
        let (first, all) = first_and_last(&desk, kept, began).await?;
        first_ms.push(first.as_secs_f64() * 1_000.0);
        all_s.push(all.as_secs_f64());
        site.close().await?;
    }
    Ok(vec![
        Figure::alone(FigureName::FirstAfterLineMs, &first_ms),
        Figure::alone(FigureName::Drain50kS, &all_s),
    ])
}

/// When HQ had the first of what was kept, and when all of it.
async fn first_and_last(desk: &Desk, kept: u64, began: Instant) -> anyhow::Result<(Duration, Duration)> {
    let mut first = None;
    while began.elapsed() < SENT_WITHIN {
        let left = unsent(desk).await?;
        let now = began.elapsed();
        if left < kept {
            first.get_or_insert(now);
        }
        if let (0, Some(first)) = (left, first) {
            return Ok((first, now));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    anyhow::bail!("HQ does not have everything after {SENT_WITHIN:?}")
}

/// Entries HQ is not known to have.
pub(super) async fn unsent(desk: &Desk) -> anyhow::Result<u64> {
    let status = desk.get("/status").await?.expect(200)?;
    status["unsent_entries"].as_u64().context("a node knows what it has not sent")
}

/// How many entries the node has, in order of arrival.
pub(super) async fn position(desk: &Desk) -> anyhow::Result<u64> {
    let status = desk.get("/status").await?.expect(200)?;
    status["position"].as_u64().context("a node knows its position")
}
