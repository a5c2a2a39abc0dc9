//! Documents over several nodes: in the store, after a fork, a retirement and an erasure.

use lanyard_domain::document::{Field, Version};
use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Command, Document, DocumentId, Refusal, SharedDocument};

use super::fork_tests::{assert_same, exchange, fork_of, settle, two_norths};
use super::test_node::{TestNode, person, venue};

impl TestNode {
    fn document(&self) -> Document {
        let attendee = self.reader().read_here(|db| db.attendee(person(1))).unwrap().unwrap();
        attendee.document.map(|document| *document).unwrap_or_default()
    }

    fn values(&self, field: Field) -> Vec<String> {
        let document = self.document();
        let mut values: Vec<_> =
            document.fields.get(&field).into_iter().flatten().map(|value| value.text.clone()).collect();
        values.sort();
        values
    }

    /// Edits what it shows of the first attendee.
    fn write(&mut self, field: Field, text: &str) {
        let seen = self.document().version;
        self.accept(edit(&seen, field, text));
    }
}

fn edit(seen: &Version, field: Field, text: &str) -> Command {
    let document = DocumentId::Attendee(person(1));
    Command::EditDocument { document, seen: seen.clone(), edits: [(field, text.to_owned())].into() }
}

#[test]
fn both_values_stand_until_one_is_chosen_and_a_rebuild_makes_the_same() {
    let (mut hq, mut north, mut south) = venue();
    north.write(Field::Company, "North");
    south.write(Field::Company, "South");
    south.write(Field::Text, "Speaks at noon.");
    hq.pull(&south).unwrap();
    exchange(&mut north, &mut hq);
    exchange(&mut south, &mut hq);
    for node in [&north, &south, &hq] {
        assert_eq!(node.values(Field::Company), ["North", "South"]);
        assert_eq!(node.values(Field::Text), ["Speaks at noon."]);
    }
    assert_same(&[&hq, &north, &south]);
    south.write(Field::Company, "South");
    exchange(&mut south, &mut hq);
    north.pull(&hq).unwrap();
    let before = north.state_hashes();
    north.engine.rebuild().unwrap();
    let north = north.reboot(3);
    assert_eq!(north.state_hashes(), before);
    assert_eq!(north.values(Field::Company), ["South"]);
    assert_same(&[&hq, &north, &south]);
}

#[test]
fn a_text_of_the_conference_has_a_stream_of_its_own() {
    let (mut hq, mut north, _) = venue();
    let document = DocumentId::Shared(SharedDocument::Handover);
    let edits = [(Field::Text, "Printer two is slow.".to_owned())].into();
    north.accept(Command::EditDocument { document, seen: Version::default(), edits });
    hq.pull(&north).unwrap();
    assert_same(&[&hq, &north]);
}

#[test]
fn what_was_written_on_a_branch_that_does_not_stand_is_kept_beside_the_other() {
    let (mut hq, _, mut first, mut second, _) = two_norths();
    first.write(Field::Pronouns, "she/her");
    hq.pull(&first).unwrap();
    second.write(Field::Pronouns, "they/them");
    second.write(Field::Company, "Second");
    let dot = fork_of(&second, &hq);
    settle(&mut second, &mut hq, dot);
    exchange(&mut second, &mut hq);
    exchange(&mut first, &mut hq);
    second.pull(&hq).unwrap();
    assert_same(&[&hq, &first, &second]);
    assert_eq!(hq.values(Field::Pronouns), ["she/her", "they/them"]);
    assert_eq!(hq.values(Field::Company), ["Second"]);
    assert_eq!((hq.document().waiting(), hq.document().left_out), (0, 0));
}

#[test]
fn an_edit_made_on_one_that_does_not_count_waits_and_is_shown_to_wait() {
    let (mut hq, mut north, mut south) = venue();
    hq.pull(&north).unwrap();
    hq.pull(&south).unwrap();
    let node = north.engine.own_log().node;
    north.write(Field::Company, "North");
    south.pull(&north).unwrap();
    let seen = south.document().version;
    south.write(Field::Company, "South");
    hq.accept(Command::CloseLogs { node, keep: None });
    hq.pull(&south).unwrap();
    south.pull(&hq).unwrap();
    hq.pull(&south).unwrap();
    assert_same(&[&hq, &south]);
    for node in [&hq, &south] {
        assert_eq!((node.document().changes, node.document().waiting()), (0, 1));
        assert_eq!(node.values(Field::Company), Vec::<String>::new());
    }
    let Outcome::Refused(refused) = south.give(edit(&seen, Field::Company, "South")).outcome else {
        panic!("what it was made on does not count")
    };
    assert_eq!(refused.refusal, Refusal::UnknownVersion);
    south.write(Field::Company, "South again");
    assert_eq!(south.values(Field::Company), ["South again"]);
}

#[test]
fn states_are_equal_while_one_node_has_removed_the_changes_and_another_has_not() {
    let (mut hq, mut north, mut south) = venue();
    for (node, text) in [(&mut north, "Asked for Bo."), (&mut south, "Asked for Cy.")] {
        node.write(Field::Text, text);
    }
    hq.pull(&north).unwrap();
    south.pull(&hq).unwrap();
    south.write(Field::Text, "Asked for nobody.");
    hq.accept(Command::EraseAttendee { attendee: person(1) });
    hq.engine.erase_step().unwrap();
    exchange(&mut south, &mut hq);
    north.pull(&hq).unwrap();
    assert_same(&[&hq, &north, &south]);
    let attendee = north.reader().read_here(|db| db.attendee(person(1))).unwrap().unwrap();
    assert_eq!(attendee.document, None);
    let refused = north.give(edit(&Version::default(), Field::Text, "again")).outcome;
    assert!(
        matches!(refused, Outcome::Refused(refused) if matches!(refused.refusal, Refusal::Erased { .. }))
    );
}
