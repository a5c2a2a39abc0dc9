//! Long streams: a late entry is folded in beside the work, in steps.

use std::time::{Duration, Instant};

use lanyard_domain::event::AttendeeImported;
use lanyard_domain::{AttendeeId, Command, Event, Person, Stream};

use super::append::Origin;
use super::test_node::{NOW_MS, TestNode, check_in, command_id, person, venue};
use super::{Engine, Submission, SubmitError};
use crate::clock::Draws;
use crate::verify::verify;

/// Entries of a stream that was always long enough to stall a desk.
const LONG: u64 = 100_000;
/// More than fit into a commit, and soon made.
const JUST_LONG: u64 = 1_500;
/// Entries of a step.
const STEP: usize = 512;

impl Engine {
    /// Writes an attendee's names anew, again and again.
    fn rename(&mut self, who: AttendeeId, name: &str, times: u64) {
        let mut draws = Draws::new(&self.surroundings.seed());
        self.db.execute_batch("BEGIN").unwrap();
        for number in 0..times {
            let command = command_id(77, self.position());
            let origin = Origin { command, actor: "ana", desk: "", at_ms: NOW_MS };
            let facts = AttendeeImported { source: "list".into(), codes: Vec::new(), seats: Vec::new() };
            let words = Person { last_name: format!("{name}{number}"), ..Person::default() };
            let event = Event::with(facts, Some(words));
            self.append_event(&origin, 0, &Stream::Attendee(who), event, &mut draws).unwrap();
        }
        self.save_touched().unwrap();
        self.sign_head().unwrap();
        self.db.execute_batch("COMMIT").unwrap();
        self.know_own_head();
    }
}

impl TestNode {
    fn last_name(&self) -> String {
        let attendee = self.reader().read_here(|db| db.attendee(person(1))).unwrap().unwrap();
        attendee.person.unwrap().last_name
    }

    /// Commits for somebody else.
    fn time_check_in(&mut self, number: u16) -> Duration {
        let began = Instant::now();
        self.accept(check_in(number));
        began.elapsed()
    }

    fn fold_all(&mut self) -> usize {
        let mut taken = 0;
        while self.engine.folding() > 0 {
            let step = self.engine.fold_step(STEP).unwrap();
            assert!(step <= STEP, "a step took {step}");
            taken += step;
        }
        taken
    }

    fn try_check_in(&mut self, number: u16) -> Result<(), SubmitError> {
        let submitted = self.submitted(check_in(number));
        self.submit(submitted).map(|_| ())
    }
}

fn assert_right(node: &TestNode) {
    let (stored, of_log) = node.state_hashes();
    assert_eq!(stored, of_log);
    let report = verify(&node.path()).unwrap();
    assert_eq!((report.findings, report.streams_to_fold), (Vec::new(), 0));
}

/// HQ, whose first attendee has so many entries, and a node that changed that attendee when there were few.
fn late_for(entries: u64) -> (TestNode, TestNode) {
    let (mut hq, mut north, _) = venue();
    north.engine.rename(person(1), "Late", 1);
    hq.engine.rename(person(1), "Name", entries);
    (hq, north)
}

#[test]
fn a_late_entry_of_a_long_stream_holds_up_no_commit() {
    let (mut hq, north) = late_for(LONG);
    let alone = (2..5).map(|number| hq.time_check_in(number)).max().unwrap();
    let began = Instant::now();
    hq.pull(&north).unwrap();
    let late = began.elapsed();
    assert_eq!(hq.engine.folding(), 1, "it was not folded within the commit");
    assert!(matches!(hq.try_check_in(1), Err(SubmitError::Busy { retry_after_ms }) if retry_after_ms > 0));
    // As the writer does: a step, and whoever asked meanwhile.
    let (mut beside, mut longest_step, mut steps, mut taken) = (Duration::ZERO, Duration::ZERO, 0_u16, 0);
    while hq.engine.folding() > 0 {
        let began = Instant::now();
        let step = hq.engine.fold_step(STEP).unwrap();
        longest_step = longest_step.max(began.elapsed());
        assert!(step <= STEP, "a step took {step} entries");
        (steps, taken) = (steps + 1, taken + step);
        if (5..9).contains(&(steps / 10)) && steps.is_multiple_of(10) {
            beside = beside.max(hq.time_check_in(steps / 10));
        }
    }
    eprintln!(
        "longest commit alone {alone:?}, with the late entry {late:?}, beside {beside:?}; longest of {steps} steps {longest_step:?}"
    );
    // Each entry is looked at once and folded once: the imported one, the late one, and all the others.
    assert_eq!(taken, 2 * (usize::try_from(LONG).unwrap() + 2));
    assert!(beside > Duration::ZERO);
    assert_eq!(hq.last_name(), format!("Name{}", LONG - 1));
    assert_right(&hq);
    hq.try_check_in(1).unwrap();
}

