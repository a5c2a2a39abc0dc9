//! A line that works: how soon HQ has what happened, and what it costs when nothing happens.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use lanyard_sync::session::IDLE_HELLO_MS;
use serde_json::json;

use super::figure::{Figure, FigureName};
use super::line_back::unsent;
use super::prepared::{Contents, Prepared};
use super::quantiles::percentile;
use super::site::Site;
use super::wire::delivered_bytes;
use super::{ROUNDS, conference};

const ATTENDEES: usize = 10_000;

/// Check-ins of one round, each alone.
const EVENTS: usize = 200;

/// How long nothing happens.
const IDLE: Duration = Duration::from_mins(1);

const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// How often the node is asked what HQ has.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Checks people in one after the other, each when HQ is known to have the one before.
pub(super) async fn measure_visible(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let prepared = Prepared::find_or_make(bench, Contents { attendees: ATTENDEES, revisions: 1 }).await?;
    let mut p95_ms = Vec::new();
    for _ in 0..ROUNDS {
        let mut site = Site::open(bench, &prepared).await?;
        site.restore_line().await?;
        let desk = site.watch().await?;
        let mut took_ms = Vec::with_capacity(EVENTS);
        for attendee in conference::attendees(EVENTS) {
            let checked_in = json!({ "code": attendee.code, "list": "main" });
            desk.post("/check-ins", &checked_in).await?.expect(201)?;
            let began = Instant::now();
            while unsent(&desk).await? > 0 {
                ensure!(began.elapsed() < SEEN_WITHIN, "HQ has not seen a check-in");
                tokio::time::sleep(LOOK_EVERY).await;
            }
            took_ms.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
        p95_ms.push(percentile(&took_ms, 95));
        site.close().await?;
    }
    Ok(vec![Figure::alone(FigureName::VisibleP95Ms, &p95_ms)])
}

/// Counts what crosses the line while nothing happens, for each exchange in that time.
pub(super) async fn measure_idle(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let prepared = Prepared::find_or_make(bench, Contents { attendees: ATTENDEES, revisions: 1 }).await?;
    let mut site = Site::open(bench, &prepared).await?;
    site.restore_line().await?;
    let before = delivered_bytes(&site).await?;
    tokio::time::sleep(IDLE).await;
    let bytes = delivered_bytes(&site).await? - before;
    ensure!(bytes > 0, "nothing crossed the line");
    site.close().await?;
    let exchanges = IDLE.as_secs_f64() * 1_000.0 / f64::from(u32::try_from(IDLE_HELLO_MS)?);
    let per_exchange = f64::from(u32::try_from(bytes)?) / exchanges;
    Ok(vec![Figure::alone(FigureName::IdleSyncBytes, &[per_exchange])])
}
