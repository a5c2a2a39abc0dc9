//! Erasure: a thousand people are erased, by HQ and by hand at a node, while another node is cut off; then nothing of
//! them is in any file of any process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use lanyard_node::search::fold;
use lanyard_tests::deadline::eventually;
use lanyard_tests::sample::{self, SampleAttendee};
use lanyard_tests::venue::{HqProcess, Venue, VenuePlan};
use serde_json::{Value, json};

use crate::stage::{alone, now_ms, status};

/// People on the list.
const PEOPLE: usize = 1_000;
/// Those of them who are erased at a node rather than at HQ.
const BY_HAND: usize = 10;
/// Those of them who come, and whose badges are printed.
const GUESTS: usize = 12;
/// Letters of a word that the search index tells apart.
const INDEXED: usize = 10;
/// How long nodes may take to hear of everything and to remove it.
const REMOVED_WITHIN: Duration = Duration::from_mins(4);

/// A word nobody else has; `letters` are those it is made of.
fn word(number: usize, purpose: &str, letters: &str) -> String {
    let letters: Vec<char> = letters.chars().collect();
    let hash = blake3::hash(format!("{purpose} {number}").as_bytes());
    hash.as_bytes()[..14].iter().map(|byte| letters[usize::from(*byte) % letters.len()]).collect()
}

fn person(number: usize) -> SampleAttendee {
    let letters = if number.is_multiple_of(3) {
        "abçdéfghïjklmñöpqrsŧüvwxyžł"
    } else {
        "abcdefghijklmnopqrstuvwxyz"
    };
    let name = |purpose| {
        let word = word(number, purpose, letters);
        let mut characters = word.chars();
        let first = characters.next().unwrap().to_uppercase();
        first.chain(characters).collect::<String>()
    };
    let plain = |purpose| word(number, purpose, "abcdefghijklmnopqrstuvwxyz");
    SampleAttendee {
        key: format!("K{number}"),
        first_name: name("first"),
        last_name: name("last"),
        email: format!("{}@{}.example", plain("user"), plain("host")),
        company: String::new(),
        seat_types: vec!["ga"],
        code: format!("E{number:05}"),
        paid: true,
    }
}

/// A word in the notes of staff on somebody, and on their badge.
fn note(number: usize) -> String {
    word(number, "note", "abcdefghijklmnopqrstuvwxyz")
}

/// What is looked for: byte strings by their first eight bytes, each with whose it is.
struct Needles {
    by_start: HashMap<[u8; 8], Vec<(Vec<u8>, usize)>>,
    /// Whether anything begins with these two bytes, which most places of a file rule out.
    pairs: Vec<bool>,
}

fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

impl Needles {
    fn add(&mut self, bytes: &[u8], whose: usize) {
        let start = bytes[..8].try_into().unwrap();
        self.pairs[pair(bytes)] = true;
        self.by_start.entry(start).or_default().push((bytes.to_vec(), whose));
    }

    /// A text as it is, in lower case, folded as the search index has it, and in both orders of UTF-16.
    fn add_text(&mut self, text: &str, whose: usize) {
        let folded: String = fold(text).chars().take(INDEXED).collect();
        for form in [text.to_owned(), text.to_lowercase(), text.to_uppercase(), folded] {
            self.add(form.as_bytes(), whose);
            let units: Vec<u16> = form.encode_utf16().collect();
            self.add(&units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>(), whose);
            self.add(&units.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<_>>(), whose);
        }
    }

    fn of(people: &[SampleAttendee]) -> Self {
        let mut needles = Self { by_start: HashMap::new(), pairs: vec![false; 1 << 16] };
        for (number, person) in people.iter().enumerate() {
            let (user, host) = person.email.split_once('@').unwrap();
            for text in [&person.first_name, &person.last_name, &person.email, user, host] {
                needles.add_text(text, number);
            }
        }
        needles
    }

    /// The notes of staff on guests, as they are and as bytes of a change are written, wherever a group of letters begins.
    fn of_notes(people: &[SampleAttendee]) -> Self {
        let mut needles = Self { by_start: HashMap::new(), pairs: vec![false; 1 << 16] };
        for number in 0..people.len() {
            let note = note(number);
            needles.add_text(&note, number);
            for shift in 0..3 {
                let letters = STANDARD_NO_PAD.encode([&[0; 2][..shift], note.as_bytes()].concat());
                needles.add(&letters.as_bytes()[4..letters.len() - 2], number);
            }
        }
        needles
    }

