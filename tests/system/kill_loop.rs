//! A node killed with SIGKILL over and over, each time in the middle of check-ins.
//!
//! Responsible for keeping every acknowledgement on disk before it counts, and for asking for each of them again.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::{Answer, Desk, fresh_key};
use serde_json::json;

use crate::stage::{SOON, Stage, inside, status};

const CYCLES: usize = 50;
/// Desks that check in at once.
const LANES: usize = 6;
/// Acknowledgements of one life after which the node is killed.
const KILL_AFTER: usize = 8;
/// Looks without an answer after which every desk is taken to wait for a frozen node.
const QUIET_LOOKS: u32 = 4;
const ATTENDEES: usize = 2_000;
/// Prints no badges, so that what is killed is the log.
const DESK: &str = "north-2";
/// How long one life may take until it has acknowledged enough.
const LIFE: Duration = Duration::from_secs(20);

/// A check-in and the key it is asked for under.
#[derive(Clone)]
struct Ask {
    code: String,
    key: String,
}

/// What the desks share.
struct Shared {
    waiting: Mutex<VecDeque<Ask>>,
    kept: Mutex<File>,
    acknowledged: AtomicUsize,
    /// Requests that were sent and have no answer.
    in_flight: AtomicUsize,
    is_over: AtomicBool,
}

impl Shared {
    /// An acknowledgement counts once it is on disk.
    fn keep(&self, ask: &Ask) -> anyhow::Result<()> {
        let mut file = self.kept.lock().unwrap();
        writeln!(file, "{} {}", ask.code, ask.key)?;
        file.sync_data()?;
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn ask_for(desk: &Desk, ask: &Ask) -> anyhow::Result<Answer> {
    desk.post_as(&ask.key, "/check-ins", &json!({ "code": ask.code, "list": "main" })).await
}

/// Checks in until the life is over; answers with the request that was in flight at the kill.
async fn lane(desk: Desk, shared: Arc<Shared>) -> anyhow::Result<Option<Ask>> {
    while !shared.is_over.load(Ordering::SeqCst) {
        let ask = shared.waiting.lock().unwrap().pop_front().context("the list is too short")?;
        shared.in_flight.fetch_add(1, Ordering::SeqCst);
        let answered = ask_for(&desk, &ask).await;
        shared.in_flight.fetch_sub(1, Ordering::SeqCst);
        match answered {
            Ok(answer) => {
                answer.expect(201)?;
                shared.keep(&ask)?;
            }
            Err(error) => {
                // A request that never reached the node was not in flight.
                let is_refused =
                    error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect);
                if is_refused {
                    shared.waiting.lock().unwrap().push_front(ask);
                    return Ok(None);
                }
                return Ok(Some(ask));
            }
        }
    }
    Ok(None)
}

/// One life of the node; answers with the requests that were in flight when it was killed.
async fn live_and_die(stage: &mut Stage, desk: &Desk, shared: &Arc<Shared>) -> anyhow::Result<Vec<Ask>> {
    let before = shared.acknowledged.load(Ordering::SeqCst);
    shared.is_over.store(false, Ordering::SeqCst);
    let lanes: Vec<_> = (0..LANES).map(|_| tokio::spawn(lane(desk.clone(), shared.clone()))).collect();
    eventually(LIFE, "the desks check in", async || {
        let done = shared.acknowledged.load(Ordering::SeqCst) - before;
        (done >= KILL_AFTER || lanes.iter().any(tokio::task::JoinHandle::is_finished)).then_some(())
    })
    .await?;
    // Frozen wherever it stands, until every desk waits for it; what gets no answer was on its way before.
    let pid = stage.venue.node("north").process.id().to_string();
    let frozen = std::process::Command::new("kill").args(["-STOP", &pid]).status()?;
    ensure!(frozen.success(), "north could not be frozen");
    // Answers from before the freeze may still lie in the sockets, so the quiet has to last for a few looks.
    let (mut heard, mut quiet_looks) = (0, 0);
    eventually(LIFE, "every desk waits for north", async || {
        let acknowledged = shared.acknowledged.load(Ordering::SeqCst);
        let waiting = shared.in_flight.load(Ordering::SeqCst) == LANES && acknowledged == heard;
        quiet_looks = if waiting { quiet_looks + 1 } else { 0 };
        heard = acknowledged;
        (quiet_looks > QUIET_LOOKS).then_some(())
    })
    .await?;
    shared.is_over.store(true, Ordering::SeqCst);
    stage.venue.node("north").process.kill_9()?;
    let mut in_flight = Vec::new();
    for lane in lanes {
        in_flight.extend(lane.await??);
    }
    Ok(in_flight)
}

async fn replay(desk: &Desk, kept: &Path) -> anyhow::Result<usize> {
    let text = std::fs::read_to_string(kept)?;
    for line in text.lines() {
        let (code, key) = line.split_once(' ').context("a broken line of acknowledgements")?;
        let ask = Ask { code: code.to_owned(), key: key.to_owned() };
        let again = ask_for(desk, &ask).await?;
        ensure!(again.status == 201, "an acknowledged check-in is lost: {} {}", again.status, again.body);
        ensure!(again.is_replay(), "an acknowledged check-in was done a second time");
    }
    Ok(text.lines().count())
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_in_fifty_kills() {
    let mut stage = Stage::set(&["north"], ATTENDEES).await.unwrap();
    let asks: VecDeque<_> =
        stage.paid().map(|row| Ask { code: row.code.clone(), key: fresh_key() }).collect();
    let kept = stage.folder.path().join("acknowledged.txt");
    let shared = Arc::new(Shared {
        waiting: Mutex::new(asks),
        kept: Mutex::new(File::create(&kept).unwrap()),
        acknowledged: AtomicUsize::new(0),
        in_flight: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
    });
    let mut unanswered = 0;
    let mut desk = stage.sign_in("north", "vera", DESK).await.unwrap();
    for cycle in 1..=CYCLES {
        let in_flight = live_and_die(&mut stage, &desk, &shared).await.unwrap();
        assert!(!in_flight.is_empty(), "kill {cycle} hit no request in flight");
        unanswered += in_flight.len();
        stage.venue.node("north").start_again().await.unwrap();
        desk = stage.sign_in("north", "vera", DESK).await.unwrap();
        for ask in in_flight {
            // Decided before the kill or only now, under its key it is one check-in.
            ask_for(&desk, &ask).await.unwrap().expect(201).unwrap();
            shared.keep(&ask).unwrap();
        }
    }
    let acknowledged = replay(&desk, &kept).await.unwrap();
    assert!(acknowledged >= CYCLES * KILL_AFTER, "{acknowledged}");
    assert!(unanswered >= CYCLES, "{unanswered}");
    assert_eq!(
        usize::try_from(inside(&desk).await.unwrap()).unwrap(),
        acknowledged,
        "each once and no other"
    );
    eventually(SOON, "HQ has everything", async || {
        let status = status(&desk).await.ok()?;
        (status["hq"]["state"] == "online" && status["unsent_entries"] == 0).then_some(())
    })
    .await
    .unwrap();
    let conference = stage.venue.conference.clone();
    let north = stage.venue.node("north").verify(None).await.unwrap();
    let hq = stage.venue.hq.run(&["verify", &conference]).await.unwrap();
    assert_eq!((&north["findings"], &hq["findings"]), (&json!([]), &json!([])));
    stage.clear().await.unwrap();
}
