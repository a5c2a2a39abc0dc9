//! Documents over nodes that do not always hear each other.

use std::collections::BTreeMap;

use super::*;
use crate::command::Command;
use crate::event::DocumentChanged;
use crate::id::AttendeeId;
use crate::refusal::Refusal;
use crate::role::Role;
use crate::test_world::{Node, guest, meet, venue};
use crate::{Account, Facts, Person, Stream, View};

fn edit(document: DocumentId, seen: &Version, edits: &[(Field, &str)]) -> Command {
    let edits = edits.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
    Command::EditDocument { document, seen: seen.clone(), edits }
}

fn document(node: &Node, id: AttendeeId) -> Document {
    node.attendee(id).document.map(|document| *document).unwrap_or_default()
}

/// Edits what the node shows.
fn write(node: &mut Node, id: AttendeeId, edits: &[(Field, &str)]) {
    let seen = document(node, id).version;
    assert_eq!(node.give(&edit(DocumentId::Attendee(id), &seen, edits)).unwrap().len(), 1);
}

fn values(document: &Document, field: Field) -> Vec<&str> {
    let mut values: Vec<_> =
        document.fields.get(&field).into_iter().flatten().map(|value| value.text.as_str()).collect();
    values.sort_unstable();
    values
}

#[test]
fn badge_text_is_written_over_the_list_and_taken_away_again() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    let north = &mut nodes[1];
    write(
        north,
        id,
        &[(Field::BadgeName, " Countess Ada "), (Field::Company, "Analytical"), (Field::Pronouns, "she")],
    );
    let words = north.attendee(id).badge_words();
    assert_eq!((words.full_name().as_str(), words.company.as_deref()), ("Countess Ada", Some("Analytical")));
    assert_eq!(words.pronouns.as_deref(), Some("she"));
    assert_eq!(north.attendee(id).person.map(|person| person.first_name).as_deref(), Some("Ada"));
    write(north, id, &[(Field::BadgeName, ""), (Field::Pronouns, "she/her")]);
    let words = north.attendee(id).badge_words();
    assert_eq!((words.first_name.as_str(), words.pronouns.as_deref()), ("Ada", Some("she/her")));
    assert!(!document(north, id).fields.contains_key(&Field::BadgeName));
}

#[test]
fn what_was_seen_before_is_no_change() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    let north = &mut nodes[1];
    let old = document(north, id).version;
    write(north, id, &[(Field::Company, "One")]);
    let seen = document(north, id).version;
    let whom = DocumentId::Attendee(id);
    assert_eq!(
        north.give(&edit(whom, &seen, &[(Field::Company, "One "), (Field::Text, "")])).unwrap().len(),
        0
    );
    assert_eq!(north.give(&edit(whom, &old, &[(Field::Company, "")])).unwrap().len(), 0);
    assert_eq!(values(&document(north, id), Field::Company), ["One"]);
}

#[test]
fn two_desks_at_one_field_leave_both_values_until_one_is_chosen() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    write(&mut nodes[0], id, &[(Field::Company, "First")]);
    meet(&mut nodes);
    write(&mut nodes[1], id, &[(Field::Company, "North")]);
    write(&mut nodes[2], id, &[(Field::Company, "South"), (Field::AccessNeeds, "lift")]);
    meet(&mut nodes);
    for node in &nodes {
        assert_eq!(values(&document(node, id), Field::Company), ["North", "South"]);
        assert_eq!(values(&document(node, id), Field::AccessNeeds), ["lift"]);
        assert_eq!(node.state_bytes(), nodes[0].state_bytes());
    }
    let shown = document(&nodes[0], id).fields[&Field::Company].clone();
    let accounts: Vec<_> = shown.iter().map(|value| value.at.account).collect();
    assert_eq!(accounts.len(), 2);
    assert_ne!(accounts[0], accounts[1], "each value says whose it is");
    // The one that is used as it is may be chosen too.
    let chosen = shown[0].text.clone();
    write(&mut nodes[0], id, &[(Field::Company, &chosen)]);
    meet(&mut nodes);
    for node in &nodes {
        assert_eq!(values(&document(node, id), Field::Company), [chosen.as_str()]);
        assert_eq!(node.state_bytes(), nodes[0].state_bytes());
    }
}

