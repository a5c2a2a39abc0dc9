//! Releases that meet: a node one release ahead works with older ones, what these do not understand is relayed as it is
//! and applied after their upgrade in place, nobody is asked to read what they cannot, and there is no way back.

use std::path::Path;

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::siblings::siblings;
use crate::stage::{SOON, Stage, agree, converge, scan, status};

const RELEASE: &str = "LANYARD_NEXT_VERSION";

/// Starts a node again as another release: 0 is this one.
async fn install(stage: &mut Stage, node: &str, release: &str) -> Desk {
    let process = stage.venue.node(node);
    process.process.terminate(SOON).await.unwrap();
    process.set_variable(RELEASE, release);
    process.start_again().await.unwrap();
    stage.sign_in(node, "susi", &format!("{node}-1")).await.unwrap()
}

async fn install_at_hq(stage: &mut Stage, release: &str) {
    stage.venue.hq.process.terminate(SOON).await.unwrap();
    stage.venue.hq.set_variable(RELEASE, release);
    stage.venue.hq.start_again().await.unwrap();
}

/// Lets somebody in and takes it back; the next release writes that in a form that this one does not know.
async fn let_in_by_mistake(desk: &Desk, code: &str) {
    let entered = desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap();
    let entered = entered.expect(201).unwrap();
    let attendee = entered["attendee"]["attendee_id"].as_str().unwrap();
    let shown = desk.get(&format!("/attendees/{attendee}")).await.unwrap().expect(200).unwrap();
    let check_in = shown["check_ins"][0]["dot"].as_str().unwrap();
    let mistake = json!({ "reason": "mistake" });
    let annulled = desk.post(&format!("/check-ins/{check_in}/annulment"), &mistake).await.unwrap();
    assert!(annulled.status < 300, "{annulled:?}");
}

/// Voids the badge of somebody; the next release says so in a form that its readers alone may pass over.
async fn void_badge(desk: &Desk, code: &str) -> String {
    let attendee = attendee(desk, code).await;
    let id = attendee["attendee_id"].as_str().unwrap().to_owned();
    let made = desk.post(&format!("/attendees/{id}/badges"), &json!({})).await.unwrap().expect(201).unwrap();
    let badge = made["badge_code"].as_str().unwrap();
    let voided = desk.post(&format!("/badges/{badge}/void"), &json!({ "reason": "torn" })).await.unwrap();
    assert!(voided.status < 300, "{voided:?}");
    id
}

async fn attendee(desk: &Desk, code: &str) -> Value {
    let found = desk.get(&format!("/attendees?q={code}")).await.unwrap().expect(200).unwrap();
    found["rows"][0].clone()
}

async fn speaks(desk: &Desk, version: u64) {
    let what = format!("version {version} of the protocol is spoken");
    let chosen = eventually(SOON, &what, async || {
        (status(desk).await.ok()?["hq"]["protocol"].as_u64()? == version).then_some(())
    });
    chosen.await.unwrap();
}

/// Waits until everybody has the same entries, whatever they make of them; HQ too where it runs.
async fn have_the_same(hq: Option<&Stage>, desks: &[Desk]) {
    let same = eventually(SOON, "everybody has the same entries", async || {
        let mut states = Vec::new();
        if let Some(stage) = hq {
            states.push(stage.venue.hq.run(&["state", &stage.venue.conference]).await.ok()?);
        }
        for desk in desks {
            states.push(desk.get("/state").await.ok()?.expect(200).ok()?);
        }
        states.iter().all(|state| state["digest"] == states[0]["digest"]).then_some(())
    });
    same.await.unwrap();
}

