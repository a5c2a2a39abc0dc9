//! A node that HQ gave up goes on without knowing it: what it writes is kept, shown and does not count, whoever brings it.

use lanyard_tests::deadline::{eventually, last_seen};
use lanyard_tests::desk::{Answer, Desk};
use lanyard_tests::line::Line;
use serde_json::{Value, json};

use crate::seat_rights::{Seats, are, give, hq_has, seats, sell};
use crate::siblings::counts;
use crate::stage::{SOON, Stage, admit, agree, converge, scan, status};

async fn check_in(desk: &Desk, code: &str) -> Answer {
    desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap()
}

/// How HQ sees a node.
pub(crate) async fn node(stage: &Stage, name: &str) -> Value {
    let nodes = stage.venue.hq.run(&["nodes", &stage.venue.conference]).await.unwrap();
    let named = nodes.as_array().unwrap().iter().find(|node| node["node"] == name);
    named.unwrap().clone()
}

/// Entries of a node that came after the ends of its logs, as HQ sees it.
pub(crate) fn does_not_count(seen: &Value) -> u64 {
    seen["entries_that_do_not_count"].as_u64().unwrap()
}

#[tokio::test]
async fn a_retired_node_is_told_and_what_it_wrote_too_late_does_not_count() {
    let mut stage = Stage::set(&["north", "south"], 30).await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(3).collect();
    assert_eq!(check_in(&north, &codes[0]).await.status, 201);
    stage.hq_counts(1).await;
    stage.venue.node("north").line("cut").await.unwrap();
    assert_eq!(check_in(&north, &codes[1]).await.status, 201);
    stage.venue.hq.run(&["retire", &stage.venue.conference, "north"]).await.unwrap();
    stage.venue.node("north").line("restore").await.unwrap();

    eventually(SOON, "north is told", async || {
        let answer = check_in(&north, &codes[2]).await;
        (answer.status == 409 && answer.body["code"] == "retired").then_some(())
    })
    .await
    .unwrap();
    eventually(SOON, "HQ has what came too late", async || {
        let seen = node(&stage, "north").await;
        assert_eq!(seen["retired"], true, "{seen}");
        (seen["entries_that_do_not_count"].as_u64()? > 0).then_some(())
    })
    .await
    .unwrap();
    stage.hq_counts(1).await;
    assert_eq!(check_in(&south, &codes[0]).await.status, 409, "what north wrote before counts");
    assert_eq!(check_in(&south, &codes[1]).await.status, 201, "what it wrote after does not");
    stage.hq_counts(2).await;
    let said = stage.venue.node("north").run(&["doctor"]).await.unwrap_err().to_string();
    assert!(said.contains("needs somebody to do something"), "{said}");
    stage.clear().await.unwrap();
}

/// North, and south that asks north over a line of its own, each with a line to HQ.
struct Siblings {
    stage: Stage,
    desks: [Desk; 2],
    between: Line,
    codes: Vec<String>,
}

/// Whose workshop seats are whose at HQ, and how many are held and sold.
fn at_hq(hq: i64, north: i64, south: i64, sold: i64) -> (Seats, i64, i64) {
    (seats([("hq", hq), ("north", north), ("south", south)]), 0, sold)
}

impl Siblings {
    async fn set() -> Self {
        let mut stage = Stage::set(&["north", "south"], 30).await.unwrap();
        let url = stage.venue.node("north").url.clone();
        let between = Line::start(url.trim_start_matches("http://")).await.unwrap();
        let toml = format!("[[siblings]]\nname = \"north\"\nurl = \"http://{}\"\n", between.address());
        stage.configure("south", &toml).await.unwrap();
        let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
        let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
        let codes = stage.paid().map(|row| row.code.clone()).take(4).collect();
        Self { stage, desks: [north, south], between, codes }
    }

    /// North sells a seat and lets the next one in.
    async fn north_goes_on(&self, next: usize) {
        let [north, _] = &self.desks;
        sell(north, 1).await;
        admit(north, &self.codes[next..=next]).await;
    }

    /// How many entries of north a node has.
    async fn of_north(&self, at: &Desk) -> u64 {
        let id = status(&self.desks[0]).await.unwrap()["node"]["id"].as_str().unwrap().to_owned();
        let state = at.get("/state").await.unwrap().expect(200).unwrap();
        let logs = state["vector"].as_object().unwrap().iter().filter(|(log, _)| log.starts_with(&id));
        logs.map(|(_, seq)| seq.as_u64().unwrap()).sum()
    }

