//! Fresh check-ins: a sibling refuses who was admitted elsewhere before the entry that says so has arrived.

use std::num::NonZeroU64;
use std::time::Duration;

use lanyard_tests::deadline::eventually;
use lanyard_tests::line::Line;
use lanyard_tests::sample;
use serde_json::json;

use crate::stage::{LIST_SEED, SOON, Stage, agree, inside, scan};

const GUESTS: usize = 20;
/// Guests that are added while the line is slow; what is known of them takes many seconds to pass.
const LATE_GUESTS: usize = 3_000;
const SLOW_BYTES_PER_S: u64 = 12_000;
/// More than the line carries of other connections while a small message waits.
const PASSED_BYTES: u64 = 6 * SLOW_BYTES_PER_S / 20;
/// How soon a sibling knows, however much is on its way to it.
const AT_ONCE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_double_entry_is_refused_while_a_long_backlog_is_on_its_way() {
    let mut stage = Stage::set(&["north", "south"], GUESTS).await.unwrap();
    let line = Line::start(stage.venue.node("north").url.trim_start_matches("http://")).await.unwrap();
    let toml = format!("[[siblings]]\nname = \"north\"\nurl = \"http://{}\"\n", line.address());
    stage.configure("south", &toml).await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).collect();
    stage.venue.node("south").line("cut").await.unwrap();

    // In step, the entry itself is as quick as can be.
    assert_eq!(scan(&north, &codes[0]).await, 201);
    let known =
        eventually(AT_ONCE, "south has the entry", async || (inside(&south).await.ok()? == 1).then_some(()));
    known.await.unwrap();

    line.throttle(NonZeroU64::new(SLOW_BYTES_PER_S).unwrap());
    let everybody = sample::attendees(LIST_SEED, GUESTS + LATE_GUESTS);
    let file = stage.folder.path().join("late.csv");
    std::fs::write(&file, sample::csv(&everybody[GUESTS..])).unwrap();
    stage.venue.hq.run(&["import", &stage.venue.conference, &file.to_string_lossy()]).await.unwrap();
    let expected = u64::try_from(GUESTS + LATE_GUESTS).unwrap();
    eventually(SOON, "north has the late guests", async || {
        let status = crate::stage::status(&north).await.ok()?;
        (status["arrivals"]["expected"].as_u64()? == expected).then_some(())
    })
    .await
    .unwrap();
    let passed = line.report().bytes_back;
    assert_eq!(scan(&north, &codes[1]).await, 201);
    // Nothing shows that the hint has arrived, but when so much more has, it cannot be behind it any longer.
    let heard = eventually(AT_ONCE, "the hint is at south", async || {
        (line.report().bytes_back > passed + PASSED_BYTES).then_some(())
    });
    heard.await.unwrap();
    let again = json!({ "code": codes[1], "list": "main" });
    let refused = south.post("/check-ins", &again).await.unwrap();
    assert_eq!((refused.status, refused.code()), (409, Some("already_checked_in")), "{}", refused.body);
    assert_eq!(refused.body["refusal"]["node"], "north", "{}", refused.body);
    assert_eq!(inside(&south).await.unwrap(), 1, "the entry is not there yet");

    line.restore();
    agree(&[north, south], async || Some(Vec::new())).await;
    stage.clear().await.unwrap();
}
