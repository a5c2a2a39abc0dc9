//! A node whose database the disk has damaged: found, made again from what HQ or a sibling has, and at work again.

use std::fs;
use std::path::Path;

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::{Answer, Desk, fresh_key};
use lanyard_tests::line::Line;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::refused_uploads::{entries, without_badges};
use crate::siblings::counts;
use crate::stage::{SOON, Stage, admit, agree, converge, inside, scan, status};
use crate::topologies::with_west;

const DATABASE: &str = "lanyard.db";

/// Turns one bit over in what the last check-in says; returns how often that was in the file.
fn damage(data: &Path) -> usize {
    let file = data.join(DATABASE);
    let facts = {
        let db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let last = "SELECT e.facts_salt, e.facts FROM entries e JOIN kinds k ON k.id = e.kind \
                    WHERE k.name = 'attendee-checked-in' ORDER BY e.pos DESC LIMIT 1";
        let (mut salt, facts): (Vec<u8>, Vec<u8>) =
            db.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        salt.extend(facts);
        salt
    };
    let mut bytes = fs::read(&file).unwrap();
    let places: Vec<_> =
        (0..bytes.len() - facts.len()).filter(|at| bytes[*at..].starts_with(&facts)).collect();
    for at in &places {
        bytes[at + facts.len() / 2] ^= 1;
    }
    fs::write(&file, bytes).unwrap();
    places.len()
}

/// Stops a node and damages its database; tells `lanyard` where HQ is.
async fn stop_and_damage(stage: &mut Stage) {
    let node = stage.venue.node("north");
    fs::write(node.data.join("lanyard.toml"), format!("[hq]\nurl = \"{}\"\n", node.line_url)).unwrap();
    node.process.terminate(SOON).await.unwrap();
    assert!(damage(&node.data) > 0, "the last check-in is in the database");
    let report = node.verify(None).await.unwrap();
    assert_ne!(report["findings"], json!([]), "verify finds it");
}