    /// Waits until HQ has so many entries of north, of which the first `counted` count.
    async fn hq_has_of_north(&self, all: u64, counted: u64, what: &str) {
        let wanted = (all, all - counted, true);
        let seen = last_seen(SOON, what, &wanted, async || {
            let seen = node(&self.stage, "north").await;
            Ok((seen["entries"].as_u64().unwrap(), does_not_count(&seen), seen["retired"] == true))
        });
        assert_eq!(seen.await.unwrap(), wanted, "{what}");
    }

    /// North sells a seat and lets somebody in, three times: HQ hears of the first, south of the second too, and nobody of
    /// the third. Returns how many entries of north HQ and south have.
    async fn north_is_lost(&mut self) -> (u64, u64) {
        self.north_goes_on(0).await;
        converge(&self.stage, &self.desks).await;
        hq_has(&self.stage, at_hq(3, 4, 4, 1), "HQ knows of the first sale").await;
        for node in ["north", "south"] {
            self.stage.venue.node(node).line("cut").await.unwrap();
        }
        self.north_goes_on(1).await;
        agree(&self.desks, async || Some(Vec::new())).await;
        let south = &self.desks[1];
        assert_eq!(scan(south, &self.codes[1]).await, 409, "south goes by what north wrote");
        self.between.cut();
        self.north_goes_on(2).await;
        let at_hq = node(&self.stage, "north").await["entries"].as_u64().unwrap();
        let at_south = self.of_north(south).await;
        assert!(at_hq < at_south, "south has more of north: {at_south} entries, HQ {at_hq}");
        (at_hq, at_south)
    }

    /// South has what HQ has, and goes on with what north had left.
    async fn south_goes_on(&self) {
        let south = &self.desks[1];
        converge(&self.stage, &self.desks[1..]).await;
        self.stage.hq_counts(1).await;
        counts(south, 1, "whom north let in too late is not in").await;
        hq_has(&self.stage, at_hq(7, 0, 4, 1), "what north sold too late is not sold").await;
        are(south, "south", seats([("hq", 7), ("south", 4)]), "south knows whose the seats are").await;
        assert_eq!(scan(south, &self.codes[0]).await, 409, "what north wrote before counts");
        assert_eq!(scan(south, &self.codes[1]).await, 201, "what it wrote after does not");
        give(&self.stage, "south", 7).await.unwrap();
        are(south, "south", seats([("south", 11)]), "south has what north had left").await;
        sell(south, 11).await;
        hq_has(&self.stage, at_hq(0, 0, 0, 12), "south sold all of it").await;
    }
}

#[tokio::test]
async fn what_a_sibling_brings_of_a_retired_node_is_kept_and_relayed_and_does_not_count() {
    let mut venue = Siblings::set().await;
    let (counted, at_south) = venue.north_is_lost().await;
    venue.stage.venue.hq.run(&["retire", &venue.stage.venue.conference, "north"]).await.unwrap();
    hq_has(&venue.stage, at_hq(7, 0, 4, 1), "what north had left is HQ's").await;

    venue.stage.venue.node("south").line("restore").await.unwrap();
    venue.hq_has_of_north(at_south, counted, "HQ has what south has of north").await;
    venue.south_goes_on().await;

    // North turns up at south, and never sees HQ.
    let [north, south] = &venue.desks;
    let at_north = venue.of_north(north).await;
    assert!(at_north > at_south, "north went on: {at_north} entries, south has {at_south}");
    venue.between.restore();
    venue.hq_has_of_north(at_north, counted, "HQ has all that north wrote").await;
    converge(&venue.stage, &venue.desks).await;
    let refused = check_in(north, &venue.codes[3]).await;
    assert_eq!((refused.status, refused.code()), (409, Some("retired")), "{}", refused.body);
    for code in &venue.codes[2..4] {
        assert_eq!(scan(south, code).await, 201, "whom north alone let in, and whom it refused");
    }
    venue.stage.hq_counts(4).await;
    hq_has(&venue.stage, at_hq(0, 0, 0, 12), "no seat is sold twice").await;
    converge(&venue.stage, &venue.desks).await;
    for desk in &venue.desks {
        counts(desk, 4, "all four are in").await;
        assert_eq!(status(desk).await.unwrap()["open_conflicts"], 0);
    }
    for node in ["north", "south"] {
        venue.stage.is_whole(node).await;
    }
    let report = venue.stage.venue.hq.run(&["verify", &venue.stage.venue.conference]).await.unwrap();
    assert_eq!(report["findings"], json!([]), "{report}");
    venue.stage.clear().await.unwrap();
}
