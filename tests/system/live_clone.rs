//! Two machines that run with the data of one node at the same time: what both write is kept, once, and both are told.

use std::path::{Path, PathBuf};

use lanyard_tests::desk::Desk;
use lanyard_tests::line::Line;
use lanyard_tests::process::{self, Launch, Process};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::set_back::{check_in_soon, picture};
use crate::stage::{SOON, Stage, converge, inside, scan, status};

/// What `lanyard doctor` says where two machines ran with one node's data.
const TWO_COPIES: &str = "Two copies of this node wrote at once";

/// A second machine with north's data, and a line of its own to HQ, cut at first.
pub(crate) struct SecondMachine {
    pub(crate) process: Process,
    pub(crate) data: PathBuf,
    pub(crate) line: Line,
    url: String,
}

/// Whose line is mended first.
enum First {
    Original,
    Clone,
}

impl SecondMachine {
    pub(crate) async fn start(stage: &Stage, data: PathBuf) -> Self {
        let line = Line::start(stage.venue.hq.url.trim_start_matches("http://")).await.unwrap();
        line.cut();
        let hq = format!("http://{}", line.address());
        let logs = stage.folder.path().join("logs");
        let mut process = Launch::new("clone", process::binary("lanyard").unwrap(), &logs)
            .args(["--data", &data.to_string_lossy(), "serve"])
            .args(["--listen", "127.0.0.1:0", "--hq", &hq, "--announce"])
            .start()
            .unwrap();
        let ready = process.ready_json(2 * SOON).await.unwrap();
        let url = ready["listen"].as_str().unwrap().to_owned();
        Self { process, data, line, url }
    }

    pub(crate) async fn sign_in(&self, stage: &Stage) -> Desk {
        let desk = Desk::at(&self.url).unwrap();
        desk.sign_in("susi", stage.venue.pin("susi"), "north-1").await.unwrap()
    }
}

/// What a command of `lanyard` says of a node's folder.
async fn says(data: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(process::binary("lanyard").unwrap());
    let output = command.arg("--data").arg(data).args(arguments).output().await.unwrap();
    String::from_utf8(output.stdout).unwrap()
}

async fn state(desk: &Desk) -> Value {
    desk.get("/state").await.unwrap().expect(200).unwrap()
}

/// The log that grew between two looks, and how long it was before.
fn grown(before: &Value, after: &Value) -> (String, u64) {
    let logs = |state: &Value| state["vector"].as_object().unwrap().clone();
    let (before, mut after) = (logs(before), logs(after));
    after.retain(|log, seq| before[log] != *seq);
    assert_eq!(after.len(), 1, "{after:?}");
    let (log, _) = after.into_iter().next().unwrap();
    let had = before[&log].as_u64().unwrap();
    (log, had)
}

/// How many check-ins and badges somebody has, as a node shows it.
async fn check_ins_and_badges(desk: &Desk, code: &str) -> (usize, usize) {
    let found = desk.get(&format!("/attendees?q={code}")).await.unwrap().expect(200).unwrap();
    let id = found["rows"][0]["attendee_id"].as_str().unwrap();
    let card = desk.get(&format!("/attendees/{id}")).await.unwrap().expect(200).unwrap();
    let count = |of: &str| card[of].as_array().unwrap().len();
    (count("check_ins"), count("badges"))
}

/// Everybody of `codes` is in at HQ and both copies, once.
async fn all_are_in_once(stage: &Stage, desks: &[Desk; 2], codes: &[String]) {
    converge(stage, desks).await;
    stage.hq_counts(codes.len() as u64).await;
    for desk in desks {
        assert_eq!(inside(desk).await.unwrap(), codes.len() as u64);
        assert_eq!(status(desk).await.unwrap()["open_conflicts"], 0, "nobody was let in twice");
        for code in codes {
            assert_eq!(check_ins_and_badges(desk, code).await, (1, 1), "{code}");
            assert_eq!(scan(desk, code).await, 409, "{code}");
        }
    }
}

async fn both_are_told(first: First) {
    let mut stage = Stage::set(&["north"], 30).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(7).collect();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    converge(&stage, &[north]).await;
    stage.venue.node("north").line("cut").await.unwrap();
    // Both have the incarnation of the picture beside it, and the machine is the same: neither finds it at its start.
    let clone = picture(&mut stage, "north").await;
    let mut clone = SecondMachine::start(&stage, clone).await;
    let desks = [stage.sign_in("north", "susi", "north-1").await.unwrap(), clone.sign_in(&stage).await];
    let [north, cloned] = &desks;
    let before = state(north).await;
    assert_eq!(state(cloned).await, before);
    for (desk, codes) in [(north, &codes[..2]), (cloned, &codes[2..5])] {
        for code in codes {
            assert_eq!(scan(desk, code).await, 201);
        }
    }
    let (log, common) = grown(&before, &state(north).await);
    assert_eq!(grown(&before, &state(cloned).await), (log, common), "both write the same log");
    let folders = [stage.venue.node("north").data.clone(), clone.data.clone()];
    for folder in &folders {
        let said = says(folder, &["doctor"]).await;
        assert!(said.contains("north is well") && !said.contains(TWO_COPIES), "nobody can know: {said}");
    }

    // Whoever comes second brings the other branch.
    match first {
        First::Original => {
            stage.venue.node("north").line("restore").await.unwrap();
            stage.hq_counts(2).await;
            clone.line.restore();
        }
        First::Clone => {
            clone.line.restore();
            stage.hq_counts(3).await;
            stage.venue.node("north").line("restore").await.unwrap();
        }
    }
    stage.hq_counts(5).await;
    all_are_in_once(&stage, &desks, &codes[..5]).await;

    // Nothing parts any more, though both go on.
    for (desk, code) in desks.iter().zip(&codes[5..]) {
        check_in_soon(desk, code).await;
    }
    all_are_in_once(&stage, &desks, &codes).await;
    for folder in &folders {
        let said = says(folder, &["doctor"]).await;
        let told = format!("{TWO_COPIES}, from entry {} on", common + 1);
        assert!(said.contains(&told) && said.matches(TWO_COPIES).count() == 1, "{common}: {said}");
        assert!(said.contains("If two machines run with this node's data, stop one"), "{said}");
        let report: Value = serde_json::from_str(&says(folder, &["verify", "--json"]).await).unwrap();
        assert_eq!(report["findings"], json!([]), "{report}");
    }
    clone.process.terminate(SOON).await.unwrap();
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn two_copies_that_run_at_once_are_told_and_nothing_of_either_is_lost() {
    both_are_told(First::Original).await;
}

#[tokio::test]
async fn two_copies_that_run_at_once_are_told_when_hq_hears_the_later_one_first() {
    both_are_told(First::Clone).await;
}
