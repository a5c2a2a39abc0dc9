//! What came of commands whose outcomes were lost: a node that was set back gets its entries from peers, and a
//! desk that asks again must not be given the same thing twice.

use std::collections::BTreeMap;

use lanyard_domain::event::{Facts, ScanRefused};
use lanyard_domain::outcome::{Accepted, Outcome};
use lanyard_domain::{Event, Stream};
use lanyard_sync::{AdmittedEntry, CommandId, EPOCH_OPENED_KIND, Entry, FORK_FOUND_KIND};

use super::Engine;
use super::fold::{Meaning, meaning};
use crate::store::StoreError;
use crate::store::outcomes::StoredOutcome;

impl Engine {
    /// Stores what came of this node's commands, by the entries of them that a peer had.
    pub(super) fn recover_outcomes(&mut self, entries: &[AdmittedEntry]) -> Result<(), StoreError> {
        let mut commands: BTreeMap<CommandId, Vec<&Entry>> = BTreeMap::new();
        for AdmittedEntry { entry, .. } in entries {
            let is_of_log = [EPOCH_OPENED_KIND, FORK_FOUND_KIND].contains(&entry.header.kind.as_str());
            if entry.dot.log.node == self.identity.node && !is_of_log {
                commands.entry(entry.header.command).or_default().push(entry);
            }
        }
        for (command, entries) in commands {
            self.recover_outcome(command, &entries)?;
        }
        Ok(())
    }

    /// Adds what entries say to what is known of their command: those of a long one come in several batches.
    fn recover_outcome(&mut self, command: CommandId, entries: &[&Entry]) -> Result<(), StoreError> {
        let stored = self.outcomes.get(&self.db, &command)?;
        let known = match &stored {
            None => Accepted::default(),
            Some(stored) => match &stored.outcome {
                Outcome::Accepted(known) if stored.is_without_request() => known.clone(),
                Outcome::Accepted(_) | Outcome::Refused(_) => return Ok(()),
            },
        };
        let mut accepted = known.clone();
        for entry in entries.iter().filter(|entry| !known.entries.contains(&entry.dot)) {
            refer(&mut accepted, entry);
        }
        if accepted == known {
            return Ok(());
        }
        let made = StoredOutcome::without_request(Outcome::Accepted(accepted));
        match stored {
            None => self.outcomes.insert(&self.db, &command, &made),
            Some(_) => self.outcomes.replace(&self.db, &command, &made),
        }
    }
}

/// Notes what an entry says of its command. A refused scan says that it wrote nothing else.
fn refer(accepted: &mut Accepted, entry: &Entry) {
    let Meaning::Event(event) = meaning(&entry.header, &entry.payload, true) else {
        accepted.entries.push(entry.dot);
        return;
    };
    let Event { facts, .. } = *event;
    match facts {
        Facts::ScanRefused(ScanRefused { .. }) => return,
        Facts::AttendeeCheckedIn(_) => accepted.check_in = Some(entry.dot),
        Facts::OrderPlaced(placed) => accepted.attendee = placed.attendee,
        Facts::BadgeIssued(issued) => accepted.badge_code = Some(issued.badge_code),
        _ => {}
    }
    accepted.entries.push(entry.dot);
    if entry.header.kind.ends_with("-imported") {
        return;
    }
    match Stream::parse(&entry.header.stream) {
        Some(Stream::Attendee(id)) => accepted.attendee = accepted.attendee.or(Some(id)),
        Some(Stream::Order(id)) => accepted.order = accepted.order.or(Some(id)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lanyard_domain::event::Method;
    use lanyard_domain::{Command, Person};
    use lanyard_sync::VersionVector;

    use super::*;
    use crate::engine::test_node::{TestNode, seat_type_id, venue};

    /// Entries of a node that lost its database, as a peer sends them.
    fn entries_of(lost: &TestNode) -> Vec<AdmittedEntry> {
        let batch = lost.reader().read_here(|db| db.batch_after(&VersionVector::default())).unwrap().unwrap();
        let node = blank();
        let admitted = node.engine.admit(&node.engine.known, batch).unwrap().unwrap();
        admitted
            .entries
            .into_iter()
            .filter(|one| one.entry.dot.log.node == lost.engine.own_log().node)
            .collect()
    }

    /// North with an empty database.
    fn blank() -> TestNode {
        TestNode::boot(1, Arc::new(tempfile::tempdir().unwrap()), 0)
    }

    fn recovered(node: &TestNode, command: &CommandId) -> Option<Accepted> {
        match node.engine.outcomes.get(&node.engine.db, command).unwrap()?.outcome {
            Outcome::Accepted(accepted) => Some(accepted),
            Outcome::Refused(_) => None,
        }
    }

    fn walk_up() -> Command {
        Command::RegisterWalkUp {
            person: Person { first_name: "Wanda".into(), last_name: "Walkup".into(), ..Person::default() },
            seat_type: seat_type_id("ga"),
            method: Method::Cash,
            reason: String::new(),
            not_the_same_as: Vec::new(),
        }
    }

    #[test]
    fn a_command_refers_to_the_same_when_its_entries_come_in_several_batches() {
        let (mut hq, mut north, _) = venue();
        hq.give_rights(&north, "ga", 1);
        north.pull(&hq).unwrap();
        let asked = north.submitted(walk_up());
        let command = asked.id;
        let Outcome::Accepted(accepted) = north.submit(asked).unwrap().outcome else { panic!("refused") };
        let mut again = blank();
        let mut orders = Vec::new();
        for entry in entries_of(&north) {
            again.engine.recover_outcomes(&[entry]).unwrap();
            orders.extend(recovered(&again, &command).map(|accepted| accepted.order));
        }
        assert_eq!(orders.first(), Some(&None), "the first entry says nothing of the order");
        assert!(accepted.order.is_some() && accepted.attendee.is_some());
        assert_eq!(recovered(&again, &command), Some(accepted));
    }
}
