//! The log by hand: a node that never has a line, and files that go to and fro between it and HQ.

use std::path::{Path, PathBuf};

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use lanyard_tests::process::{Launch, Process, binary};
use lanyard_tests::venue::READY_WITHIN;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::stage::{SOON, Stage, inside};

/// A node that joined and was never told where HQ is.
struct Lone {
    data: PathBuf,
    logs: PathBuf,
}

impl Lone {
    async fn join(stage: &Stage, name: &str) -> Self {
        let lone = Self { data: stage.folder.path().join(name), logs: stage.folder.path().join("logs") };
        let invited = stage.venue.hq.run(&["join-code", &stage.venue.conference, name]).await.unwrap();
        let code = invited["code"].as_str().unwrap();
        lone.run(&["join", "--hq", &stage.venue.hq.url, "--code", code]).await.unwrap();
        lone
    }

    /// Runs a command on the node's folder; answers with what it printed, or with what it complained.
    async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(binary("lanyard").unwrap());
        let output = command.arg("--data").arg(&self.data).args(arguments).output().await.unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
    }

    async fn serve(&self) -> (Process, Desk) {
        let data = self.data.to_string_lossy();
        let launch = Launch::new("lone", binary("lanyard").unwrap(), &self.logs);
        let flags = ["--data", &data, "serve", "--listen", "127.0.0.1:0", "--announce"];
        let mut process = launch.args(flags).start().unwrap();
        let ready = process.ready_json(READY_WITHIN).await.unwrap();
        let desk = Desk::at(ready["listen"].as_str().unwrap()).unwrap();
        (process, desk)
    }

    /// Serves and signs the supervisor in.
    async fn open(&self, stage: &Stage) -> (Process, Desk) {
        let (process, desk) = self.serve().await;
        let desk = desk.sign_in("susi", stage.venue.pin("susi"), "north-1").await.unwrap();
        (process, desk)
    }
}

async fn hq(stage: &Stage, arguments: &[&str]) -> anyhow::Result<Value> {
    stage.venue.hq.run(arguments).await
}

fn entries(said: &str) -> u64 {
    said.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("no count: {said}"))
}

async fn check_in(desk: &Desk, code: &str) -> lanyard_tests::desk::Answer {
    desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await.unwrap()
}

fn file(stage: &Stage, name: &str) -> String {
    stage.folder.path().join(name).to_string_lossy().into_owned()
}

/// Seats of a type that a node may sell on its own.
fn rights(seat_types: &Value, wanted: &str) -> Option<u64> {
    seat_types.as_array()?.iter().find(|row| row["seat_type"] == wanted)?["remaining_here"].as_u64()
}

#[tokio::test]
async fn a_node_that_never_has_a_line_works_with_files() {
    let stage = Stage::set(&[], 12).await.unwrap();
    let conference = stage.venue.conference.clone();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).collect();
    let [list, back, forth, end] =
        ["list", "back", "forth", "end"].map(|name| file(&stage, &format!("{name}.bundle")));
    let north = Lone::join(&stage, "north").await;

    hq(&stage, &["bundle", "export", &conference, &list]).await.unwrap();
    let said = north.run(&["bundle", "import", &list]).await.unwrap();
    assert!(said.contains(", 0 were known.\nEverything that the other side had is here."), "{said}");
    let again = north.run(&["bundle", "import", &list]).await.unwrap();
    assert!(again.starts_with(&format!("0 entries came, {} were known.", entries(&said))), "{again}");

    let (mut process, desk) = north.open(&stage).await;
    assert_eq!(check_in(&desk, &codes[0]).await.expect(201).unwrap()["verdict"], "admitted");
    let said = north.run(&["bundle", "export", &back, "--since", &list]).await.unwrap();
    let imported = hq(&stage, &["bundle", "import", &conference, &back]).await.unwrap();
    assert_eq!(imported, json!({ "taken": entries(&said), "known": 0, "missing": [] }));
    assert_eq!(hq(&stage, &["arrivals", &conference]).await.unwrap()["in"], 1);

    eventually(SOON, "HQ gives the node its allotment, now that it knows its log", async || {
        let sales = hq(&stage, &["sales", &conference]).await.ok()?;
        sales["seat_types"].as_array()?.iter().all(|row| row.to_string().contains("\"north\"")).then_some(())
    })
    .await
    .unwrap();
    let found = hq(&stage, &["attendees", &conference, &codes[1]]).await.unwrap();
    let order = found["rows"][0]["order_id"].as_str().or(found[0]["order_id"].as_str()).unwrap().to_owned();
    hq(&stage, &["cancel", &conference, &order, "--reason", "asked for by phone"]).await.unwrap();
    hq(&stage, &["bundle", "export", &conference, &forth, "--since", &back]).await.unwrap();
    assert!(std::fs::metadata(&forth).unwrap().len() < std::fs::metadata(&list).unwrap().len());
    let refused = north.run(&["bundle", "import", &forth]).await.unwrap_err();
    assert!(refused.contains("in use by another process"), "{refused}");
    process.terminate(SOON).await.unwrap();
    north.run(&["bundle", "import", &forth]).await.unwrap();

    let (mut process, desk) = north.open(&stage).await;
    let refused = check_in(&desk, &codes[1]).await;
    assert_eq!((refused.status, refused.code()), (409, Some("canceled")), "{}", refused.body);
    assert_eq!(inside(&desk).await.unwrap(), 1);
    let seat_types = desk.get("/seat-types").await.unwrap().expect(200).unwrap();
    assert_eq!(rights(&seat_types, "workshop"), Some(5), "{seat_types}");

    north.run(&["bundle", "export", &end, "--since", &forth]).await.unwrap();
    hq(&stage, &["bundle", "import", &conference, &end]).await.unwrap();
    let here = desk.get("/state").await.unwrap().expect(200).unwrap();
    let there = hq(&stage, &["state", &conference]).await.unwrap();
    assert_eq!((&here["digest"], &here["state_hash"]), (&there["digest"], &there["state_hash"]));
    process.terminate(SOON).await.unwrap();
    stage.clear().await.unwrap();
}