#[tokio::test]
async fn a_damaged_entry_comes_back_from_hq() {
    let mut stage = Stage::set(&["north"], 30).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(6).collect();
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    admit(&desk, &codes[..5]).await;
    stage.hq_counts(5).await;
    stop_and_damage(&mut stage).await;

    let said = stage.venue.node("north").run(&["repair", "--json"]).await.unwrap();
    let repaired: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(repaired["lost"], json!([]), "{repaired}");
    assert!(repaired["from_others"].as_u64().unwrap() > 0, "{repaired}");
    assert_eq!(repaired["rows_lost"], 0, "{repaired}");
    stage.is_whole("north").await;

    stage.venue.node("north").start_again().await.unwrap();
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    assert_eq!(inside(&desk).await.unwrap(), 5);
    let again = desk.post("/check-ins", &json!({ "code": codes[4], "list": "main" })).await.unwrap();
    assert_eq!(again.status, 409, "whoever was let in is not let in again");
    admit(&desk, &codes[5..]).await;
    stage.hq_counts(6).await;
    converge(&stage, &[desk]).await;
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn what_nobody_else_has_is_given_up_only_when_somebody_says_so() {
    let mut stage = Stage::set(&["north"], 30).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(3).collect();
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    admit(&desk, &codes[..2]).await;
    stage.hq_counts(2).await;
    stage.venue.node("north").line("cut").await.unwrap();
    admit(&desk, &codes[2..]).await;
    stop_and_damage(&mut stage).await;
    stage.venue.node("north").line("restore").await.unwrap();

    let damaged = fs::read(stage.venue.node("north").data.join(DATABASE)).unwrap();
    let refused = stage.venue.node("north").run(&["repair"]).await.unwrap_err().to_string();
    assert!(refused.contains("--accept-loss"), "{refused}");
    assert_eq!(
        fs::read(stage.venue.node("north").data.join(DATABASE)).unwrap(),
        damaged,
        "nothing was changed"
    );

    let said = stage.venue.node("north").run(&["repair", "--accept-loss", "--json"]).await.unwrap();
    let repaired: Value = serde_json::from_str(&said).unwrap();
    assert_ne!(repaired["lost"], json!([]), "{repaired}");
    stage.venue.node("north").start_again().await.unwrap();
    let desk = stage.sign_in("north", "susi", "north-1").await.unwrap();
    assert_eq!(inside(&desk).await.unwrap(), 2);
    admit(&desk, &codes[2..]).await;
    stage.hq_counts(3).await;
    converge(&stage, &[desk]).await;
    stage.clear().await.unwrap();
}

/// North; south and west, whose only sibling it is; and a line to it that is west's alone. HQ is gone.
struct Venue {
    stage: Stage,
    line_of_west: Line,
    north: Desk,
    others: [Desk; 2],
    codes: Vec<String>,
    /// The check-in at a node that does not know yet that it is damaged.
    last_key: String,
}

impl Venue {
    /// Three guests are in, as everybody knows, and two more, as north and south know.
    async fn without_hq() -> Self {
        let conference = |sample: &str| with_west(&without_badges(sample));
        let mut stage = Stage::set_with(&["north", "south", "west"], 30, conference).await.unwrap();
        let url = stage.venue.node("north").url.clone();
        let line_of_west = Line::start(url.trim_start_matches("http://")).await.unwrap();
        stage.configure("south", &sibling("north", &url)).await.unwrap();
        let toml = sibling("north", &format!("http://{}", line_of_west.address()));
        stage.configure("west", &toml).await.unwrap();
        let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
        let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
        let west = stage.sign_in("west", "susi", "west-1").await.unwrap();
        let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(7).collect();
        admit(&north, &codes[..3]).await;
        converge(&stage, &[north.clone(), south.clone(), west.clone()]).await;
        stage.venue.hq.process.terminate(SOON).await.unwrap();
        line_of_west.cut();
        admit(&north, &codes[3..5]).await;
        counts(&south, 5, "south has what HQ and west have not").await;
        Self { stage, line_of_west, north, others: [south, west], codes, last_key: fresh_key() }
    }

    async fn start_north(&mut self) {
        self.stage.venue.node("north").start_again().await.unwrap();
        self.north = self.stage.sign_in("north", "susi", "north-1").await.unwrap();
    }

    /// North works with what is damaged: west asks it for that, and gets what came before.
    async fn work_damaged(&mut self) {
        self.start_north().await;
        self.stage.venue.node("north").process.expect_errors();
        assert_eq!(self.check_in_last().await.status, 201);
        self.line_of_west.restore();
        counts(&self.others[1], 4, "west has what came before the damaged entry").await;
        let noticed = eventually(SOON, "north says that it is damaged", async || {
            status(&self.north).await.ok()?["store"]["damage"].is_string().then_some(())
        });
        noticed.await.unwrap();
        self.stage.venue.node("north").process.terminate(SOON).await.unwrap();
    }

    async fn check_in_last(&self) -> Answer {
        self.check_in_under_last_key(&self.codes[5]).await
    }

    async fn check_in_under_last_key(&self, code: &str) -> Answer {
        let body = json!({ "code": code, "list": "main" });
        self.north.post_as(&self.last_key, "/check-ins", &body).await.unwrap()
    }

    async fn everybody_has_the_same(&self, inside: u64) {
        let [south, west] = self.others.clone();
        let desks = [self.north.clone(), south, west];
        agree(&desks, async || Some(Vec::new())).await;
        for desk in &desks {
            counts(desk, inside, "everybody is counted").await;
        }
    }
}

fn sibling(name: &str, url: &str) -> String {
    format!("[[siblings]]\nname = \"{name}\"\nurl = \"{url}\"\n")
}

/// The hash of the last check-in.
fn last_check_in(data: &Path) -> Vec<u8> {
    let db = Connection::open_with_flags(data.join(DATABASE), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let last = "SELECT e.hash FROM entries e JOIN kinds k ON k.id = e.kind \
                WHERE k.name = 'attendee-checked-in' ORDER BY e.pos DESC LIMIT 1";
    db.query_row(last, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_damaged_entry_is_never_sent_and_comes_back_from_a_sibling_while_hq_is_gone() {
    let mut venue = Venue::without_hq().await;
    let folders = ["north", "south", "west"].map(|node| venue.stage.venue.node(node).data.clone());
    let damaged = last_check_in(&folders[0]);
    stop_and_damage(&mut venue.stage).await;
    venue.work_damaged().await;

    let [here, at_south, at_west] = folders.each_ref().map(|folder| entries(folder));
    let before = here.iter().position(|hash| *hash == damaged).unwrap();
    assert!(at_south.contains(&damaged), "a sibling has it");
    assert!(here.len() > before + 1, "north wrote on after it");
    let came = at_west.iter().find(|hash| here[before..].contains(hash));
    assert_eq!(came, None, "west got the damaged entry, or one after it");

    let refused = venue.stage.venue.node("north").run(&["repair"]).await.unwrap_err().to_string();
    assert!(refused.contains("HQ gave nothing more") && refused.contains("--accept-loss"), "{refused}");
    let url = venue.stage.venue.node("south").url.clone();
    fs::write(folders[0].join("lanyard.toml"), sibling("south", &url)).unwrap();
    let said = venue.stage.venue.node("north").run(&["repair", "--json"]).await.unwrap();
    let repaired: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(repaired["lost"], json!([]), "{repaired}");
    assert!(repaired["from_others"].as_u64().unwrap() > 0, "{repaired}");
    assert_eq!((&repaired["outcomes"], &repaired["rows_lost"]), (&json!(6), &json!(0)), "{repaired}");
    venue.stage.is_whole("north").await;
    assert!(here.iter().all(|hash| entries(&folders[0]).contains(hash)), "every entry is back");

    venue.start_north().await;
    venue.everybody_has_the_same(6).await;
    assert_eq!(scan(&venue.others[1], &venue.codes[4]).await, 409, "west knows who was let in");
    let again = venue.check_in_last().await;
    assert!(again.status == 201 && again.is_replay(), "north knows what came of it: {again:?}");
    let other = venue.check_in_under_last_key(&venue.codes[6]).await;
    assert_eq!(other.code(), Some("idempotency_key_reused"), "and of what: {other:?}");
    admit(&venue.north, &venue.codes[6..]).await;
    venue.everybody_has_the_same(7).await;
    venue.stage.venue.hq.start_again().await.unwrap();
    let [south, west] = venue.others.clone();
    converge(&venue.stage, &[venue.north.clone(), south, west]).await;
    venue.stage.hq_counts(7).await;
    venue.stage.clear().await.unwrap();
}
