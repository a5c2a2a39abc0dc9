//! The line between two siblings while HQ is away, in every trouble that a line has: cut, silent, slow, taken over by a
//! sign-in page, answers that end or break in the middle, requests that arrive twice, pushes that nobody takes. Both doors
//! go on, the status says how the line is, and afterwards both nodes have the same, nothing lost and nothing doubled.

use std::num::NonZeroU64;
use std::time::Duration;

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::{Ask, Desk};
use lanyard_tests::line::{Line, Pushes};
use lanyard_tests::sample::{self, SampleAttendee};
use reqwest::{Method, StatusCode};

use crate::siblings::counts;
use crate::stage::{LIST_SEED, SOON, Stage, admit, agree, converge, inside, status};

const GUESTS: usize = 170;
/// Guests that north adds in each trouble: more than what a broken answer lets through.
const LATE_GUESTS: usize = 60;
/// Where an answer breaks.
const BROKEN_AFTER: NonZeroU64 = NonZeroU64::new(2_000).unwrap();
const NEXT_TO_NOTHING: NonZeroU64 = NonZeroU64::new(1).unwrap();
const SLOW: Duration = Duration::from_millis(300);

/// Something that happens to the line on which south asks north.
struct Trouble {
    name: &'static str,
    begin: fn(&Line),
    comes: Comes,
}