/// The entries in forms that this release does not know, as they are kept: header, facts and hash.
fn kept(folder: &Path) -> Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let database = folder.join("lanyard.db");
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let rows = "SELECT header, facts, hash FROM entries e JOIN kinds k ON k.id = e.kind \
                WHERE k.name IN ('badge-voided', 'check-in-annulled', 'reader-changed') ORDER BY hash";
    let mut statement = db.prepare(rows).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_node_one_release_ahead_works_with_older_ones_and_they_are_upgraded_in_place() {
    let mut stage = Stage::set(&["north", "south"], 30).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(4).collect();
    let south = install(&mut stage, "south", "1").await;
    speaks(&south, 1).await;
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let_in_by_mistake(&south, &codes[0]).await;
    let read_only = void_badge(&south, &codes[1]).await;
    assert_eq!(scan(&north, &codes[2]).await, 201);
    have_the_same(Some(&stage), &[north.clone(), south.clone()]).await;
    let written = kept(&stage.venue.node("south").data);
    assert_eq!(written.len(), 3);
    assert_eq!(kept(&stage.venue.node("north").data), written, "HQ passed on what it did not understand");

    let refused = north.post("/check-ins", &json!({ "code": codes[1], "list": "main" })).await.unwrap();
    assert_eq!((refused.status, refused.body["code"].as_str()), (409, Some("needs_upgrade")), "{refused:?}");
    let shown = north.get(&format!("/attendees/{read_only}")).await.unwrap().expect(200).unwrap();
    assert_eq!(shown["read_only"], true);
    assert_eq!(scan(&north, &codes[0]).await, 409, "that somebody left again is not understood here");
    assert_eq!(scan(&south, &codes[2]).await, 409);
    let doctor = stage.venue.node("north").run(&["doctor"]).await.unwrap_err().to_string();
    assert!(doctor.contains("needs somebody to do something"), "{doctor}");

    // HQ first, then the node that is left. Until then HQ says nothing that the old one cannot read.
    install_at_hq(&mut stage, "1").await;
    speaks(&south, 2).await;
    let file = stage.folder.path().join("conference.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("name = \"", "name = \"The ", 1)).unwrap();
    let change = ["conference", file.to_str().unwrap()];
    let withheld = stage.venue.hq.run(&change).await.unwrap_err().to_string();
    assert!(withheld.contains("Upgrade north first"), "{withheld}");

    let north = install(&mut stage, "north", "1").await;
    speaks(&north, 2).await;
    converge(&stage, &[north.clone(), south.clone()]).await;
    let refused = north.post("/check-ins", &json!({ "code": codes[0], "list": "main" })).await.unwrap();
    assert_eq!(refused.status, 201, "north knows that they left again: {refused:?}");
    eventually(SOON, "HQ has heard of it", async || stage.venue.hq.run(&change).await.ok()).await.unwrap();
    converge(&stage, &[north, south]).await;
    for node in ["north", "south"] {
        stage.is_whole(node).await;
    }
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn an_older_sibling_keeps_and_passes_on_what_it_does_not_understand_and_applies_it_once_it_is_upgraded()
{
    let (mut stage, north, _) = siblings(str::to_owned).await;
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(3).collect();
    let at_hq = stage.venue.hq.data.join("conferences").join(&stage.venue.conference);
    stage.venue.hq.process.terminate(SOON).await.unwrap();
    stage.venue.node("south").line("cut").await.unwrap();
    let south = install(&mut stage, "south", "1").await;
    let_in_by_mistake(&south, &codes[0]).await;
    let voided = void_badge(&south, &codes[1]).await;
    let shown =
        async |desk: &Desk| desk.get(&format!("/attendees/{voided}")).await.unwrap().expect(200).unwrap();
    assert_eq!(scan(&north, &codes[2]).await, 201);
    let desks = [north, south];
    have_the_same(None, &desks).await;
    let written = kept(&stage.venue.node("south").data);
    assert_eq!(written.len(), 3);
    assert_eq!(kept(&stage.venue.node("north").data), written, "north keeps what it does not understand");
    let [north, south] = &desks;
    assert_eq!(shown(north).await["read_only"], true);
    assert_eq!(scan(north, &codes[0]).await, 409, "that somebody left again is not understood here");
    assert_eq!(scan(south, &codes[2]).await, 409, "the older one is understood");

    // HQ comes back as it was, and sees north alone.
    stage.venue.hq.start_again().await.unwrap();
    have_the_same(Some(&stage), &desks).await;
    assert_eq!(kept(&at_hq), written, "north passed on what it did not understand");

    // North is upgraded while HQ is gone again.
    stage.venue.hq.process.terminate(SOON).await.unwrap();
    let north = install(&mut stage, "north", "1").await;
    let desks = [north, south.clone()];
    agree(&desks, async || Some(Vec::new())).await;
    let [north, _] = &desks;
    assert_eq!(shown(north).await["read_only"], false);
    assert_eq!(scan(north, &codes[0]).await, 201, "north knows that they left again");
    agree(&desks, async || Some(Vec::new())).await;

    stage.venue.node("south").line("restore").await.unwrap();
    stage.venue.hq.set_variable(RELEASE, "1");
    stage.venue.hq.start_again().await.unwrap();
    converge(&stage, &desks).await;
    for node in ["north", "south"] {
        stage.is_whole(node).await;
    }
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn there_is_no_way_back_and_nothing_is_changed_by_trying() {
    let mut stage = Stage::set(&["north"], 10).await.unwrap();
    install(&mut stage, "north", "1").await;
    let node = stage.venue.node("north");
    node.process.terminate(SOON).await.unwrap();
    let files = |folder: &Path| {
        ["lanyard.db", "lanyard.incarnation"].map(|file| std::fs::read(folder.join(file)).unwrap())
    };
    let before = files(&node.data);
    node.set_variable(RELEASE, "0");
    for command in [["verify"], ["doctor"], ["serve"], ["rebuild"], ["repair"]] {
        let said = node.run(&command).await.unwrap_err().to_string();
        assert!(
            said.contains("a newer version of Lanyard has worked on this database"),
            "{command:?}: {said}"
        );
        assert!(said.contains("install that version again"), "{command:?}: {said}");
    }
    assert!(files(&node.data) == before, "the database is as it was");
    node.set_variable(RELEASE, "1");
    node.start_again().await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    agree(&[north], async || Some(Vec::new())).await;
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn without_a_common_version_both_go_on_alone_and_the_older_one_is_named() {
    let mut stage = Stage::set(&["north"], 10).await.unwrap();
    let code = stage.paid().next().unwrap().code.clone();
    for (at_hq, at_north, says) in [("2", "0", "Upgrade this node"), ("0", "2", "Upgrade the peer")] {
        // An upgrade has no way back, so the second time begins at a venue of its own.
        if at_hq == "0" {
            stage.clear().await.unwrap();
            stage = Stage::set(&["north"], 10).await.unwrap();
        }
        install_at_hq(&mut stage, at_hq).await;
        let north = install(&mut stage, "north", at_north).await;
        eventually(SOON, "north is told who has to be upgraded", async || {
            let line = status(&north).await.ok()?["hq"].clone();
            let is_told = line["state"] == "denied" && line["problem"].as_str()?.contains(says);
            is_told.then_some(())
        })
        .await
        .unwrap();
        let ready = north.send(lanyard_tests::desk::Ask::get("/readyz")).await.unwrap();
        assert_eq!(ready.status, 200, "desks go on");
        assert!(ready.body["hq_problem"].as_str().unwrap().contains(says), "{ready:?}");
        assert_eq!(scan(&north, &code).await, 201);
        let doctor = stage.venue.node("north").said(&["doctor"]).await.unwrap();
        assert!(doctor.contains(says), "{doctor}");
    }
    stage.clear().await.unwrap();
}
