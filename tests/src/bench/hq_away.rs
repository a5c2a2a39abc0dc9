//! Check-ins while HQ hangs, floods or is gone, beside check-ins while it is there.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;

use super::check_ins::{Desks, at_desks, shuffled};
use super::figure::{Figure, FigureName};
use super::line_back::position;
use super::quantiles::median;
use super::site::Site;
use super::{ROUNDS, backlog, conference, load};
use crate::deadline::eventually;
use crate::desk::Desk;

const ATTENDEES: usize = backlog::ON_LIST;

const BEGUN_WITHIN: Duration = Duration::from_mins(1);

/// How HQ is while people are checked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hq {
    /// Takes what it is sent, and has nothing to say.
    There,
    /// Takes connections and says nothing.
    Hangs,
    /// Sends a long backlog as fast as it is taken.
    Floods,
    /// Cannot be reached.
    Gone,
}

/// Checks everybody in at eight desks, by turns with HQ there and with each way it can be away; the worst of those counts.
pub(super) async fn measure(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let (mut there, mut away) = (Vec::new(), [const { Vec::new() }; 3]);
    for _ in 0..ROUNDS {
        there.push(p99_ms(bench, Hq::There).await?);
        for (rounds, hq) in away.iter_mut().zip([Hq::Hangs, Hq::Floods, Hq::Gone]) {
            rounds.push(p99_ms(bench, hq).await?);
        }
    }
    let worst = away.iter().map(|rounds| median(rounds)).fold(0.0, f64::max);
    Ok(vec![Figure::beside_bare(FigureName::CheckInP99HqHangs, &[worst], &[median(&there)])])
}

async fn p99_ms(bench: &Path, hq: Hq) -> anyhow::Result<f64> {
    let kept = match hq {
        Hq::Floods => backlog::at_hq(bench).await?,
        Hq::There | Hq::Hangs | Hq::Gone => backlog::none(bench).await?,
    };
    let mut site = Site::open_apart(bench, &kept, &["north"]).await?;
    let sessions = site.sign_in(Desks::Eight.count()).await?;
    let codes = conference::attendees(ATTENDEES).into_iter().map(|attendee| attendee.code).collect();
    let requests = at_desks("main", &shuffled(codes, ATTENDEES), &sessions);
    let desk = site.watch().await?;
    match hq {
        Hq::There => site.restore_line().await?,
        Hq::Hangs => site.node().line("blackhole").await?,
        Hq::Floods => begin_flood(&site, &desk).await?,
        Hq::Gone => {}
    }
    let measured = load::send(site.address(), requests, 201).await?;
    if hq == Hq::Floods {
        ensure!(lacks_something(&desk).await?, "the flood was over before the check-ins were");
    }
    site.close().await?;
    Ok(measured.p99_ms)
}

/// Lets HQ send, and waits until something of it is here.
async fn begin_flood(site: &Site, desk: &Desk) -> anyhow::Result<()> {
    let before = position(desk).await?;
    site.node().line("restore").await?;
    eventually(BEGUN_WITHIN, "the node gets something from HQ", async || {
        (position(desk).await.ok()? > before).then_some(())
    })
    .await
}

/// Whether the node does not have everything HQ has and everything of its own.
async fn lacks_something(desk: &Desk) -> anyhow::Result<bool> {
    let everything = ATTENDEES + backlog::AT_HQ + ATTENDEES;
    Ok(position(desk).await? < everything as u64)
}
