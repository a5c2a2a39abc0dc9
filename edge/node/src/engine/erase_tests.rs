//! What erasures come to over several nodes and on the disk.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a path is not general enough over the lifetime of a read"
)]

use std::collections::{HashMap, HashSet};

use lanyard_domain::import::{ImportRow, SourceSeat, SourceState};
use lanyard_domain::{AttendeeId, Command, Person};
use lanyard_sync::{Batch, Problem};

use super::test_node::{TestNode, check_in, person, seat_type_id, venue};
use super::{Erasing, ImportError, Reply, Submission};
use crate::read::Erasures;
use crate::verify::verify;

/// Letters of a word that the search index tells apart.
const INDEXED: usize = 10;

impl TestNode {
    /// Removes whatever is erased, as the writing thread does when nobody asks for anything.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.engine.erasing().is_none() {
                return;
            }
            self.engine.erase_step().unwrap();
        }
        panic!("the removal does not end: {:?}", self.engine.erasing());
    }

    fn erase(&mut self, attendee: AttendeeId) {
        self.accept(Command::EraseAttendee { attendee });
    }

    fn parts(&self) -> i64 {
        let count = "SELECT count(*) FROM entries WHERE personal_salt IS NOT NULL";
        self.engine.connection().query_row(count, [], |row| row.get(0)).unwrap()
    }

    fn agrees_with(&self, other: &Self) {
        assert_eq!(self.engine.vector(), other.engine.vector());
        let (state, of_log) = self.state_hashes();
        assert_eq!(state, of_log);
        assert_eq!((state, of_log), other.state_hashes());
        assert_eq!(verify(&self.path()).unwrap().findings, []);
    }

    pub(super) fn erasures(&self) -> Erasures {
        self.reader().read_here(|db| db.erasures()).unwrap()
    }

    fn remaining(&self) -> Vec<(String, u64)> {
        self.erasures().nodes.into_iter().map(|node| (node.node, node.remaining)).collect()
    }
}