/// What comes of it at south.
#[derive(Clone, Copy)]
enum Comes {
    /// North is away until the line is restored, for a reason with these words.
    Away(&'static str),
    /// What north has comes, and what south has is not taken until the line is restored, for a reason with these words.
    NoPushes(&'static str),
    /// It goes on by itself, whatever that takes.
    Nothing,
}

const TROUBLES: [Trouble; 10] = [
    Trouble { name: "a cut line", begin: Line::cut, comes: Comes::Away("the peer does not answer") },
    Trouble { name: "a silent line", begin: Line::blackhole, comes: Comes::Away("in time") },
    Trouble { name: "a sign-in page", begin: Line::portal, comes: Comes::Away("a sign-in page") },
    Trouble {
        name: "a byte a second",
        begin: |line| line.throttle(NEXT_TO_NOTHING),
        comes: Comes::Away("in time"),
    },
    Trouble {
        name: "answers that end in the middle",
        begin: |line| line.truncate(BROKEN_AFTER),
        comes: Comes::Away("in the middle"),
    },
    Trouble {
        name: "answers that break in the middle",
        begin: |line| line.tear(BROKEN_AFTER),
        comes: Comes::Away("in the middle"),
    },
    Trouble { name: "a slow line", begin: |line| line.delay(SLOW), comes: Comes::Nothing },
    Trouble { name: "a line that is reset", begin: Line::reset, comes: Comes::Nothing },
    Trouble { name: "ends that lost each other", begin: Line::lose, comes: Comes::Nothing },
    Trouble { name: "everything arrives twice", begin: Line::double, comes: Comes::Nothing },
];

const REFUSALS: [Trouble; 4] = [
    Trouble {
        name: "pushes that are refused",
        begin: |line| line.keep_out(Pushes::Refused("too_large".to_owned())),
        comes: Comes::NoPushes("the message is too large"),
    },
    Trouble {
        name: "pushes that are forbidden",
        begin: |line| line.keep_out(Pushes::Forbidden(StatusCode::UNPROCESSABLE_ENTITY)),
        comes: Comes::NoPushes("422"),
    },
    Trouble {
        name: "pushes that nobody can read",
        begin: |line| line.keep_out(Pushes::Spoilt),
        comes: Comes::NoPushes("the message cannot be read"),
    },
    Trouble {
        name: "pushes that break in the middle",
        begin: |line| line.keep_out(Pushes::Halved),
        comes: Comes::NoPushes("the peer does not answer"),
    },
];

/// Two siblings without HQ, the one line between them, and those who come to their doors.
struct Siblings {
    stage: Stage,
    line: Line,
    north: Desk,
    south: Desk,
    /// Adds guests at north.
    office: Desk,
    codes: std::vec::IntoIter<String>,
    late: std::vec::IntoIter<SampleAttendee>,
    admitted: u64,
}

impl Siblings {
    async fn apart_from_hq(troubles: usize) -> Self {
        let mut stage = Stage::set(&["north", "south"], GUESTS).await.unwrap();
        let line = Line::start(stage.venue.node("north").url.trim_start_matches("http://")).await.unwrap();
        let toml = format!("[[siblings]]\nname = \"north\"\nurl = \"http://{}\"\n", line.address());
        stage.configure("south", &toml).await.unwrap();
        let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
        let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
        let office = stage.sign_in("north", "adam", "north-1").await.unwrap();
        for node in ["north", "south"] {
            stage.venue.node(node).line("cut").await.unwrap();
        }
        let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).collect();
        let late = sample::attendees(LIST_SEED, GUESTS + troubles * LATE_GUESTS).split_off(GUESTS);
        let (codes, late) = (codes.into_iter(), late.into_iter());
        Self { stage, line, north, south, office, codes, late, admitted: 0 }
    }

    /// Admits somebody at both doors.
    async fn go_on(&mut self) {
        for desk in [&self.north, &self.south] {
            let code = self.codes.next().unwrap();
            admit(desk, &[code]).await;
            self.admitted += 1;
        }
    }

    /// Adds guests at north, so that there is something to be fetched.
    async fn add_guests(&mut self) {
        let guests: Vec<_> = self.late.by_ref().take(LATE_GUESTS).collect();
        assert_eq!(guests.len(), LATE_GUESTS);
        let list = sample::csv(&guests).into_bytes();
        let answer = self.office.send(Ask::raw(Method::POST, "/api/v1/imports", "text/csv", list)).await;
        answer.unwrap().expect(201).unwrap();
    }

    async fn is_told(&self, name: &str, words: &str) {
        let what = format!("south says of {name}: {words}");
        let told = eventually(SOON, &what, async || {
            let line = status(&self.south).await.ok()?["siblings"][0].clone();
            (line["state"] == "offline" && line["problem"].as_str()?.contains(words)).then_some(())
        });
        if let Err(error) = told.await {
            panic!("{error}: {}", status(&self.south).await.unwrap()["siblings"]);
        }
    }

    /// Both have the same entries and made the same of them.
    async fn agree(&self, name: &str) {
        agree(&[self.north.clone(), self.south.clone()], async || Some(Vec::new())).await;
        let inside = (inside(&self.north).await.unwrap(), inside(&self.south).await.unwrap());
        assert_eq!(inside, (self.admitted, self.admitted), "after {name}");
    }

    async fn work_through(&mut self, trouble: &Trouble) {
        let Trouble { name, begin, comes } = trouble;
        self.go_on().await;
        self.agree(name).await;
        let before = self.admitted;
        begin(&self.line);
        self.add_guests().await;
        self.go_on().await;
        match comes {
            Comes::Away(words) => {
                self.is_told(name, words).await;
                self.go_on().await;
            }
            Comes::NoPushes(words) => {
                self.is_told(name, words).await;
                self.go_on().await;
                counts(&self.south, self.admitted, "south has what north has").await;
                let of_north = before + (self.admitted - before) / 2;
                assert_eq!(inside(&self.north).await.unwrap(), of_north, "north took something in {name}");
            }
            Comes::Nothing => self.agree(name).await,
        }
        self.line.restore();
        self.agree(name).await;
    }

    /// HQ comes back and gets all of it, once.
    async fn meet_hq(mut self) {
        for node in ["north", "south"] {
            self.stage.venue.node(node).line("restore").await.unwrap();
        }
        converge(&self.stage, &[self.north.clone(), self.south.clone()]).await;
        self.stage.hq_counts(self.admitted).await;
        for desk in [&self.north, &self.south] {
            assert_eq!(status(desk).await.unwrap()["open_conflicts"], 0);
        }
        for node in ["north", "south"] {
            self.stage.is_whole(node).await;
        }
        self.stage.clear().await.unwrap();
    }
}

#[tokio::test]
async fn siblings_work_through_whatever_happens_to_the_line_between_them() {
    let mut siblings = Siblings::apart_from_hq(TROUBLES.len()).await;
    for trouble in &TROUBLES {
        siblings.work_through(trouble).await;
    }
    siblings.meet_hq().await;
}

#[tokio::test]
async fn what_a_sibling_does_not_take_is_kept_and_is_there_once_when_it_is_taken() {
    let mut siblings = Siblings::apart_from_hq(REFUSALS.len()).await;
    for trouble in &REFUSALS {
        siblings.work_through(trouble).await;
    }
    siblings.meet_hq().await;
}