    /// Whose needles are in the files of these folders, with the files.
    fn found_in(&self, folders: &[&Path]) -> (usize, Vec<PathBuf>) {
        let (mut whose, mut files) = (std::collections::BTreeSet::new(), Vec::new());
        for path in folders.iter().flat_map(|folder| files_of(folder)) {
            // SQLite removes its files as it likes.
            let Ok(bytes) = std::fs::read(&path) else { continue };
            let before = whose.len();
            for at in 0..bytes.len().saturating_sub(7) {
                if !self.pairs[pair(&bytes[at..])] {
                    continue;
                }
                let start: [u8; 8] = bytes[at..at + 8].try_into().unwrap();
                for (needle, person) in self.by_start.get(&start).into_iter().flatten() {
                    if bytes[at..].starts_with(needle) {
                        whose.insert(*person);
                    }
                }
            }
            if whose.len() > before {
                files.push(path);
            }
        }
        (whose.len(), files)
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] }).collect()
}

/// The salts of everything personal that a database holds of attendees and orders.
fn salts(database: &Path) -> Vec<Vec<u8>> {
    let db = rusqlite::Connection::open(database).unwrap();
    let sql = "SELECT e.personal_salt FROM entries e JOIN streams s ON s.id = e.stream \
               WHERE s.category IN ('attendee', 'order') AND e.personal_salt IS NOT NULL";
    let mut statement = db.prepare(sql).unwrap();
    let salts = statement.query_map([], |row| row.get(0)).unwrap();
    salts.collect::<Result<_, _>>().unwrap()
}

