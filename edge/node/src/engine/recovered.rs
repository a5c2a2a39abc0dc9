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
        let mut commands: BTreeMap<CommandId, Accepted> = BTreeMap::new();
        for AdmittedEntry { entry, .. } in entries {
            let is_of_log = [EPOCH_OPENED_KIND, FORK_FOUND_KIND].contains(&entry.header.kind.as_str());
            if entry.dot.log.node == self.identity.node && !is_of_log {
                refer(commands.entry(entry.header.command).or_default(), entry);
            }
        }
        for (command, accepted) in commands.into_iter().filter(|(_, accepted)| !accepted.entries.is_empty()) {
            self.recover_outcome(command, accepted)?;
        }
        Ok(())
    }

    fn recover_outcome(&mut self, command: CommandId, accepted: Accepted) -> Result<(), StoreError> {
        let made = |accepted| StoredOutcome::without_request(Outcome::Accepted(accepted));
        match self.outcomes.get(&self.db, &command)? {
            None => self.outcomes.insert(&self.db, &command, &made(accepted)),
            // The entries of a long command come in several batches.
            Some(known) if known.is_without_request() => match known.outcome {
                Outcome::Accepted(mut known) => {
                    let news = accepted.entries.into_iter().filter(|dot| !known.entries.contains(dot));
                    let news: Vec<_> = news.collect();
                    known.entries.extend(news);
                    self.outcomes.replace(&self.db, &command, &made(known))
                }
                Outcome::Refused(_) => Ok(()),
            },
            Some(_) => Ok(()),
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
