//! What waits to be sent, on one side of a cut line; kept between runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::ensure;

use super::check_ins::{at_desks, shuffled};
use super::line_back::unsent;
use super::prepared::{Contents, Prepared, copy, kept, plan};
use super::site::Site;
use super::{conference, load};
use crate::deadline::eventually;
use crate::sample;
use crate::venue::{Venue, VenuePlan};

/// People who check in again and again.
const ATTENDEES: usize = 100_000;

/// How often each of them does.
const TIMES: usize = 10;

/// Entries that a node has and nobody else.
pub(super) const EVENTS: usize = ATTENDEES * TIMES;

/// Desks that check them in.
const LANES: usize = 64;

/// People on the list that HQ gets again and again.
pub(super) const ON_LIST: usize = 10_000;

/// How often it does, each time with changes for everybody.
const REVISIONS: usize = 20;

/// Entries that HQ has and nobody else.
pub(super) const AT_HQ: usize = ON_LIST * REVISIONS;

const RECEIVED_WITHIN: Duration = Duration::from_mins(5);

/// A venue of which HQ and the nodes north and south have a list, and north a million check-ins that nobody else has.
pub(super) async fn at_node(bench: &Path) -> anyhow::Result<PathBuf> {
    let prepared = Prepared::find_or_make(bench, Contents { attendees: ATTENDEES, revisions: 1 }).await?;
    kept(bench, &format!("check-ins-{EVENTS}"), async |folder| {
        copy(&prepared.folder, folder)?;
        let nodes = vec!["north", "south"];
        let mut venue = Venue::start(&VenuePlan { nodes, ..plan(folder, String::new())? }).await?;
        south_has_everything(&mut venue).await?;
        check_in(Site::of(venue)).await
    })
    .await
}

/// A venue in which nothing waits.
pub(super) async fn none(bench: &Path) -> anyhow::Result<PathBuf> {
    Ok(Prepared::find_or_make(bench, Contents { attendees: ON_LIST, revisions: 1 }).await?.folder)
}

/// A venue whose HQ has more revisions of a list than its node north.
pub(super) async fn at_hq(bench: &Path) -> anyhow::Result<PathBuf> {
    let prepared = Prepared::find_or_make(bench, Contents { attendees: ON_LIST, revisions: 1 }).await?;
    kept(bench, &format!("revisions-{ON_LIST}x{REVISIONS}"), async |folder| {
        copy(&prepared.folder, folder)?;
        let mut venue = Venue::start_apart(&plan(folder, String::new())?).await?;
        let list = folder.join(sample::LIST_FILE).to_string_lossy().into_owned();
        for revision in 1..=REVISIONS {
            std::fs::write(&list, conference::csv(ON_LIST, revision))?;
            venue.hq.run(&["import", &venue.conference, &list]).await?;
        }
        venue.stop().await
    })
    .await
}

async fn south_has_everything(venue: &mut Venue) -> anyhow::Result<()> {
    let pin = venue.pin("susi").to_owned();
    let south = venue.node("south").desk()?;
    let mut signed_in = None;
    eventually(RECEIVED_WITHIN, "south has everything", async || {
        if signed_in.is_none() {
            signed_in = south.sign_in("susi", &pin, conference::SOUTH).await.ok();
        }
        let status = signed_in.as_ref()?.get("/status").await.ok()?.expect(200).ok()?;
        (status["history"].is_null() && status["arrivals"]["expected"] == ATTENDEES).then_some(())
    })
    .await
}

/// Has everybody check in at north while nobody hears of it.
async fn check_in(mut site: Site) -> anyhow::Result<()> {
    site.cut_line().await?;
    let codes: Vec<String> =
        conference::attendees(ATTENDEES).into_iter().map(|attendee| attendee.code).collect();
    let sessions = site.sign_in(LANES).await?;
    for _ in 0..TIMES {
        let requests = at_desks(conference::AGAIN, &shuffled(codes.clone(), ATTENDEES), &sessions);
        load::send(site.address(), requests, 201).await?;
    }
    let kept = unsent(&site.watch().await?).await?;
    ensure!(kept == EVENTS as u64, "{EVENTS} check-ins left {kept} entries to send");
    site.close().await
}
