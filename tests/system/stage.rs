//! What each test starts with: a venue of processes in a folder of its own, and staff signed in.
//!
//! Responsible for letting one venue run at a time: every test here is about deadlines of real processes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use lanyard_tests::sample::{self, SampleAttendee};
use lanyard_tests::venue::{Venue, VenuePlan};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

/// How long something may take to get from one process to another.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Draws the list of every stage.
pub(crate) const LIST_SEED: u64 = 31;

static STAGE: Mutex<()> = Mutex::const_new(());

/// A running venue, its list, and the right to be the only one.
pub(crate) struct Stage {
    pub(crate) venue: Venue,
    pub(crate) list: Vec<SampleAttendee>,
    pub(crate) folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// Waits until no other test uses the machine.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    STAGE.lock().await
}

impl Stage {
    /// Starts HQ and nodes with a list of `attendees`; every node has the whole list when this returns.
    pub(crate) async fn set(nodes: &[&'static str], attendees: usize) -> anyhow::Result<Self> {
        Self::set_with(nodes, attendees, str::to_owned).await
    }

    /// The same, with another conference made of the sample's file.
    pub(crate) async fn set_with(
        nodes: &[&'static str],
        attendees: usize,
        change: impl FnOnce(&str) -> String,
    ) -> anyhow::Result<Self> {
        let alone = alone().await;
        let folder = tempfile::tempdir()?;
        let mut plan = VenuePlan::sample(folder.path(), LIST_SEED, attendees, now_ms()?);
        plan.nodes = nodes.to_vec();
        plan.conference_toml = change(&plan.conference_toml);
        let venue = Venue::start(&plan).await?;
        let mut stage = Self { venue, list: sample::attendees(LIST_SEED, attendees), folder, _alone: alone };
        for node in nodes {
            let desk = stage.sign_in(node, "susi", &format!("{node}-1")).await?;
            let expected = u64::try_from(attendees)?;
            eventually(SOON, "the list is at the node", async || {
                let status = status(&desk).await.ok()?;
                (status["arrivals"]["expected"].as_u64()? == expected).then_some(())
            })
            .await?;
        }
        Ok(stage)
    }

    /// Signs a member of staff in, as soon as the node knows them.
    pub(crate) async fn sign_in(&mut self, node: &str, staff: &str, at: &str) -> anyhow::Result<Desk> {
        let pin = self.venue.pin(staff).to_owned();
        let desk = self.venue.node(node).desk()?;
        eventually(SOON, &format!("{staff} can sign in at {at}"), async || {
            desk.sign_in(staff, &pin, at).await.ok()
        })
        .await
    }

    /// Starts a node again with this configuration file.
    pub(crate) async fn configure(&mut self, node: &str, toml: &str) -> anyhow::Result<()> {
        let node = self.venue.node(node);
        std::fs::write(node.data.join("lanyard.toml"), toml)?;
        node.process.terminate(SOON).await?;
        node.start_again().await
    }

    /// Attendees who paid, in the order of the list.
    pub(crate) fn paid(&self) -> impl Iterator<Item = &SampleAttendee> {
        self.list.iter().filter(|row| row.paid)
    }

    /// Waits until HQ counts so many people in.
    pub(crate) async fn hq_counts(&self, wanted: u64) {
        let (hq, conference) = (&self.venue.hq, &self.venue.conference);
        let what = format!("HQ counts {wanted}");
        let counted = eventually(SOON, &what, async || {
            let arrivals = hq.run(&["arrivals", conference]).await.ok()?;
            (arrivals["in"].as_u64()? == wanted).then_some(())
        });
        counted.await.unwrap();
    }

    /// `lanyard verify` finds nothing at a node.
    pub(crate) async fn is_whole(&mut self, node: &str) {
        let report = self.venue.node(node).verify(None).await.unwrap();
        assert_eq!(report["findings"], json!([]), "{report}");
    }

    /// Ends everything gently.
    pub(crate) async fn clear(mut self) -> anyhow::Result<()> {
        self.venue.stop().await
    }
}

/// The time as conference files have it.
pub(crate) fn now_ms() -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

/// How a node is.
pub(crate) async fn status(desk: &Desk) -> anyhow::Result<Value> {
    desk.get("/status").await?.expect(200)
}

/// How many are in, as a node counts them.
pub(crate) async fn inside(desk: &Desk) -> anyhow::Result<u64> {
    status(desk).await?["arrivals"]["in"].as_u64().context("nobody is counted")
}

/// Checks guests in, each of whom is new.
pub(crate) async fn admit(desk: &Desk, codes: &[String]) {
    for code in codes {
        let answer = desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap();
        assert_eq!(answer.expect(201).unwrap()["verdict"], "admitted");
    }
}

/// Waits until HQ and these nodes have the same entries, then compares what they made of them.
pub(crate) async fn converge(stage: &Stage, desks: &[Desk]) {
    let conference = stage.venue.conference.clone();
    agree(desks, async || Some(vec![stage.venue.hq.run(&["state", &conference]).await.ok()?])).await;
}

/// Waits until these nodes and whoever else is looked at have the same entries, then compares what they made of them.
pub(crate) async fn agree(desks: &[Desk], others: impl AsyncFn() -> Option<Vec<Value>>) {
    let equal = eventually(SOON, "everybody has the same entries", async || {
        let mut states = others().await?;
        for desk in desks {
            states.push(desk.get("/state").await.ok()?.expect(200).ok()?);
        }
        states.iter().all(|state| state["digest"] == states[0]["digest"]).then_some(states)
    });
    let states = equal.await.unwrap();
    assert!(states[0]["state_hash"].is_string(), "{}", states[0]);
    assert!(states.iter().all(|state| state["state_hash"] == states[0]["state_hash"]), "{states:?}");
}

/// Scans somebody and returns the verdict's status.
pub(crate) async fn scan(desk: &Desk, code: &str) -> u16 {
    desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap().status
}
