//! The facts of events that replication itself looks at.

use lanyard_domain::Facts;
use lanyard_domain::event::{AttendeeErased, ErasuresCompleted, ReaderChanged};
use lanyard_sync::Signature;

use crate::golden::assert_frozen;

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