/// A word that compresses badly and that nobody else has.
fn word(number: u32, purpose: &str) -> String {
    let hash = blake3::hash(format!("{purpose} {number}").as_bytes());
    hash.as_bytes()[..12].iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

fn named(number: u32) -> ImportRow {
    ImportRow {
        external_key: format!("N{number}"),
        person: Person {
            first_name: word(number, "first"),
            last_name: word(number, "last"),
            email: Some(format!("{}@{}.example", word(number, "user"), word(number, "host"))),
            ..Person::default()
        },
        codes: vec![format!("N{number}")],
        order_code: None,
        seats: vec![SourceSeat { seat_type: seat_type_id("ga"), state: SourceState::Paid }],
    }
}

fn id_of(number: u32) -> AttendeeId {
    AttendeeId::derive(&[b"rustfest", b"list", format!("N{number}").as_bytes()])
}

/// How many of the people leave a name in the files of a node: as it is, and as it is searched for.
fn found_in(node: &TestNode, people: u32) -> u32 {
    let files = std::fs::read_dir(node.directory.path()).unwrap();
    let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    let beginning = |number, purpose| word(number, purpose).as_bytes()[..INDEXED].to_vec();
    let words = (0..people)
        .flat_map(|number| [(beginning(number, "first"), number), (beginning(number, "user"), number)]);
    let whose: HashMap<Vec<u8>, u32> = words.collect();
    let found: HashSet<u32> =
        bytes.windows(INDEXED).filter_map(|window| whose.get(window).copied()).collect();
    found.len().try_into().unwrap()
}

#[test]
fn states_are_equal_while_one_node_has_removed_the_bytes_and_another_has_not() {
    let (mut hq, mut north, mut south) = venue();
    north.accept(check_in(1));
    hq.pull(&north).unwrap();
    hq.pull(&south).unwrap();
    hq.erase(person(1));
    hq.engine.erase_step().unwrap();
    assert!(hq.engine.erasing() > Some(Erasing::Parts));
    north.pull(&hq).unwrap();
    assert!(hq.parts() < north.parts());
    north.agrees_with(&hq);
    south.pull(&north).unwrap();
    south.agrees_with(&hq);
    let attendee = south.reader().read_here(|db| db.attendee(person(1))).unwrap().unwrap();
    assert_eq!((attendee.person, attendee.check_ins.len()), (None, 1));
    for node in [&mut hq, &mut north, &mut south] {
        node.settle();
        assert_eq!(node.engine.rebuild().map(|rebuilt| rebuilt.unreadable).unwrap(), 0);
    }
    assert_eq!(hq.remaining(), [("hq".to_owned(), 0), ("north".to_owned(), 1), ("south".to_owned(), 1)]);
    hq.pull(&north).unwrap();
    hq.pull(&south).unwrap();
    assert_eq!(hq.remaining(), ["hq", "north", "south"].map(|node| (node.to_owned(), 0)));
    north.pull(&hq).unwrap();
    north.agrees_with(&hq);
}

#[test]
fn a_fresh_node_learns_from_a_node_that_has_erased_long_before_it_learns_why() {
    let mut hq = TestNode::hq_with_people(1);
    for chunk in 0..6 {
        let rows = (chunk * 200..(chunk + 1) * 200).map(named).collect();
        hq.accept(Command::ImportAttendees { source: "list".into(), rows });
    }
    let mut late = TestNode::new(2);
    late.pull(&hq).unwrap();
    hq.erase(id_of(3));
    hq.settle();
    let mut fresh = TestNode::new(1);
    let batch = hq.reader().read_here(|db| db.batch_after(&fresh.engine.vector())).unwrap().unwrap();
    assert_eq!(batch.erasures.len(), 1);
    let mut committed = fresh.engine.commit(vec![Submission::Import(batch)]);
    assert!(matches!(committed.replies.pop(), Some(Reply::Import(Ok(_)))));
    assert_eq!(fresh.erasures().ahead, 1);
    assert_eq!(verify(&fresh.path()).unwrap().findings, []);
    // What it has is relayed with the same word, also by a node that was restarted meanwhile.
    let fresh = fresh.reboot(1);
    let mut other = TestNode::new(3);
    other.pull(&fresh).unwrap();
    assert_eq!(other.erasures().ahead, 1);
    // A node that still has the part sends it, and it is not kept.
    let before = other.parts();
    other.pull(&late).unwrap();
    assert!(other.parts() > before);
    other.pull(&hq).unwrap();
    assert_eq!(other.erasures().ahead, 0);
    late.pull(&hq).unwrap();
    late.pull(&other).unwrap();
    other.pull(&late).unwrap();
    other.settle();
    late.pull(&other).unwrap();
    other.agrees_with(&late);
    late.settle();
    assert_eq!(late.parts(), other.parts());
}

#[test]
fn words_that_come_after_the_erasure_are_not_kept_and_facts_are() {
    let (mut hq, mut north, _) = venue();
    hq.erase(person(1));
    hq.settle();
    let parts = hq.parts();
    let mut row = named(9);
    row.external_key = "1".into();
    row.codes = vec!["T1".into(), "NEW".into()];
    north.accept(Command::ImportAttendees { source: "list".into(), rows: vec![row] });
    hq.pull(&north).unwrap();
    assert_eq!(hq.parts(), parts);
    assert_eq!(found_in(&hq, 10), 0);
    let attendee = hq.reader().read_here(|db| db.attendee(person(1))).unwrap().unwrap();
    assert_eq!(attendee.person, None);
    assert!(attendee.codes.contains("NEW"));
    north.pull(&hq).unwrap();
    north.agrees_with(&hq);
    assert!(found_in(&north, 10) > 0);
    north.settle();
    assert_eq!(found_in(&north, 10), 0);
}

#[test]
fn a_part_that_was_lost_is_found_and_not_taken_for_an_erased_one() {
    let (hq, mut north, _) = venue();
    let strip = "UPDATE entries SET personal = NULL, personal_salt = NULL WHERE pos = 5";
    assert_eq!(hq.engine.connection().execute(strip, []).unwrap(), 1);
    let findings = verify(&hq.path()).unwrap().findings;
    assert!(findings.iter().any(|finding| finding.what.contains("was not erased")), "{findings:?}");
    let mut fresh = TestNode::new(3);
    let refused = fresh.pull(&hq);
    assert!(matches!(refused, Err(ImportError::Problem(Problem::NotErased(_)))), "{refused:?}");
    north.accept(check_in(1));
}

#[test]
fn nothing_of_those_erased_is_left_in_the_files_of_a_node() {
    const PEOPLE: u32 = 400;
    const STAY: u32 = 100;
    let mut hq = TestNode::hq_with_people(1);
    let mut north = TestNode::new(1);
    for chunk in 0..PEOPLE / 100 {
        let rows: Vec<_> = (chunk * 100..(chunk + 1) * 100).map(named).collect();
        hq.accept(Command::ImportAttendees { source: "list".into(), rows: rows.clone() });
        north.pull(&hq).unwrap();
        // Changed a second time, so that rows and index pages moved about.
        let longer = |row: &ImportRow| {
            let mut row = row.clone();
            row.person.company = Some(format!("Acme {}", "& Sons ".repeat(row.codes[0].len() * 3)));
            row
        };
        hq.accept(Command::ImportAttendees {
            source: "list".into(),
            rows: rows.iter().map(longer).collect(),
        });
        north.pull(&hq).unwrap();
    }
    assert_eq!(found_in(&north, PEOPLE), PEOPLE);
    for number in STAY..PEOPLE {
        hq.erase(id_of(number));
    }
    north.pull(&hq).unwrap();
    for node in [&mut hq, &mut north] {
        node.settle();
        assert_eq!(found_in(node, PEOPLE), STAY, "those who stay are there, and nobody else");
        let found = node.reader().read_here(|db| db.search(&word(STAY, "first"), 10)).unwrap();
        assert!(found.is_empty());
        let found = node.reader().read_here(|db| db.search(&word(0, "first"), 10)).unwrap();
        assert_eq!(found.len(), 1);
        let found = node.reader().read_here(|db| db.search(&format!("N{STAY}"), 10)).unwrap();
        assert!(found.iter().any(|(id, _)| *id == id_of(STAY)), "codes are facts");
    }
    hq.pull(&north).unwrap();
    north.pull(&hq).unwrap();
    north.agrees_with(&hq);
}

#[test]
fn a_removal_that_was_cut_short_goes_on_after_the_restart() {
    let (mut hq, ..) = venue();
    for number in 0..5 {
        hq.erase(person(number));
    }
    for stage in [Erasing::Parts, Erasing::Words, Erasing::File, Erasing::WriteAheadLog, Erasing::Badges] {
        while hq.engine.erasing() != Some(stage) {
            hq.engine.erase_step().unwrap();
        }
        hq = hq.reboot(1);
        assert_eq!(hq.engine.erasing(), Some(stage));
    }
    hq.settle();
    assert_eq!(hq.remaining(), [("hq".to_owned(), 0)]);
}

#[test]
fn badges_of_the_erased_are_waited_for() {
    let (mut hq, mut north, _) = venue();
    north.accept(Command::IssueBadge { attendee: person(1) });
    hq.erase(person(1));
    north.pull(&hq).unwrap();
    while north.engine.erasing() != Some(Erasing::Badges) {
        north.engine.erase_step().unwrap();
    }
    north.engine.erase_step().unwrap();
    assert_eq!(north.engine.erasing(), Some(Erasing::Badges));
    let jobs = north.reader().read_here(|db| db.print_jobs_of_the_erased()).unwrap();
    assert_eq!(jobs.len(), 1);
    let forget = super::LocalChange::ForgetPrintJob { job: jobs[0].id };
    north.engine.commit(vec![Submission::Local(forget)]);
    north.settle();
    let batch: Option<Batch> = north.reader().read_here(|db| db.batch_after(&hq.engine.vector())).unwrap();
    assert!(batch.is_some(), "it says so in its log");
}
