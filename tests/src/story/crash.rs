//! The kill: north dies by SIGKILL in the middle of check-ins, and nothing it acknowledged may be lost.

use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::scene::Scene;
use crate::desk::{Desk, fresh_key};
use crate::sample::SampleAttendee;

/// Desks that check in at once.
const LANES: usize = 4;
/// Acknowledged check-ins after which the node is killed.
const KILL_AFTER: usize = 60;
/// Attendees offered to the desks.
const GUESTS: usize = 600;

/// Acknowledgements, each on disk before it counts.
struct Acknowledged {
    file: Mutex<File>,
    count: AtomicUsize,
}

impl Acknowledged {
    fn keep(&self, code: &str, key: &str) -> anyhow::Result<()> {
        let mut file = self.file.lock().map_err(|_| anyhow::anyhow!("a desk died while writing"))?;
        writeln!(file, "{code} {key}")?;
        file.sync_data()?;
        self.count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

pub(super) async fn kill_north(scene: &mut Scene) -> anyhow::Result<String> {
    let path = scene.venue.node("north").data.with_file_name("acknowledged.txt");
    let kept = Arc::new(Acknowledged { file: Mutex::new(File::create(&path)?), count: AtomicUsize::new(0) });
    let guests: Vec<_> = (0..GUESTS).map(|_| scene.somebody()).collect();
    let in_flight = Arc::new(AtomicUsize::new(0));
    let lanes: Vec<_> = guests
        .chunks(GUESTS / LANES)
        .map(|guests| {
            tokio::spawn(lane(scene.north.clone(), guests.to_vec(), kept.clone(), in_flight.clone()))
        })
        .collect();
    while kept.count.load(Ordering::SeqCst) < KILL_AFTER {
        ensure!(lanes.iter().any(|lane| !lane.is_finished()), "the desks stopped before the kill");
        tokio::task::yield_now().await;
    }
    scene.venue.node("north").process.kill_9()?;
    let open = in_flight.load(Ordering::SeqCst);
    for lane in lanes {
        lane.await??;
    }
    scene.venue.node("north").start_again().await?;
    scene.back_at_north().await?;
    let acknowledged = std::fs::read_to_string(&path)?;
    for line in acknowledged.lines() {
        let (code, key) = line.split_once(' ').context("a broken line of acknowledgements")?;
        let body = json!({ "code": code, "list": "main" });
        let again = scene.north.post_as(key, "/check-ins", &body).await?;
        ensure!(again.status == 201, "an acknowledged check-in is lost: {} {}", again.status, again.body);
        ensure!(again.is_replay(), "an acknowledged check-in was done a second time");
    }
    Ok(format!("{} acknowledged, {open} in flight at the kill, none lost", acknowledged.lines().count()))
}

async fn lane(
    desk: Desk,
    guests: Vec<SampleAttendee>,
    kept: Arc<Acknowledged>,
    in_flight: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    for guest in guests {
        let key = fresh_key();
        in_flight.fetch_add(1, Ordering::SeqCst);
        let answer = desk.post_as(&key, "/check-ins", &json!({ "code": guest.code, "list": "main" })).await;
        // A request that got no answer stays counted: it was in flight when the node died.
        let Ok(answer) = answer else { return Ok(()) };
        in_flight.fetch_sub(1, Ordering::SeqCst);
        if answer.status == 201 {
            kept.keep(&guest.code, &key)?;
        }
    }
    Ok(())
}
