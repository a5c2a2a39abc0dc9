//! The stage of a scenario: a venue of its own, its cast, and the script in Node that drives the browser.
//!
//! Responsible for one scenario at a time (a browser, HQ and two nodes fill a small machine), for starting the
//! script, for answering what it asks for until it is done, and for what only the log can tell afterwards.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use lanyard_tests::sample;
use lanyard_tests::venue::{Venue, VenuePlan};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};

use crate::asks::{self, Ask};
use crate::cast::{self, Cast};

/// How long something may take to get from one process to another on a busy machine.
pub(super) const SOON: Duration = Duration::from_mins(1);

/// How long one script may take.
const SCENARIO_WITHIN: Duration = Duration::from_mins(10);

const LIST_SEED: u64 = 7;
const ATTENDEES: usize = 150;

static TURN: Mutex<()> = Mutex::const_new(());

/// A venue with a browser.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) venue: Venue,
    pub(super) cast: Cast,
    /// Where the scenario may leave files.
    pub(super) folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Stage {
    /// Starts the venue and waits until north has the list and seats to sell.
    pub(super) async fn set() -> anyhow::Result<Self> {
        let turn = TURN.lock().await;
        let folder = tempfile::tempdir()?;
        let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let mut plan = VenuePlan::sample(&folder.path().join("venue"), LIST_SEED, ATTENDEES, now_ms);
        plan.conference_toml = with_a_closed_list(&plan.conference_toml, now_ms)?;
        let venue = Venue::start(&plan).await?;
        let cast = cast::pick(&venue.conference, &sample::attendees(LIST_SEED, ATTENDEES));
        let mut stage = Self { venue, cast, folder, _turn: turn };
        for node in ["north", "south"] {
            stage.wait_for_list_and_seats(node).await?;
        }
        Ok(stage)
    }

    /// A supervisor at the first desk of a node.
    pub(super) async fn supervisor(&mut self, node: &str) -> anyhow::Result<Desk> {
        let pin = self.venue.pin("susi").to_owned();
        let desk = self.venue.node(node).desk()?;
        let what = format!("a supervisor can sign in at {node}");
        eventually(SOON, &what, async || desk.sign_in("susi", &pin, &format!("{node}-1")).await.ok()).await
    }

    async fn wait_for_list_and_seats(&mut self, node: &str) -> anyhow::Result<()> {
        let desk = self.supervisor(node).await?;
        eventually(SOON, &format!("{node} has the list and its seats"), async || {
            let status = desk.get("/status").await.ok()?.expect(200).ok()?;
            let whole = status["arrivals"]["expected"].as_u64()? == u64::try_from(ATTENDEES).ok()?;
            let seats = status["seat_types"].as_array()?;
            let has_seats =
                seats.iter().all(|row| row["remaining_here"].as_i64().is_some_and(|left| left > 0));
            (whole && has_seats).then_some(())
        })
        .await
    }

    /// Runs a script with these facts and returns what it saw.
    pub(super) async fn play(&mut self, script: &str, facts: Value) -> anyhow::Result<Value> {
        let played = tokio::time::timeout(SCENARIO_WITHIN, self.play_to_the_end(script, facts)).await;
        played.with_context(|| format!("scenario {script} took longer than {SCENARIO_WITHIN:?}"))?
    }

    async fn play_to_the_end(&mut self, script: &str, facts: Value) -> anyhow::Result<Value> {
        let mut child = start(script)?;
        let mut stdin = child.stdin.take().context("standard input was piped")?;
        let mut asked = BufReader::new(child.stdout.take().context("standard output was piped")?).lines();
        let mut facts = self.facts(facts);
        facts["kept"] = json!(kept_folder()?.join(script));
        stdin.write_all(format!("{facts}\n").as_bytes()).await?;
        while let Some(line) = asked.next_line().await? {
            let ask = serde_json::from_str(&line).with_context(|| format!("{script} said \"{line}\""))?;
            if let Ask::Done { seen } = ask {
                ensure!(child.wait().await?.success(), "scenario {script} failed after it was done");
                return Ok(seen);
            }
            let answer = asks::answer(self, ask).await?;
            stdin.write_all(format!("{answer}\n").as_bytes()).await?;
        }
        anyhow::bail!(
            "scenario {script} did not hold ({}); what it saw is in {}",
            child.wait().await?,
            kept_folder()?.display()
        )
    }

    fn facts(&mut self, mut facts: Value) -> Value {
        facts["north"] = json!(self.venue.node("north").url);
        facts["conference"] = json!(self.venue.conference);
        facts["cast"] = json!(self.cast);
        facts["pins"] =
            self.venue.staff.iter().map(|member| (member.staff.to_owned(), json!(member.pin))).collect();
        facts
    }

    /// Counts the check-ins of an attendee in north's log.
    pub(super) async fn check_ins_in_the_log(&mut self, code: &str) -> anyhow::Result<usize> {
        let attendee = self.attendee_of(code).await?;
        let log = self
            .venue
            .node("north")
            .run(&["events", "--json", "--stream", &format!("attendee/{attendee}")])
            .await?;
        let mut count = 0;
        for line in log.lines() {
            let entry: Value = serde_json::from_str(line)?;
            count += usize::from(entry["kind"] == "attendee-checked-in");
        }
        Ok(count)
    }

    /// The id of the attendee a ticket code belongs to.
    pub(super) async fn attendee_of(&mut self, code: &str) -> anyhow::Result<String> {
        let desk = self.supervisor("north").await?;
        let found = desk.get(&format!("/attendees?q={code}")).await?.expect(200)?;
        let rows = found["rows"].as_array().context("no rows")?;
        ensure!(rows.len() == 1, "{} attendees have code {code}", rows.len());
        Ok(rows[0]["attendee_id"].as_str().context("no id")?.to_owned())
    }

    /// Makes one conflict of each kind while north is cut off, and waits until north knows both.
    pub(super) async fn make_conflicts(&mut self) -> anyhow::Result<()> {
        let (north, south) = (self.supervisor("north").await?, self.supervisor("south").await?);
        let order = self.order_at_hq(&self.cast.cancelled.code).await?;
        self.venue.node("north").line("cut").await?;
        for (desk, code) in [
            (&north, &self.cast.twice.code),
            (&south, &self.cast.twice.code),
            (&north, &self.cast.cancelled.code),
        ] {
            desk.post("/check-ins", &json!({ "code": code, "list": "main" })).await?.expect(201)?;
        }
        self.venue
            .hq
            .run(&["cancel", &self.venue.conference, &order, "--reason", "asked for by phone"])
            .await?;
        self.venue.node("north").line("restore").await?;
        eventually(SOON, "north knows both conflicts", async || {
            let status = north.get("/status").await.ok()?.expect(200).ok()?;
            (status["open_conflicts"].as_u64()? == 2).then_some(())
        })
        .await
    }

    /// The order of the attendee a ticket code belongs to.
    pub(super) async fn order_at_hq(&self, code: &str) -> anyhow::Result<String> {
        let found = self.venue.hq.run(&["attendees", &self.venue.conference, code]).await?;
        let row = found["rows"].get(0).or(found.get(0)).context("HQ knows nobody by the code")?;
        Ok(row["order_id"].as_str().with_context(|| format!("no order in {row}"))?.to_owned())
    }

    /// Ends the processes; one that logged an error fails the test.
    pub(super) async fn clear(mut self) -> anyhow::Result<()> {
        self.venue.stop().await
    }
}

