//! Nodes that begin with nothing: a snapshot of HQ, of a sibling, or of one after the other, lines that break while it is
//! fetched, kills, and the older log that follows.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use lanyard_tests::line::Line;
use lanyard_tests::process::{Launch, Process, binary};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::stage::{SOON, Stage, agree, converge, scan, status};

/// Enough that a snapshot is worth it.
const ATTENDEES: usize = 4_200;
/// A line on which the snapshot takes a while.
const SLOW_BYTES_PER_S: NonZeroU64 = NonZeroU64::new(24 * 1024).unwrap();
/// Where nobody answers.
const NOBODY: &str = "http://127.0.0.1:9";
const TAKEN_UP: &str = "a snapshot was taken up";

/// A node that joined and never started.
struct Fresh {
    name: &'static str,
    data: PathBuf,
}

impl Fresh {
    async fn joined(stage: &Stage, name: &'static str) -> Self {
        Self::joined_in(stage, name, name).await
    }

    async fn joined_in(stage: &Stage, name: &'static str, folder: &str) -> Self {
        let (hq, conference) = (&stage.venue.hq, &stage.venue.conference);
        let invited = hq.run(&["join-code", conference, name]).await.unwrap();
        let (data, code) = (stage.folder.path().join(folder), invited["code"].as_str().unwrap());
        let mut command = Command::new(binary("lanyard").unwrap());
        command.arg("--data").arg(&data).args(["join", "--hq", &hq.url, "--code", code]);
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { name, data }
    }

    fn know_sibling(&self, url: &str) {
        let toml = format!("[[siblings]]\nname = \"north\"\nurl = \"{url}\"\n");
        fs::write(self.data.join("lanyard.toml"), toml).unwrap();
    }

    async fn start(&self, logs: &Path, hq: &str) -> (Process, Desk) {
        let data = self.data.to_string_lossy().into_owned();
        let arguments = ["--data", &data, "serve", "--listen", "127.0.0.1:0", "--hq", hq, "--announce"];
        let launch = Launch::new(self.name, binary("lanyard").unwrap(), logs).args(arguments);
        let mut process = launch.start().unwrap();
        let ready = process.ready_json(SOON).await.unwrap();
        (process, Desk::at(ready["listen"].as_str().unwrap()).unwrap())
    }

    /// The names of the chunks that are whole.
    fn chunks(&self) -> BTreeSet<OsString> {
        let chunks = fs::read_dir(self.data.join("snapshot")).into_iter().flatten().flatten();
        chunks.map(|file| file.file_name()).filter(|name| name != "unfinished").collect()
    }

    /// How many rows the node has still to index; none before it took a snapshot up.
    fn unindexed(&self) -> i64 {
        let db = rusqlite::Connection::open(self.data.join("lanyard.db")).unwrap();
        let count = db.query_row("SELECT count(*) FROM unindexed", [], |row| row.get(0));
        count.unwrap_or(0)
    }