#[test]
fn no_word_of_a_note_is_lost() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    write(&mut nodes[0], id, &[(Field::Text, "Came by train.")]);
    meet(&mut nodes);
    write(&mut nodes[1], id, &[(Field::Text, "Came by train. Needs a taxi.")]);
    write(&mut nodes[2], id, &[(Field::Text, "Luggage is in the cloakroom. Came by train.")]);
    meet(&mut nodes);
    for node in &nodes {
        assert_eq!(
            values(&document(node, id), Field::Text),
            ["Luggage is in the cloakroom. Came by train. Needs a taxi."]
        );
    }
}

#[test]
fn notes_that_were_begun_apart_become_one() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    write(&mut nodes[1], id, &[(Field::Text, "north")]);
    write(&mut nodes[2], id, &[(Field::Text, "south")]);
    meet(&mut nodes);
    let text = document(&nodes[0], id).text(Field::Text).unwrap().to_owned();
    assert!(text == "northsouth" || text == "southnorth", "{text}");
}

#[test]
fn a_desk_that_looked_before_another_one_wrote_overwrites_nothing() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    let north = &mut nodes[1];
    let seen = document(north, id).version;
    let whom = DocumentId::Attendee(id);
    north.give(&edit(whom, &seen, &[(Field::Pronouns, "she"), (Field::Text, "one")])).unwrap();
    north.give(&edit(whom, &seen, &[(Field::Pronouns, "they"), (Field::Company, "Two")])).unwrap();
    let known = document(north, id);
    assert_eq!(values(&known, Field::Pronouns), ["she", "they"]);
    assert_eq!((values(&known, Field::Text), values(&known, Field::Company)), (vec!["one"], vec!["Two"]));
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    let whom = DocumentId::Attendee(id);
    let none = Version::default();
    let refused = |node: &mut Node, command: &Command| match node.give(command) {
        Err(Refusal::InvalidField { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let long = "x".repeat(101);
    assert_eq!(refused(&mut nodes[1], &edit(whom, &none, &[(Field::BadgeName, &long)])), "badge_name");
    assert_eq!(refused(&mut nodes[1], &edit(whom, &none, &[(Field::Company, "a\nb")])), "company");
    assert_eq!(refused(&mut nodes[1], &edit(whom, &none, &[(Field::Text, "a\u{7}b")])), "text");
    let handover = DocumentId::Shared(SharedDocument::Handover);
    assert_eq!(refused(&mut nodes[1], &edit(handover, &none, &[(Field::Company, "x")])), "company");
    let unknown = Version([[7; 32]].into());
    let seen_nothing_here = nodes[1].give(&edit(whom, &unknown, &[(Field::Company, "x")]));
    assert_eq!(seen_nothing_here.err(), Some(Refusal::UnknownVersion));
    let nobody = DocumentId::Attendee(AttendeeId([9; 16]));
    assert_eq!(nodes[1].give(&edit(nobody, &none, &[])).err(), Some(Refusal::UnknownAttendee));
    nodes[1].give(&Command::EraseAttendee { attendee: id }).unwrap();
    assert!(matches!(nodes[1].give(&edit(whom, &none, &[])), Err(Refusal::Erased { .. })));
}

#[test]
fn a_text_of_any_script_and_the_longest_one_fit_into_an_entry() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    let random = |n: u32| char::from_u32(0x2_0000 + n.wrapping_mul(2_654_435_761) % 0xA000).unwrap();
    for round in 0..3 {
        let text: String = (0..4_000).map(|n| random(n + round * 10_000)).collect();
        write(&mut nodes[1], id, &[(Field::Text, &text)]);
        assert_eq!(document(&nodes[1], id).text(Field::Text), Some(text.as_str()));
    }
    meet(&mut nodes);
    assert_eq!(nodes[0].state_bytes(), nodes[1].state_bytes());
}

#[test]
fn a_document_has_a_last_edit() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    let whom = DocumentId::Attendee(id);
    for n in 0..whom.changes_max() {
        write(&mut nodes[1], id, &[(Field::Company, &n.to_string())]);
    }
    let seen = document(&nodes[1], id).version;
    let more = nodes[1].give(&edit(whom, &seen, &[(Field::Company, "more")]));
    assert_eq!(more.err(), Some(Refusal::DocumentFull { changes: 200 }));
}

