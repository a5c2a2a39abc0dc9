//! Uploads that are not taken: HQ, or something on the way to it, refuses whatever a node pushes, or a push breaks in the
//! middle. The node keeps all of it, over a kill too, the door goes on, the status says what is the matter, and once
//! pushes are taken each entry is at HQ once.

use std::path::Path;

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use rusqlite::{Connection, OpenFlags};

use crate::stage::{SOON, Stage, admit, converge, inside, scan, status};

const GUESTS: usize = 80;
const DESK: &str = "north-1";
/// Guests that are admitted before the node is killed, and again after it.
const AT_ONCE: usize = 3;

/// What is done to pushes, and how the status says that HQ is.
struct Trouble {
    line: &'static str,
    state: &'static str,
    problem: &'static str,
}

const REFUSALS: [Trouble; 5] = [
    // As HQ refuses: this batch, this node, and for a reason of a release to come.
    Trouble { line: "refuse?code=too_large", state: "offline", problem: "the message is too large" },
    Trouble { line: "refuse?code=denied_scope", state: "denied", problem: "does not open this scope" },
    Trouble { line: "refuse?code=moon_phase", state: "offline", problem: "The peer refused: moon_phase" },
    // As servers refuse that are not of the protocol.
    Trouble { line: "forbid?status=422", state: "offline", problem: "422" },
    // HQ itself refuses.
    Trouble { line: "spoil", state: "offline", problem: "the message cannot be read" },
];

const HALVED: Trouble = Trouble { line: "halve", state: "offline", problem: "the peer does not answer" };

/// A venue with one node, and those who come to its door.
struct Door {
    stage: Stage,
    desk: Desk,
    codes: std::vec::IntoIter<String>,
    admitted: u64,
}

/// The hashes of all entries in a data folder, in order of arrival.
pub(crate) fn entries(folder: &Path) -> Vec<Vec<u8>> {
    let database = folder.join("lanyard.db");
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = db.prepare("SELECT hash FROM entries ORDER BY pos").unwrap();
    let hashes = statement.query_map([], |row| row.get(0)).unwrap();
    hashes.collect::<Result<_, _>>().unwrap()
}

/// What is printed is an entry some time after its check-in.
pub(crate) fn without_badges(conference: &str) -> String {
    conference.replace("prints_badges = true\n", "")
}

fn sorted(mut entries: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    entries.sort_unstable();
    entries
}

impl Door {
    async fn open() -> Self {
        let mut stage = Stage::set_with(&["north"], GUESTS, without_badges).await.unwrap();
        let desk = stage.sign_in("north", "susi", DESK).await.unwrap();
        let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).collect();
        Self { stage, desk, codes: codes.into_iter(), admitted: 0 }
    }

    fn here(&mut self) -> Vec<Vec<u8>> {
        entries(&self.stage.venue.node("north").data)
    }

    fn at_hq(&self) -> Vec<Vec<u8>> {
        let conference = &self.stage.venue.conference;
        entries(&self.stage.venue.hq.data.join("conferences").join(conference))
    }

    async fn unsent(&self) -> u64 {
        status(&self.desk).await.unwrap()["unsent_entries"].as_u64().unwrap()
    }

    async fn line(&mut self, what: &str) {
        self.stage.venue.node("north").line(what).await.unwrap();
    }

    /// Admits guests, and refuses one of them who comes again.
    async fn goes_on(&mut self) {
        let codes: Vec<_> = self.codes.by_ref().take(AT_ONCE).collect();
        assert_eq!(codes.len(), AT_ONCE);
        admit(&self.desk, &codes).await;
        assert_eq!(scan(&self.desk, &codes[0]).await, 409);
        self.admitted += AT_ONCE as u64;
    }

    async fn is_told(&self, trouble: &Trouble) {
        let Trouble { line, state, problem } = trouble;
        eventually(SOON, &format!("the node says of {line}: {state}, {problem}"), async || {
            let hq = status(&self.desk).await.ok()?["hq"].clone();
            (hq["state"] == *state && hq["problem"].as_str()?.contains(problem)).then_some(())
        })
        .await
        .unwrap();
    }

    async fn is_killed(&mut self) {
        let node = self.stage.venue.node("north");
        node.process.kill_9().unwrap();
        node.start_again().await.unwrap();
        self.desk = self.stage.sign_in("north", "susi", DESK).await.unwrap();
    }

    /// HQ and the node have the same entries, each once, and the node knows.
    async fn is_delivered(&mut self) {
        converge(&self.stage, std::slice::from_ref(&self.desk)).await;
        eventually(SOON, "nothing waits to be sent", async || (self.unsent().await == 0).then_some(()))
            .await
            .unwrap();
        let mut once = sorted(self.here());
        assert!(sorted(self.at_hq()) == once, "HQ and the node have the same");
        let all = once.len();
        once.dedup();
        assert_eq!(once.len(), all, "an entry is there twice");
        self.stage.hq_counts(self.admitted).await;
        assert_eq!(inside(&self.desk).await.unwrap(), self.admitted);
    }

    async fn works_through(&mut self, trouble: &Trouble) {
        self.is_delivered().await;
        let taken = self.at_hq();
        self.line(trouble.line).await;
        self.goes_on().await;
        let written = self.here();
        self.is_told(trouble).await;
        self.is_killed().await;
        self.is_told(trouble).await;
        self.goes_on().await;

        let kept = self.here();
        assert!(kept.starts_with(&written), "{}: the node keeps what was not taken", trouble.line);
        assert_eq!(inside(&self.desk).await.unwrap(), self.admitted);
        assert_eq!(self.unsent().await, (kept.len() - taken.len()) as u64, "{}", trouble.line);
        assert!(self.at_hq() == taken, "{}: HQ took nothing", trouble.line);

        self.line("restore").await;
        self.is_delivered().await;
        assert!(self.here() == kept, "{}: what HQ has now is what was kept", trouble.line);
    }

    async fn close(mut self) {
        assert_eq!(status(&self.desk).await.unwrap()["open_conflicts"], 0);
        self.stage.is_whole("north").await;
        self.stage.clear().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_refused_is_kept_and_is_at_hq_once_when_it_is_taken() {
    let mut door = Door::open().await;
    for refusal in &REFUSALS {
        door.works_through(refusal).await;
    }
    door.close().await;
}

#[tokio::test]
async fn pushes_that_break_in_the_middle_are_at_hq_once_afterwards() {
    let mut door = Door::open().await;
    door.works_through(&HALVED).await;
    door.close().await;
}