    async fn verify(&self) -> Value {
        let mut command = Command::new(binary("lanyard").unwrap());
        let output = command.arg("--data").arg(&self.data).args(["verify", "--json"]).output().await.unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// Signs in as soon as the node knows who that is, which it does at once with everything else.
async fn sign_in(stage: &Stage, desk: &Desk, at: &str) -> Desk {
    let pin = stage.venue.pin("susi").to_owned();
    let what = format!("{at} is ready");
    let signed = eventually(SOON, &what, async || desk.sign_in("susi", &pin, at).await.ok());
    signed.await.unwrap()
}

async fn history_is_whole(desk: &Desk) {
    let whole = eventually(SOON, "the older log is here", async || {
        status(desk).await.ok()?["history"].is_null().then_some(())
    });
    whole.await.unwrap();
}

fn logs_of(stage: &Stage) -> PathBuf {
    stage.folder.path().join("logs")
}

#[tokio::test]
async fn fresh_nodes_begin_from_hq_and_from_a_sibling_while_hq_is_away() {
    let mut stage = Stage::set(&["north"], ATTENDEES).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(3).collect();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    assert!(stage.venue.node("north").process.stderr().contains(TAKEN_UP));
    assert_eq!(scan(&north, &codes[0]).await, 201);
    history_is_whole(&north).await;
    let south = Fresh::joined(&stage, "south").await;
    south.know_sibling(&stage.venue.node("north").url.clone());
    let (mut process, desk) = south.start(&logs_of(&stage), NOBODY).await;
    let desk = sign_in(&stage, &desk, "south-1").await;
    assert_eq!(status(&desk).await.unwrap()["arrivals"], json!({ "in": 1, "expected": ATTENDEES }));
    assert_eq!(scan(&desk, &codes[0]).await, 409, "it knows who is in");
    assert_eq!(scan(&desk, &codes[1]).await, 201);
    assert!(process.stderr().contains(TAKEN_UP));
    history_is_whole(&desk).await;
    let (hq, conference) = (&stage.venue.hq, &stage.venue.conference);
    agree(&[north, desk.clone()], async || Some(vec![hq.run(&["state", conference]).await.ok()?])).await;
    process.terminate(SOON).await.unwrap();
    for report in [south.verify().await, stage.venue.node("north").verify(None).await.unwrap()] {
        assert_eq!((&report["findings"], &report["entries_to_come"]), (&json!([]), &json!(0)), "{report}");
    }
    stage.clear().await.unwrap();
}

/// A fresh node that was killed while it indexed; one that was quicker than the kill is followed by another.
async fn killed_while_it_indexes(stage: &Stage) -> Fresh {
    for time in 1..=5 {
        let node = Fresh::joined_in(stage, "south", &format!("south {time}")).await;
        let (mut process, _) = node.start(&logs_of(stage), &stage.venue.hq.url).await;
        let taken_up = eventually(SOON, "the snapshot is taken up", async || {
            process.stderr().contains(TAKEN_UP).then_some(())
        });
        taken_up.await.unwrap();
        process.kill_9().unwrap();
        if node.unindexed() > 0 {
            return node;
        }
    }
    panic!("every node was quicker than the kill");
}

#[tokio::test]
async fn a_node_that_is_killed_while_it_indexes_a_snapshot_finds_everybody_and_goes_on() {
    let stage = Stage::set(&["north"], ATTENDEES).await.unwrap();
    let url = stage.venue.hq.url.clone();
    let south = killed_while_it_indexes(&stage).await;
    let (mut process, desk) = south.start(&logs_of(&stage), NOBODY).await;
    let desk = sign_in(&stage, &desk, "south-1").await;
    let guests: Vec<_> = stage.paid().take(30).collect();
    for guest in &guests {
        let found = desk.get(&format!("/attendees?q={}", guest.code)).await.unwrap().expect(200).unwrap();
        let names: Vec<_> = found["rows"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
        let name = format!("{} {}", guest.first_name, guest.last_name);
        assert!(names.iter().any(|found| **found == name.trim()), "{name}: {names:?}");
    }
    assert_eq!(scan(&desk, &guests[0].code).await, 201);
    let indexed = eventually(SOON, "everybody is indexed", async || {
        (status(&desk).await.ok()?["unindexed"] == 0).then_some(())
    });
    indexed.await.unwrap();
    process.terminate(SOON).await.unwrap();
    assert_eq!(south.unindexed(), 0);
    let (mut process, desk) = south.start(&logs_of(&stage), &url).await;
    let desk = sign_in(&stage, &desk, "south-1").await;
    history_is_whole(&desk).await;
    process.terminate(SOON).await.unwrap();
    let report = south.verify().await;
    assert_eq!((&report["findings"], &report["entries_to_come"]), (&json!([]), &json!(0)), "{report}");
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_cut_line_and_a_kill_lose_nothing_of_what_was_fetched() {
    let stage = Stage::set(&["north"], ATTENDEES).await.unwrap();
    let line = Line::start(stage.venue.hq.url.trim_start_matches("http://")).await.unwrap();
    let url = format!("http://{}", line.address());
    let south = Fresh::joined(&stage, "south").await;
    line.throttle(SLOW_BYTES_PER_S);
    let (mut process, _) = south.start(&logs_of(&stage), &url).await;
    let some = eventually(SOON, "a chunk is there", async || (!south.chunks().is_empty()).then_some(()));
    some.await.unwrap();
    line.cut();
    let before = south.chunks().len();
    line.restore();
    line.throttle(SLOW_BYTES_PER_S);
    let more =
        eventually(SOON, "another chunk is there", async || (south.chunks().len() > before).then_some(()));
    more.await.unwrap();
    process.kill_9().unwrap();
    let kept = south.chunks().len();
    assert!(kept > before);
    line.restore();
    let (mut process, desk) = south.start(&logs_of(&stage), &url).await;
    let desk = sign_in(&stage, &desk, "south-1").await;
    assert!(process.stderr().contains(TAKEN_UP));
    history_is_whole(&desk).await;
    let (hq, conference) = (&stage.venue.hq, &stage.venue.conference);
    agree(&[desk], async || Some(vec![hq.run(&["state", conference]).await.ok()?])).await;
    process.terminate(SOON).await.unwrap();
    let report = south.verify().await;
    assert_eq!(report["findings"], json!([]), "{report}");
    assert!(!south.data.join("snapshot").exists(), "nothing of it is left");
    stage.clear().await.unwrap();
}

/// A line, and where it begins.
async fn line_to(url: &str) -> (Line, String) {
    let line = Line::start(url.trim_start_matches("http://")).await.unwrap();
    let url = format!("http://{}", line.address());
    (line, url)
}

/// HQ goes away when a chunk of it has come, and the sibling's line opens: its chunks come beside those of HQ.
async fn goes_on_at_the_sibling(stage: &mut Stage, south: &Fresh, to_hq: &Line, to_north: &Line) {
    let some =
        eventually(SOON, "a chunk of HQ is there", async || (!south.chunks().is_empty()).then_some(()));
    some.await.unwrap();
    to_hq.cut();
    stage.venue.hq.process.kill_9().unwrap();
    let of_hq = south.chunks();
    assert_eq!(to_north.report().bytes_back, 0, "all of them are HQ's");
    to_north.restore();
    to_north.throttle(SLOW_BYTES_PER_S);
    let more = eventually(SOON, "a chunk of north is beside those of HQ", async || {
        let both = south.chunks();
        (both.is_superset(&of_hq) && both.len() > of_hq.len()).then_some(())
    });
    more.await.unwrap();
}

#[tokio::test]
async fn a_snapshot_that_was_begun_at_hq_is_ended_at_a_sibling_while_hq_is_gone() {
    let mut stage = Stage::set(&["north"], ATTENDEES).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(3).collect();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    assert_eq!(scan(&north, &codes[0]).await, 201);
    history_is_whole(&north).await;
    converge(&stage, std::slice::from_ref(&north)).await;
    let (to_hq, hq_url) = line_to(&stage.venue.hq.url).await;
    let (to_north, north_url) = line_to(&stage.venue.node("north").url).await;
    to_hq.throttle(SLOW_BYTES_PER_S);
    to_north.cut();
    let south = Fresh::joined(&stage, "south").await;
    south.know_sibling(&north_url);
    let (mut process, desk) = south.start(&logs_of(&stage), &hq_url).await;
    goes_on_at_the_sibling(&mut stage, &south, &to_hq, &to_north).await;
    assert!(!process.stderr().contains(TAKEN_UP), "it was not whole yet");
    to_north.restore();

    let desk = sign_in(&stage, &desk, "south-1").await;
    assert!(process.stderr().contains(TAKEN_UP));
    assert_eq!(status(&desk).await.unwrap()["arrivals"], json!({ "in": 1, "expected": ATTENDEES }));
    assert_eq!(scan(&desk, &codes[0]).await, 409, "it knows who is in");
    assert_eq!(scan(&desk, &codes[1]).await, 201);
    history_is_whole(&desk).await;
    agree(&[north.clone(), desk.clone()], async || Some(Vec::new())).await;

    stage.venue.hq.start_again().await.unwrap();
    to_hq.restore();
    assert_eq!(scan(&north, &codes[2]).await, 201);
    converge(&stage, &[north, desk]).await;
    stage.hq_counts(3).await;
    process.terminate(SOON).await.unwrap();
    for report in [south.verify().await, stage.venue.node("north").verify(None).await.unwrap()] {
        assert_eq!((&report["findings"], &report["entries_to_come"]), (&json!([]), &json!(0)), "{report}");
    }
    stage.clear().await.unwrap();
}
