//! A million check-ins that wait at a node: sent to HQ, and fetched by another node while HQ is away.
//!
//! The bare loop ships the same rows from and to the same databases. Three rounds by turns, because each moves a million
//! entries. The rate counts from the first batch that has arrived to the last; the memory is the worst peak of either side
//! in any round.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::backlog::{self, EVENTS};
use super::bare;
use super::conference;
use super::figure::{Figure, FigureName};
use super::line_back::{position, unsent};
use super::prepared;
use super::resident::peak_mib;
use super::site::Site;
use crate::desk::Desk;
use crate::venue::READY_WITHIN;

const ROUNDS: usize = 3;

const ARRIVED_WITHIN: Duration = Duration::from_mins(10);

/// How often somebody is asked what is still to come.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What one round saw.
#[derive(Debug, Clone, Copy)]
struct Drained {
    per_s: f64,
    /// Of the side that sends and the side that receives, the larger.
    peak_mib: f64,
}

/// Ships the same million by the bare loop, to HQ and to the node south, by turns.
pub(super) async fn measure(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let kept = backlog::at_node(bench).await?;
    let (mut bare_rounds, mut to_hq, mut to_sibling) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare_rounds.push(by_bare(bench, &kept).await?);
        to_hq.push(drained_to_hq(bench, &kept).await?);
        to_sibling.push(drained_to_sibling(bench, &kept).await?);
    }
    let rates = |rounds: &[Drained]| rounds.iter().map(|drained| drained.per_s).collect::<Vec<_>>();
    let peaks = to_hq.iter().chain(&to_sibling).map(|drained| drained.peak_mib);
    Ok(vec![
        Figure::beside_bare(FigureName::Replicate1m, &rates(&to_hq), &bare_rounds),
        Figure::beside_bare(FigureName::Sibling1m, &rates(&to_sibling), &bare_rounds),
        Figure::alone(FigureName::RssDrainMib, &[peaks.fold(0.0, f64::max)]),
    ])
}

async fn by_bare(bench: &Path, kept: &Path) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir_in(bench)?;
    let copy = folder.path().join("venue");
    prepared::copy(kept, &copy)?;
    bare::ship(folder.path(), &copy.join("north/lanyard.db"), &database_of_hq(&copy)?, EVENTS).await
}

/// HQ has one conference.
fn database_of_hq(venue: &Path) -> anyhow::Result<PathBuf> {
    let conferences = std::fs::read_dir(venue.join("hq/conferences"))?;
    let databases = conferences.map(|found| Ok(found?.path().join("lanyard.db")));
    let databases: std::io::Result<Vec<PathBuf>> = databases.collect();
    databases?.into_iter().find(|path| path.exists()).context("HQ has no conference")
}

async fn drained_to_hq(bench: &Path, kept: &Path) -> anyhow::Result<Drained> {
    let mut site = Site::open_apart(bench, kept, &["north"]).await?;
    let desk = site.watch().await?;
    site.node().line("restore").await?;
    let per_s = per_s(async || unsent(&desk).await).await?;
    let ids = [site.venue.hq.process.id(), site.node().process.id()];
    close(site, ids, per_s).await
}

async fn drained_to_sibling(bench: &Path, kept: &Path) -> anyhow::Result<Drained> {
    let mut site = Site::open_apart(bench, kept, &["north", "south"]).await?;
    let before = position(&south(&site).await?).await?;
    let north = site.node().url.clone();
    let node = site.venue.node("south");
    std::fs::write(
        node.data.join("lanyard.toml"),
        format!("[[siblings]]\nname = \"north\"\nurl = \"{north}\"\n"),
    )?;
    node.process.terminate(READY_WITHIN).await?;
    node.start_again().await?;
    let desk = south(&site).await?;
    let all = before + EVENTS as u64;
    let per_s = per_s(async || Ok(all.saturating_sub(position(&desk).await?))).await?;
    let ids = [site.node().process.id(), site.venue.node("south").process.id()];
    close(site, ids, per_s).await
}

async fn south(site: &Site) -> anyhow::Result<Desk> {
    let desk = site.venue.nodes[1].desk()?;
    desk.sign_in("susi", site.venue.pin("susi"), conference::SOUTH).await
}

/// Entries a second, from when the first of them have arrived until none is left.
async fn per_s(mut left: impl AsyncFnMut() -> anyhow::Result<u64>) -> anyhow::Result<f64> {
    let (looked, mut first) = (Instant::now(), None);
    while looked.elapsed() < ARRIVED_WITHIN {
        let (left, now) = (left().await?, Instant::now());
        if left < EVENTS as u64 {
            let (began, then_left) = *first.get_or_insert((now, left));
            if left == 0 {
                return Ok(f64::from(u32::try_from(then_left)?) / (now - began).as_secs_f64());
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    anyhow::bail!("not everything has arrived after {ARRIVED_WITHIN:?}")
}

async fn close(site: Site, [one, other]: [u32; 2], per_s: f64) -> anyhow::Result<Drained> {
    ensure!(per_s.is_finite(), "everything arrived at once");
    let peak_mib = peak_mib(one)?.max(peak_mib(other)?);
    site.close().await?;
    Ok(Drained { per_s, peak_mib })
}