/// How many each node has yet to remove, as HQ knows.
async fn remaining(hq: &HqProcess, conference: &str) -> HashMap<String, u64> {
    let report: Value = hq.run(&["erasures", conference]).await.unwrap();
    let nodes = report["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| (node["node"].as_str().unwrap().to_owned(), node["remaining"].as_u64().unwrap()))
        .collect()
}

async fn removed(hq: &HqProcess, conference: &str, expected: [(&str, u64); 3]) {
    let expected: HashMap<String, u64> = expected.map(|(node, count)| (node.to_owned(), count)).into();
    let what = format!("what remains is {expected:?}");
    let reached = eventually(REMOVED_WITHIN, &what, async || {
        (remaining(hq, conference).await == expected).then_some(())
    });
    if let Err(error) = reached.await {
        panic!("{error}; it is {:?}", remaining(hq, conference).await);
    }
}

async fn start(folder: &Path, people: &[SampleAttendee]) -> Venue {
    let mut plan = VenuePlan::sample(folder, 1, 0, now_ms().unwrap());
    plan.attendees_csv = sample::csv(people);
    let mut venue = Venue::start(&plan).await.unwrap();
    for node in ["north", "south"] {
        let pin = venue.pin("adam").to_owned();
        let desk = venue.node(node).desk().unwrap();
        eventually(REMOVED_WITHIN, "the list is at the node", async || {
            let desk = desk.sign_in("adam", &pin, &format!("{node}-1")).await.ok()?;
            (status(&desk).await.ok()?["arrivals"]["expected"] == json!(people.len())).then_some(())
        })
        .await
        .unwrap();
    }
    venue
}

/// Lets guests in at the north, whose badges become files.
async fn print_badges(venue: &mut Venue, people: &[SampleAttendee]) -> PathBuf {
    let pin = venue.pin("susi").to_owned();
    let north = venue.node("north");
    let desk = north.desk().unwrap().sign_in("susi", &pin, "north-1").await.unwrap();
    for (number, guest) in people[..GUESTS].iter().enumerate() {
        let found = desk.get(&format!("/attendees?q={}", guest.code)).await.unwrap().expect(200).unwrap();
        let path = format!("/attendees/{}/document", found["rows"][0]["attendee_id"].as_str().unwrap());
        let fields = json!({ "text": format!("Asked for {}.", note(number)), "badge_name": note(number) });
        desk.post(&path, &json!({ "seen": "", "fields": fields })).await.unwrap().expect(201).unwrap();
        let body = json!({ "code": guest.code, "list": "main" });
        desk.post("/check-ins", &body).await.unwrap().expect(201).unwrap();
    }
    let badges = north.data.join("badges");
    eventually(REMOVED_WITHIN, "the badges are printed", async || {
        let printed = badges.exists().then(|| files_of(&badges).len())?;
        (printed == 2 * GUESTS).then_some(())
    })
    .await
    .unwrap();
    badges
}

#[tokio::test]
async fn nothing_of_a_thousand_people_is_left_in_any_file_once_they_are_erased() {
    let _alone = alone().await;
    let folder = tempfile::tempdir().unwrap();
    let people: Vec<_> = (0..PEOPLE).map(person).collect();
    let mut venue = start(folder.path(), &people).await;
    let conference = venue.conference.clone();
    let badges = print_badges(&mut venue, &people).await;
    let [hq, north, south, logs] = ["hq", "north", "south", "logs"].map(|name| folder.path().join(name));
    let databases = [
        hq.join("conferences").join(&conference).join("lanyard.db"),
        north.join("lanyard.db"),
        south.join("lanyard.db"),
    ];
    let mut needles = Needles::of(&people);
    let notes = Needles::of_notes(&people[..GUESTS]);
    for data in [&hq, &north, &south] {
        assert_eq!(needles.found_in(&[data]).0, PEOPLE, "everybody is in {} before", data.display());
    }
    for data in [&hq, &north, &south] {
        let what = format!("the notes are in {}", data.display());
        let written = async || (notes.found_in(&[data]).0 == GUESTS).then_some(());
        eventually(REMOVED_WITHIN, &what, written).await.unwrap();
    }
    for salt in databases.iter().flat_map(|database| salts(database)) {
        needles.add(&salt, PEOPLE);
    }

    venue.node("south").line("cut").await.unwrap();
    let codes: Vec<&str> = people.iter().map(|person| person.code.as_str()).collect();
    let erased =
        venue.hq.run_with_input(&["erase", &conference], &codes[BY_HAND..].join("\n")).await.unwrap();
    let results = erased.as_array().unwrap().iter().filter(|row| row["result"] == "erased").count();
    assert_eq!(results, PEOPLE - BY_HAND);
    let told = (PEOPLE - BY_HAND) as u64;
    removed(&venue.hq, &conference, [("hq", 0), ("north", 0), ("south", told)]).await;
    assert_eq!(files_of(&badges).len(), 2 * BY_HAND, "of the guests, those who are not erased yet");

    let node = venue.node("south");
    node.process.terminate(REMOVED_WITHIN).await.unwrap();
    let said = node.run(&[&["erase"], &codes[..BY_HAND]].concat()).await.unwrap();
    assert!(said.contains("Nothing of it is left in this folder"), "{said}");
    node.start_again().await.unwrap();
    node.line("restore").await.unwrap();
    removed(&venue.hq, &conference, [("hq", 0), ("north", 0), ("south", 0)]).await;

    let everything = [hq.as_path(), &north, &south, &logs];
    assert_eq!(needles.found_in(&everything), (0, Vec::new()));
    assert_eq!(notes.found_in(&everything), (0, Vec::new()));
    assert!(files_of(&badges).is_empty());
    let again = venue.hq.run_with_input(&["erase", &conference], codes[0]).await.unwrap();
    assert_eq!(again[0]["result"], "erased_before");
    equal_and_whole(&mut venue, &conference).await;
    venue.stop().await.unwrap();
    assert_eq!(needles.found_in(&everything), (0, Vec::new()), "nor when everything has stopped");
}

/// All have the same entries and the same state, and verify.
async fn equal_and_whole(venue: &mut Venue, conference: &str) {
    let pin = venue.pin("adam").to_owned();
    for node in ["north", "south"] {
        let node = venue.node(node);
        let desk = node.desk().unwrap();
        let at = format!("{}-1", node.name);
        eventually(REMOVED_WITHIN, "the node is as HQ is", async || {
            let desk = desk.sign_in("adam", &pin, &at).await.ok()?;
            let here = desk.get("/state").await.ok()?.expect(200).ok()?;
            let there = venue.hq.run(&["state", conference]).await.ok()?;
            ((&here["digest"], &here["state_hash"]) == (&there["digest"], &there["state_hash"])).then_some(())
        })
        .await
        .unwrap();
    }
    for node in &venue.nodes {
        let report = node.verify(None).await.unwrap();
        assert_eq!(report["clean"], true, "{report}");
    }
    let report = venue.hq.run(&["verify", conference]).await.unwrap();
    assert_eq!(report["findings"], json!([]), "{report}");
}