#[test]
fn the_run_book_is_for_supervisors_and_the_handover_for_everybody_at_a_desk() {
    let mut nodes = venue();
    let none = Version::default();
    for (shared, least) in
        [(SharedDocument::Handover, Role::Volunteer), (SharedDocument::RunBook, Role::Supervisor)]
    {
        let command = edit(DocumentId::Shared(shared), &none, &[(Field::Text, "Doors at nine.")]);
        assert_eq!(command.least_role(), least);
        let written = nodes[1].give(&command).unwrap();
        assert_eq!(written[0].stream, Stream::Document(shared));
        assert_eq!(Stream::parse(&written[0].stream.name()), Some(Stream::Document(shared)));
        meet(&mut nodes);
        let known = nodes[0].view.document(shared).unwrap();
        assert_eq!(known.text(Field::Text), Some("Doors at nine."));
    }
}

#[test]
fn an_erased_document_is_gone_whoever_writes_to_it() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    write(&mut nodes[1], id, &[(Field::Text, "asked for Bo")]);
    meet(&mut nodes);
    nodes[0].give(&Command::EraseAttendee { attendee: id }).unwrap();
    write(&mut nodes[2], id, &[(Field::Text, "asked for Bo and Cy")]);
    meet(&mut nodes);
    for node in &nodes {
        assert_eq!(node.attendee(id).document, None);
        assert_eq!(node.state_bytes(), nodes[0].state_bytes());
    }
}

/// Entries of one document as some log has them: change after change.
fn changes(nodes: &mut [Node; 3], id: AttendeeId) -> Vec<DocumentBytes> {
    let mut changes = Vec::new();
    for text in ["one", "two", "three", "four"] {
        let seen = document(&nodes[1], id).version;
        let written =
            nodes[1].give(&edit(DocumentId::Attendee(id), &seen, &[(Field::Company, text)])).unwrap();
        assert_eq!(written[0].event.facts, Facts::from(DocumentChanged {}));
        changes.extend(written[0].event.personal.clone().and_then(|words| words.change));
    }
    changes
}

fn at(seq: u64, sees: &dyn Fn(lanyard_sync::Dot) -> bool) -> Placed<'_> {
    let log = lanyard_sync::LogId { node: lanyard_sync::NodeId([1; 16]), epoch: lanyard_sync::Epoch(1) };
    Placed {
        dot: log.dot(seq),
        account: Account::Hq,
        lamport: seq,
        at_ms: 0,
        skew_ms: None,
        actor: "ana",
        desk: "north-1",
        command: lanyard_sync::CommandId([0; 16]),
        authority: true,
        sees,
    }
}

#[test]
fn a_change_waits_for_those_it_was_made_on() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    let changes = changes(&mut nodes, id);
    let sees = |_| false;
    let mut known = Document::default();
    for (seq, n) in [(1, 0), (2, 3), (3, 2)] {
        known.apply(&changes[n], &at(seq, &sees));
    }
    assert_eq!((known.changes, known.waiting(), known.text(Field::Company)), (1, 2, Some("one")));
    let stored = serde_json::to_vec(&known).unwrap();
    let mut known: Document = serde_json::from_slice(&stored).unwrap();
    known.apply(&changes[1], &at(4, &sees));
    assert_eq!((known.changes, known.waiting(), known.text(Field::Company)), (4, 0, Some("four")));
    assert_eq!(known.fields[&Field::Company][0].at.dot.seq, 2, "a value is of the entry that says so");
    known.apply(&changes[1], &at(5, &sees));
    assert_eq!((known.changes, known.left_out), (4, 0), "the same change again is nothing");
}