#[test]
fn nodes_end_the_same_whichever_entries_came_late() {
    let (mut hq, north) = late_for(JUST_LONG);
    let mut other_way_round = TestNode::new(2);
    other_way_round.pull(&north).unwrap();
    other_way_round.pull(&hq).unwrap();
    other_way_round.fold_all();
    hq.pull(&other_way_round).unwrap();
    assert_eq!(hq.engine.folding(), 1);
    assert_ne!(hq.state_hashes().0, other_way_round.state_hashes().0);
    hq.fold_all();
    assert_eq!(hq.engine.vector(), other_way_round.engine.vector());
    assert_eq!(hq.state_hashes(), other_way_round.state_hashes());
    assert_right(&hq);
}

#[test]
fn what_arrives_meanwhile_is_taken_in() {
    let (mut hq, mut north) = late_for(JUST_LONG);
    hq.pull(&north).unwrap();
    for _ in 0..4 {
        assert_eq!(hq.engine.fold_step(STEP).unwrap(), STEP);
    }
    // North has seen nothing of HQ's; what it writes after it has sorts last, and what it wrote before does not.
    north.pull(&hq).unwrap();
    north.fold_all();
    north.engine.rename(person(1), "Last", 2);
    hq.pull(&north).unwrap();
    assert_eq!(hq.last_name(), "Last1", "whoever reads sees it at once");
    let left = hq.fold_all();
    assert!(left < 2 * usize::try_from(JUST_LONG).unwrap() - 3 * STEP, "{left}: it did not begin again");
    assert_eq!(hq.last_name(), "Last1");
    assert_right(&hq);
    assert_eq!(hq.state_hashes(), north.state_hashes());
}

#[test]
fn another_late_entry_begins_it_again() {
    let (mut hq, mut north) = late_for(JUST_LONG);
    hq.pull(&north).unwrap();
    hq.engine.fold_step(2_000).unwrap();
    north.accept(check_in(1));
    hq.pull(&north).unwrap();
    let all = usize::try_from(JUST_LONG).unwrap();
    assert_eq!(hq.fold_all(), 2 * (all + 3));
    assert_eq!(hq.engine.published().arrivals.inside, 1);
    assert_right(&hq);
}

#[test]
fn a_node_that_died_meanwhile_takes_it_up_again() {
    let (mut hq, north) = late_for(JUST_LONG);
    hq.pull(&north).unwrap();
    hq.engine.fold_step(STEP).unwrap();
    let mut hq = hq.reboot(3);
    assert_eq!(hq.engine.folding(), 1);
    assert_eq!(verify(&hq.path()).unwrap().streams_to_fold, 1);
    assert!(matches!(hq.try_check_in(1), Err(SubmitError::Busy { .. })));
    hq.accept(check_in(2));
    hq.fold_all();
    assert_right(&hq);
    hq.try_check_in(1).unwrap();
    assert_eq!(hq.engine.published().arrivals.inside, 2);
}

#[test]
fn a_group_that_is_undone_does_not_begin_it_again() {
    let (mut hq, north) = late_for(JUST_LONG);
    hq.pull(&north).unwrap();
    let first = hq.engine.fold_step(STEP).unwrap();
    let submitted = [hq.submitted(check_in(2)), hq.submitted(check_in(1))];
    let committed = hq.engine.commit(submitted.map(Submission::Command).into());
    assert!(committed.broken.is_none());
    hq.engine.undo().unwrap();
    let all = usize::try_from(JUST_LONG).unwrap() + 2;
    assert_eq!(first + hq.fold_all(), 2 * all);
    assert_right(&hq);
}

#[test]
fn somebody_erased_is_gone_at_once_and_removed_once_the_fold_is_in_place() {
    let (mut hq, mut north) = late_for(JUST_LONG);
    hq.pull(&north).unwrap();
    north.accept(Command::EraseAttendee { attendee: person(1) });
    hq.pull(&north).unwrap();
    let attendee = hq.reader().read_here(|db| db.attendee(person(1))).unwrap().unwrap();
    assert_eq!(attendee.person, None, "nobody reads the words any more");
    let stage = hq.engine.erasing();
    hq.engine.erase_step().unwrap();
    assert_eq!(hq.engine.erasing(), stage);
    hq.fold_all();
    for _ in 0..1_000 {
        hq.engine.erase_step().unwrap();
    }
    assert_eq!(hq.engine.erasing(), None);
    assert_right(&hq);
}

#[test]
fn a_rebuild_makes_it_unnecessary() {
    let (mut hq, north) = late_for(JUST_LONG);
    hq.pull(&north).unwrap();
    hq.engine.rebuild().unwrap();
    assert_eq!(hq.engine.folding(), 0);
    assert_right(&hq);
    let hq = hq.reboot(3);
    assert_eq!(hq.engine.folding(), 0);
}