/// What happens to the bytes of a file on its way.
type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);

/// Writes a damaged copy of a file.
fn damaged(from: &str, to: &str, damage: Damage) {
    let mut bytes = std::fs::read(from).unwrap();
    damage(&mut bytes);
    std::fs::write(to, bytes).unwrap();
}

#[tokio::test]
async fn a_bundle_that_is_no_good_is_refused_in_words_and_nothing_of_it_is_taken() {
    let stage = Stage::set(&[], 12).await.unwrap();
    let conference = stage.venue.conference.clone();
    let [list, bad, other] = ["list", "bad", "other"].map(|name| file(&stage, &format!("{name}.bundle")));
    let north = Lone::join(&stage, "north").await;
    hq(&stage, &["bundle", "export", &conference, &list]).await.unwrap();
    let taken = hq(&stage, &["bundle", "export", &conference, &list]).await.unwrap_err().to_string();
    assert!(taken.contains("exists already; name another file"), "{taken}");
    let before = hq(&stage, &["state", &conference]).await.unwrap();
    let toml = lanyard_tests::sample::conference_toml(crate::stage::now_ms().unwrap())
        .replace("slug = \"summit\"", "slug = \"elsewhere\"");
    let elsewhere = file(&stage, "elsewhere.toml");
    std::fs::write(&elsewhere, toml).unwrap();
    hq(&stage, &["conference", &elsewhere]).await.unwrap();
    hq(&stage, &["bundle", "export", "elsewhere", &other]).await.unwrap();

    let middle = std::fs::read(&list).unwrap().len() / 2;
    let damages: [(&str, Damage); 4] = [
        ("cut short; copy or export it again", &|bytes| bytes.truncate(middle)),
        ("is damaged", &|bytes| bytes[middle] ^= 4),
        ("which this version cannot read; upgrade", &|bytes| bytes[15] = 9),
        ("not a bundle; name a file that `bundle export` wrote", &|bytes| bytes[0] = b'L'),
    ];
    for (words, damage) in damages {
        damaged(&list, &bad, damage);
        let said = north.run(&["bundle", "import", &bad]).await.unwrap_err();
        assert!(said.contains(words) && said.contains("nothing of the bundle was taken"), "{said}");
        let said = hq(&stage, &["bundle", "import", &conference, &bad]).await.unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
        let said = north.run(&["bundle", "export", &file(&stage, "x"), "--since", &bad]).await.unwrap_err();
        assert!(said.contains(words) && !Path::new(&file(&stage, "x")).exists(), "{said}");
    }
    let said = north.run(&["bundle", "import", &other]).await.unwrap_err();
    assert!(said.contains("another conference"), "{said}");
    let said = hq(&stage, &["bundle", "import", &conference, &other]).await.unwrap_err().to_string();
    assert!(said.contains("another conference"), "{said}");
    assert_eq!(hq(&stage, &["state", &conference]).await.unwrap(), before);
    let whole = north.run(&["bundle", "import", &list]).await.unwrap();
    assert!(whole.contains(", 0 were known"), "{whole}");
    stage.clear().await.unwrap();
}
