//! A disk that fills up under a node: desks go on in the room of the ballast, then reading goes on, and with room again
//! everything does, in one life of the process.

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::{Answer, Ask, Desk, fresh_key};
use reqwest::Method;
use serde_json::{Value, json};

use crate::small_disk::{BALLAST_FILE, SmallDisk, size};
use crate::stage::{SOON, Stage, inside, status};

const ATTENDEES: usize = 600;
/// Prints no badges: they would be files on the same disk.
const DESK: &str = "north-2";
const BALLAST_BYTES: u64 = 2 * 1024 * 1024;
/// What is left of the disk at first.
const LITTLE_BYTES: u64 = 128 * 1024;
/// Check-ins in the room of the ballast.
const ON_RESERVE: usize = 20;
const LATE_LIST: &str =
    "id,first_name,last_name,email,seat_types,code,paid\nL1,Late,Comer,late@example.org,ga,,yes\n";

/// Somebody at the door, and the key their check-in is asked for under.
struct Arrival {
    code: String,
    key: String,
}

/// Check-ins one after the other, and which of them were acknowledged.
struct Door {
    desk: Desk,
    waiting: Vec<Arrival>,
    acknowledged: Vec<Arrival>,
}

impl Door {
    async fn ask(&self, ask: &Arrival) -> Answer {
        let body = json!({ "code": ask.code, "list": "main" });
        self.desk.post_as(&ask.key, "/check-ins", &body).await.unwrap()
    }

    /// Checks the next in; the answer of a refusal, after which they wait as before.
    async fn next(&mut self) -> Result<(), Answer> {
        let ask = self.waiting.pop().expect("the list is long enough");
        let answer = self.ask(&ask).await;
        if answer.status == 201 {
            self.acknowledged.push(ask);
            Ok(())
        } else {
            self.waiting.push(ask);
            Err(answer)
        }
    }

    async fn store(&self) -> Value {
        status(&self.desk).await.unwrap()["store"]["state"].clone()
    }

    async fn ready(&self) -> (u16, Value) {
        let answer = self.desk.send(Ask::get("/readyz")).await.unwrap();
        (answer.status, answer.body["store"].clone())
    }

    async fn expected(&self) -> Value {
        status(&self.desk).await.unwrap()["arrivals"]["expected"].clone()
    }
}

/// Outcomes, people and their codes are told although nothing can be written.
async fn reading_goes_on(door: &Door) {
    let (acknowledged, refused) = (door.acknowledged.last().unwrap(), door.waiting.last().unwrap());
    assert!(door.ask(acknowledged).await.is_replay(), "what was decided before is still said");
    for (ask, state) in [(acknowledged, "in"), (refused, "expected")] {
        let found = door.desk.get(&format!("/attendees?q={}", ask.code)).await.unwrap().expect(200).unwrap();
        assert_eq!(found["rows"][0]["state"], state, "codes are still checked: {found}");
        let id = found["rows"][0]["attendee_id"].as_str().unwrap();
        door.desk.get(&format!("/attendees/{id}")).await.unwrap().expect(200).unwrap();
    }
}

#[tokio::test]
async fn desks_go_on_on_a_full_disk_while_there_is_ballast_and_all_goes_on_once_there_is_room() {
    let mut stage = Stage::set(&["north"], ATTENDEES).await.unwrap();
    let asks = stage.paid().map(|row| Arrival { code: row.code.clone(), key: fresh_key() });
    let waiting: Vec<_> = asks.collect();
    let small = SmallDisk::under(stage.venue.node("north"), "ballast_mib = 2\n").await.unwrap();
    let ballast = stage.venue.node("north").data.join(BALLAST_FILE);
    let pid = stage.venue.node("north").process.id();
    let desk = stage.sign_in("north", "vera", DESK).await.unwrap();
    let administrator = stage.sign_in("north", "adam", DESK).await.unwrap();
    let mut door = Door { desk, waiting, acknowledged: Vec::new() };
    eventually(SOON, "there is a ballast", async || (size(&ballast) == Some(BALLAST_BYTES)).then_some(()))
        .await
        .unwrap();
    door.next().await.unwrap();
    assert_eq!(door.ready().await, (200, json!("ok")));

    small.fill(LITTLE_BYTES).unwrap();
    while door.store().await == "ok" {
        door.next().await.unwrap();
    }
    assert_eq!((door.store().await, size(&ballast)), (json!("low"), None), "the ballast was given up");
    for _ in 0..ON_RESERVE {
        door.next().await.unwrap();
    }
    assert_eq!(door.ready().await, (200, json!("low")));
    let list = Ask::raw(Method::POST, "/api/v1/imports", "text/csv", LATE_LIST.into());
    let refused = administrator.send(list).await.unwrap();
    assert_eq!((refused.status, refused.code()), (503, Some("store_full")), "{}", refused.body);
    let conference = stage.venue.conference.clone();
    let file = stage.folder.path().join("late.csv");
    std::fs::write(&file, LATE_LIST).unwrap();
    stage.venue.hq.run(&["import", &conference, &file.to_string_lossy()]).await.unwrap();
    door.next().await.unwrap();
    assert_eq!(door.expected().await, ATTENDEES, "what HQ sends waits");

    small.fill(0).unwrap();
    // Something small may still find a place where a check-in does not.
    let refused = eventually(SOON, "the disk is full", async || {
        let refused = door.next().await.err()?;
        (door.ready().await == (503, json!("full"))).then_some(refused)
    });
    let refused = refused.await.unwrap();
    assert_eq!((refused.status, refused.code()), (503, Some("store_full")), "{}", refused.body);
    reading_goes_on(&door).await;

    small.clear().unwrap();
    door.next().await.unwrap();
    eventually(SOON, "the ballast is there again", async || {
        (door.ready().await == (200, json!("ok")) && size(&ballast) == Some(BALLAST_BYTES)).then_some(())
    })
    .await
    .unwrap();
    eventually(SOON, "HQ and north have everything", async || {
        let status = status(&door.desk).await.ok()?;
        (status["unsent_entries"] == 0 && status["arrivals"]["expected"] == ATTENDEES + 1).then_some(())
    })
    .await
    .unwrap();
    assert_eq!(stage.venue.node("north").process.id(), pid);
    assert!(stage.venue.node("north").process.is_running(), "it is the same process");

    stage.venue.node("north").process.terminate(SOON).await.unwrap();
    let report = stage.venue.node("north").verify(None).await.unwrap();
    assert_eq!(report["findings"], json!([]));
    stage.venue.node("north").start_again().await.unwrap();
    door.desk = stage.sign_in("north", "vera", DESK).await.unwrap();
    for ask in &door.acknowledged {
        let again = door.ask(ask).await;
        assert!(again.status == 201 && again.is_replay(), "lost: {} {}", again.status, again.body);
    }
    assert_eq!(inside(&door.desk).await.unwrap(), u64::try_from(door.acknowledged.len()).unwrap());
    stage.clear().await.unwrap();
    drop(small);
}
