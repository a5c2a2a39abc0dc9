//! What happens to bytes on the way: a sign-in page that answers for HQ, a byte a second, answers that end or break in
//! the middle, requests that arrive twice, connections whose other end is gone without a word. The door goes on, the
//! status says how the line is, and afterwards nothing is lost and nothing doubled.

use lanyard_tests::deadline::eventually;
use lanyard_tests::sample::{self, SampleAttendee};

use crate::stage::{LIST_SEED, SOON, Stage, admit, converge, inside, status};

const GUESTS: usize = 80;
/// Guests that HQ adds in each trouble: more than what a broken answer lets through.
const LATE_GUESTS: usize = 60;

/// What is done to the line, and what the node says of it meanwhile.
const TROUBLES: [(&str, Said); 6] = [
    ("portal", Said::Away("a sign-in page")),
    ("throttle?bytes_per_s=1", Said::Away("in time")),
    ("truncate?after_bytes=2000", Said::Away("in the middle")),
    ("tear?after_bytes=2000", Said::Away("in the middle")),
    ("double", Said::Nothing),
    ("lose", Said::Nothing),
];

#[derive(Clone, Copy)]
enum Said {
    /// HQ is away, for a reason with these words.
    Away(&'static str),
    /// It goes on by itself, whatever that takes.
    Nothing,
}

/// Adds guests at HQ, so that there is something to be fetched.
async fn add_guests(stage: &Stage, guests: &[SampleAttendee]) {
    let file = stage.folder.path().join("late.csv");
    std::fs::write(&file, sample::csv(guests)).unwrap();
    stage.venue.hq.run(&["import", &stage.venue.conference, &file.to_string_lossy()]).await.unwrap();
}

#[tokio::test]
async fn the_door_works_through_whatever_happens_to_bytes() {
    let mut stage = Stage::set(&["north"], GUESTS).await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let everybody = sample::attendees(LIST_SEED, GUESTS + TROUBLES.len() * LATE_GUESTS);
    let late = everybody[GUESTS..].chunks(LATE_GUESTS);
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).collect();
    let mut codes = codes.chunks(3);
    let mut admitted = 0;
    for ((trouble, said), late) in TROUBLES.iter().zip(late) {
        admit(&north, codes.next().unwrap()).await;
        stage.venue.node("north").line(trouble).await.unwrap();
        add_guests(&stage, late).await;
        admit(&north, codes.next().unwrap()).await;
        admitted += 6;
        match said {
            Said::Away(words) => {
                let what = format!("the node says of {trouble}: {words}");
                eventually(SOON, &what, async || {
                    let hq = status(&north).await.ok()?["hq"].clone();
                    let problem = hq["problem"].as_str()?;
                    (hq["state"] == "offline" && problem.contains(words)).then_some(())
                })
                .await
                .unwrap();
                admit(&north, codes.next().unwrap()).await;
                admitted += 3;
                stage.venue.node("north").line("restore").await.unwrap();
                converge(&stage, std::slice::from_ref(&north)).await;
            }
            Said::Nothing => {
                converge(&stage, std::slice::from_ref(&north)).await;
                stage.venue.node("north").line("restore").await.unwrap();
            }
        }
        assert_eq!(inside(&north).await.unwrap(), admitted, "after {trouble}");
    }
    stage.clear().await.unwrap();
}
