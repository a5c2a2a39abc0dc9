//! Check-ins while HQ takes connections and answers nothing, beside check-ins while it is there.

use std::path::Path;

use super::ROUNDS;
use super::check_ins::{Desks, at_node};
use super::figure::{Figure, FigureName};
use super::prepared::{Contents, Prepared};
use super::site::Site;

const ATTENDEES: usize = 10_000;

/// Checks everybody in at eight desks, by turns with HQ there and with an HQ that takes connections and says nothing.
pub(super) async fn measure(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let prepared = Prepared::find_or_make(bench, Contents { attendees: ATTENDEES, revisions: 1 }).await?;
    let (mut there, mut hangs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut site = Site::open(bench, &prepared).await?;
        site.restore_line().await?;
        there.push(p99_ms(site).await?);
        let site = Site::open(bench, &prepared).await?;
        site.node().line("blackhole").await?;
        hangs.push(p99_ms(site).await?);
    }
    Ok(vec![Figure::beside_bare(FigureName::CheckInP99HqHangs, &hangs, &there)])
}

async fn p99_ms(site: Site) -> anyhow::Result<f64> {
    let measured = at_node(&site, ATTENDEES, ATTENDEES, Desks::Eight.count()).await?;
    site.close().await?;
    Ok(measured.p99_ms)
}