/// The sample conference with a list that opened yesterday only.
fn with_a_closed_list(toml: &str, now_ms: i64) -> anyhow::Result<String> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    const LISTS: &str = "lists = [\"main\", \"workshop\", \"dinner\"]";
    ensure!(toml.contains(LISTS), "the sample conference has no desk with {LISTS}");
    let closed = format!(
        "[lists.yesterday]\nname = \"Yesterday\"\nseat_types = [\"ga\"]\n\n[[lists.yesterday.windows]]\nwindow = \"yesterday\"\nopens_ms = {}\ncloses_ms = {}\n",
        now_ms - DAY_MS,
        now_ms - DAY_MS / 2,
    );
    Ok(format!(
        "{}\n{closed}",
        toml.replace(LISTS, "lists = [\"main\", \"workshop\", \"dinner\", \"yesterday\"]")
    ))
}

fn start(script: &str) -> anyhow::Result<Child> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let modules = folder.join("node_modules/playwright-core");
    ensure!(
        modules.is_dir(),
        "the npm modules of tests/browser are missing: scripts/test --setup browser installs them"
    );
    let mut command = Command::new("node");
    command.arg(folder.join("scenarios").join(format!("{script}.mjs")));
    // Dropped with the test, the script goes, and its browser with it.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command.spawn().context("node cannot be started")
}

/// Where a scenario that fails leaves a picture and the page.
fn kept_folder() -> anyhow::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Where the picture for the README goes, if `LANYARD_SCREENSHOT=1` asks for one.
pub(super) fn wanted_picture() -> Option<PathBuf> {
    let wanted = std::env::var_os("LANYARD_SCREENSHOT").is_some_and(|value| value == "1");
    wanted.then(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshot.png"))
}
