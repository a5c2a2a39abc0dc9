//! The facts of events that replication itself looks at, and the words of a changed document.

use lanyard_domain::document::DocumentBytes;
use lanyard_domain::event::{AttendeeErased, DocumentChanged, ErasuresCompleted, Event, ReaderChanged};
use lanyard_domain::{Facts, Person};
use lanyard_sync::Signature;

use crate::golden::assert_frozen;

const DOCUMENT: &str = include_str!("../../docs/events.md");

fn assert_facts(facts: &Facts) {
    assert_frozen(&format!("event-{}-{}", facts.kind(), facts.version()), &facts.to_bytes());
    assert_eq!(Facts::parse(facts.kind(), facts.version(), &facts.to_bytes()).as_ref(), Ok(facts));
}

#[test]
fn erasures_keep_their_form() {
    let attendee = "0123456789abcdef0123456789abcdef".parse().unwrap();
    assert_facts(&AttendeeErased { attendee, signature: Some(Signature([0x5a; 64])) }.into());
    assert_facts(&ErasuresCompleted {}.into());
}

#[test]
fn what_a_node_says_of_its_release_keeps_its_form() {
    assert_facts(&ReaderChanged { reader: 2 }.into());
}

#[test]
fn a_changed_document_keeps_its_form() {
    let change = DocumentBytes(b"as automerge writes it".to_vec());
    let event = Event::with(DocumentChanged {}, Some(Person { change: Some(change), ..Person::default() }));
    assert_facts(&event.facts);
    assert_frozen("event-document-changed-1-personal", &event.personal_bytes().unwrap());
}

#[test]
fn every_kind_is_documented() {
    for (kind, version) in Facts::KINDS {
        assert_eq!(*version, 1, "docs/events.md says that all kinds have version 1, and {kind} has not");
        let row = format!("| `{kind}`");
        assert!(DOCUMENT.lines().any(|line| line.starts_with(&row)), "docs/events.md lacks {kind}");
    }
}