#[test]
fn what_is_no_change_is_left_out_and_harms_nothing() {
    let mut nodes = venue();
    let id = guest(&mut nodes, "Ada");
    let changes = changes(&mut nodes, id);
    let sees = |_| false;
    let mut known = Document::default();
    known.apply(&changes[0], &at(1, &sees));
    known.apply(&DocumentBytes(b"no change".to_vec()), &at(2, &sees));
    let mut cut = changes[1].clone();
    cut.0.truncate(40);
    known.apply(&cut, &at(3, &sees));
    assert_eq!((known.changes, known.left_out, known.text(Field::Company)), (1, 2, Some("one")));
    for seq in 4..90 {
        known.apply(&changes[3], &at(seq, &sees));
    }
    assert_eq!((known.waiting(), known.left_out), (PARKED_MAX, 2 + 86 - 64));
}

#[test]
fn a_change_that_no_node_of_ours_makes_harms_nothing() {
    use automerge::ReadDoc as _;
    use automerge::transaction::{CommitOptions, Transactable};
    let mut other = automerge::Automerge::load(&genesis::GENESIS).unwrap();
    other.set_actor(automerge::ActorId::from([9; 16]));
    let mut transaction = other.transaction();
    transaction.put(automerge::ROOT, "text", 7).unwrap();
    transaction.put(automerge::ROOT, "company", true).unwrap();
    let (hash, _) = transaction.commit_with(CommitOptions::default().with_time(0));
    let mut change = other.get_change_by_hash(&hash.unwrap()).unwrap();
    let mut known = Document::default();
    known.apply(&DocumentBytes(change.bytes().into_owned()), &at(1, &|_| false));
    assert_eq!((known.changes, known.fields.len()), (1, 0));
    let text = |text: &str| BTreeMap::from([(Field::Text, text.to_owned())]);
    let edited = Merged::load(&known.base).unwrap().edit(&known.version, &text("x"), [1; 16]);
    assert_eq!(edited, Err(merged::UnknownVersion));
    let company = BTreeMap::from([(Field::Company, "One".to_owned())]);
    let edited = Merged::load(&known.base).unwrap().edit(&known.version, &company, [1; 16]).unwrap();
    known.apply(&edited.unwrap(), &at(2, &|_| false));
    assert_eq!(known.text(Field::Company), Some("One"));
}

#[test]
fn the_same_changes_make_the_same_bytes_on_every_machine() {
    let mut known = Document::default();
    let texts: Vec<String> = (0..4).map(|n| "A long note, said again. ".repeat(20 + n)).collect();
    for (seq, text) in (1_u8..).zip(&texts) {
        let seen = if seq == 3 { Version::default() } else { known.version.clone() };
        let edits = BTreeMap::from([(Field::Text, text.clone()), (Field::Pronouns, seq.to_string())]);
        let merged = Merged::load(&known.base).unwrap();
        let change = merged.edit(&seen, &edits, [seq; 16]).unwrap().unwrap();
        known.apply(&change, &at(seq.into(), &|_| false));
    }
    assert_eq!((known.changes, known.fields[&Field::Pronouns].len()), (4, 1));
    let bytes = serde_json::to_vec(&known).unwrap();
    assert_eq!(
        blake3::hash(&bytes).to_hex().as_str(),
        "24d60d7a81ce8e0e512362eae40d6cf9954ad55140956346a56f4a2eafa2822c"
    );
}

#[test]
fn words_of_people_are_not_shown_by_accident() {
    let change = DocumentBytes(b"Countess".to_vec());
    let words = Person { change: Some(change), ..Person::default() };
    assert!(!format!("{words:?}").contains("Countess"));
    let json = serde_json::to_string(&words).unwrap();
    assert_eq!(json, r#"{"change":"Q291bnRlc3M"}"#);
    assert_eq!(serde_json::from_str::<Person>(&json).unwrap(), words);
    let edits: BTreeMap<Field, String> = [(Field::BadgeName, "x".to_owned())].into();
    assert_eq!(serde_json::to_string(&edits).unwrap(), r#"{"badge_name":"x"}"#);
}
