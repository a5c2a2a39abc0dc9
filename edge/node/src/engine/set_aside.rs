//! Setting aside: two branches of a log exist, and the one that is here does not stand beside one that arrives.
//!
//! Responsible for taking its entries out of the log, for telling that it happened, and for writing what they say again in
//! this node's log, where everybody gets it.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_domain::event::ForkFound;
use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Event, Facts, Stream};
use lanyard_sync::limits::EXT_MAX_BYTES;
use lanyard_sync::{
    CommandId, Dot, Draft, LogId, OnBranch, Part, Payload, Reissued, Salted, StreamName, VersionVector,
};

use super::Engine;
use super::append::{Origin, WriteError};
use super::epoch::EpochReason;
use super::fold::{Meaning, meaning};
use crate::clock::Draws;
use crate::fault::{Fault, is_planted};
use crate::store::entries::EntryRow;
use crate::store::logs::LogRow;
use crate::store::states::Last;
use crate::store::{StoreError, contexts, entries, erasures, forks, logs};

const ACTOR: &str = "node";

/// What names the entry that tells of a fork, by whoever found it.
const COMMAND_TAG: &str = "lanyard/fork-found/1";

impl Engine {
    /// Sets aside what is here of a log from a place on, and writes it again.
    pub(super) fn set_aside(&mut self, log: LogId, from: u64, draws: &mut Draws) -> Result<(), WriteError> {
        self.sign_head()?;
        self.know_own_head();
        let row = self.logs[&log].clone();
        let branch = entries::of_log(&self.db, row.id, from)?;
        let seen = self.seen_by(&row, &branch)?;
        let mut streams = self.take_out(&row, from, &branch)?;
        self.forget_rows(&streams)?;
        let head = logs::head(&self.db, self.identity.scope, &row, &self.logs)?;
        let is_own = log == self.own_log();
        if let Some(known) = self.known.logs.get_mut(&log) {
            known.head = head.clone();
        }
        if is_own {
            self.take_up_log(head);
            if !is_planted(Fault::EpochReused) {
                self.begin_epoch(EpochReason::Forked, draws)?;
            }
        } else {
            self.take_up_log(self.log.head().clone());
        }
        // Told first: whoever has any of what is written again then knows of the fork, and finds it when the log is ended.
        self.tell_fork(ForkFound { log, from, set_aside: branch.len() as u64 }, draws)?;
        if !is_planted(Fault::BranchLost) {
            self.reissue(&branch, from, seen, draws)?;
        }
        streams.extend(self.open_what_was_closed(&row, &branch)?);
        for name in &streams {
            self.refold(name)?;
        }
        self.save_touched()?;
        tracing::warn!(%log, from, entries = branch.len(), "a branch of a log was set aside and written again");
        Ok(())
    }

    /// Tells everybody that a log has two branches, if that is news.
    pub(super) fn fork_found(
        &mut self,
        log: LogId,
        from: u64,
        draws: &mut Draws,
    ) -> Result<bool, WriteError> {
        if self.known.forks.get(&log).is_some_and(|known| *known <= from) {
            return Ok(false);
        }
        if self.held_until_seq.is_some() {
            // Others have another entry where the one that tells would stand. It shows again when the node writes.
            return Ok(false);
        }
        self.tell_fork(ForkFound { log, from, set_aside: 0 }, draws)?;
        self.save_touched()?;
        Ok(true)
    }

    fn tell_fork(&mut self, found: ForkFound, draws: &mut Draws) -> Result<(), WriteError> {
        let ForkFound { log, from, .. } = found;
        let at_ms = self.surroundings.now_ms();
        let own = self.own_log();
        let name = format!("{log} {from} {own}");
        let mut command = [0; 16];
        command.copy_from_slice(&blake3::derive_key(COMMAND_TAG, name.as_bytes())[..16]);
        let origin = Origin { command: CommandId(command), actor: ACTOR, desk: "", at_ms };
        self.append_event(&origin, 0, &Stream::Node(log.node), Event::of(found), draws)?;
        for name in self.note_fork(log, from)? {
            self.refold(&name)?;
        }
        Ok(())
    }

    /// From a fork on nobody but the log's writer is said to have seen its entries.
    pub(super) fn note_fork(&mut self, log: LogId, from: u64) -> Result<Vec<StreamName>, StoreError> {
        if self.known.forks.get(&log).is_some_and(|known| *known <= from) {
            return Ok(Vec::new());
        }
        forks::put(&self.db, log, from)?;
        self.known.forks.insert(log, from);
        self.heal_from_fork(log)?;
        self.wait_for_entries_from(log, from)?;
        match self.logs.get(&log) {
            Some(row) => forks::streams_from(&self.db, row.id, from),
            None => Ok(Vec::new()),
        }
    }

    /// What the writer of each entry had seen of other logs.
    fn seen_by(&self, log: &LogRow, branch: &[EntryRow]) -> Result<Vec<VersionVector>, StoreError> {
        let seen_at = |row: &EntryRow| {
            let mut seen = VersionVector::default();
            for peer in self.logs.values() {
                if let Some(head) = contexts::seen(&self.db, log.id, row.dot.seq, peer.id)? {
                    seen.set(peer.log, head);
                }
            }
            Ok(seen)
        };
        branch.iter().map(seen_at).collect()
    }

    /// Takes entries out of the log and of the lists of their streams; returns those streams.
    fn take_out(
        &mut self,
        log: &LogRow,
        from: u64,
        branch: &[EntryRow],
    ) -> Result<BTreeSet<StreamName>, StoreError> {
        let streams: BTreeSet<_> = branch.iter().map(|row| row.header.stream.clone()).collect();
        let removed: BTreeSet<i64> = branch.iter().map(|row| row.pos).collect();
        let mut states = self.states.borrow_mut();
        for name in &streams {
            let loaded = states.touch(&self.db, name)?;
            let Some(last) = loaded.last else { continue };
            let mut left = entries::of_stream(&self.db, last.pos)?;
            left.retain(|row| !removed.contains(&row.pos));
            left.reverse();
            let mut previous = None;
            for row in &left {
                if row.previous != previous {
                    entries::follow(&self.db, row.pos, previous)?;
                }
                previous = Some(row.pos);
            }
            let key = left.iter().map(EntryRow::canonical_key).max();
            loaded.last = previous.zip(key).map(|(pos, key)| Last { pos, key });
        }
        drop(states);
        for row in branch {
            forks::set_aside(&self.db, log.id, row)?;
        }
        forks::cut_contexts(&self.db, log.id, from)?;
        Ok(streams)
    }

    /// Writes entries again in the own log, each once.
    fn reissue(
        &mut self,
        branch: &[EntryRow],
        from: u64,
        seen: Vec<VersionVector>,
        draws: &mut Draws,
    ) -> Result<(), WriteError> {
        let mut new_dots = BTreeMap::new();
        let mut before: BTreeMap<&StreamName, [u8; 8]> = BTreeMap::new();
        for (row, seen) in branch.iter().zip(seen) {
            let stream = &row.header.stream;
            let reissued = Reissued::from_ext(&row.header.ext).unwrap_or_else(|| {
                let place = OnBranch { prefix: row.hash.prefix(), before: before.get(stream).copied() };
                Reissued { original: row.dot, from, seen, on_branch: Some(place) }
            });
            let reissued = within_limits(reissued);
            before.extend(reissued.on_branch.map(|place| (stream, place.prefix)));
            let dot = if let Some(dot) = self.written_again(row, &reissued)? {
                dot
            } else {
                let is_again = !row.header.ext.is_empty();
                let ext = if is_again { row.header.ext.clone() } else { reissued.to_ext() };
                let (payload, meaning) = self.as_own(row, renamed(row, &new_dots))?;
                self.append_draft(again(row, payload, ext, draws), &meaning)?
            };
            new_dots.insert(row.dot, dot);
        }
        let commands: BTreeSet<CommandId> = branch.iter().map(|row| row.header.command).collect();
        for command in commands {
            self.rename_outcome(&command, &new_dots)?;
        }
        Ok(())
    }

    /// What an entry says, as this node says it: an erasure in its own name, and no words that are erased.
    fn as_own(
        &self,
        row: &EntryRow,
        (mut payload, meaning): (Payload, Meaning),
    ) -> Result<(Payload, Meaning), StoreError> {
        let name = &row.header.stream;
        let is_erased = erasures::is_name_erased(&self.db, name)?;
        if is_erased {
            payload.personal = None;
        }
        let Meaning::Event(mut event) = meaning else { return Ok((payload, meaning)) };
        if is_erased {
            event.personal = None;
        }
        if let (Facts::AttendeeErased(erased), Part::Present { bytes, .. }) =
            (&mut event.facts, &mut payload.facts)
        {
            erased.signature = Some(self.word_of_erasure(name));
            *bytes = event.facts.to_bytes();
        }
        Ok((payload, Meaning::Event(event)))
    }

    /// Finds where somebody wrote this entry again. What the same command wrote on another branch is another entry: which
    /// of the two is applied is for the fold to say.
    fn written_again(&self, row: &EntryRow, reissued: &Reissued) -> Result<Option<Dot>, StoreError> {
        let mut states = self.states.borrow_mut();
        let loaded = states.touch(&self.db, &row.header.stream)?;
        let Some(last) = loaded.last else { return Ok(None) };
        let is_same = |again: &Reissued| {
            let places = again.on_branch.zip(reissued.on_branch);
            again.original.log == reissued.original.log
                && places.is_none_or(|(again, here)| again.prefix == here.prefix)
        };
        let same = |other: &EntryRow| {
            (other.header.command, other.header.index) == (row.header.command, row.header.index)
                && Reissued::from_ext(&other.header.ext).is_some_and(|again| is_same(&again))
        };
        Ok(entries::of_stream(&self.db, last.pos)?.iter().find(|other| same(other)).map(|other| other.dot))
    }

    /// What a command came to names its entries where they are.
    fn rename_outcome(&self, command: &CommandId, new_dots: &BTreeMap<Dot, Dot>) -> Result<(), StoreError> {
        let Some(mut stored) = self.outcomes.get(&self.db, command)? else { return Ok(()) };
        let Outcome::Accepted(accepted) = &mut stored.outcome else { return Ok(()) };
        for dot in accepted.entries.iter_mut().chain(accepted.check_in.as_mut()) {
            *dot = new_dots.get(dot).copied().unwrap_or(*dot);
        }
        self.outcomes.replace(&self.db, command, &stored)
    }
}

/// What an entry stands for, in as many bytes as a header has for it. Without what its writer had seen of other logs it
/// may be in a conflict with something its writer knew of; that is shown, and nothing is hidden.
fn within_limits(reissued: Reissued) -> Reissued {
    if reissued.to_ext().len() <= EXT_MAX_BYTES {
        return reissued;
    }
    Reissued { seen: VersionVector::default(), ..reissued }
}

/// The entry as it is written again.
fn again(row: &EntryRow, payload: Payload, ext: Vec<u8>, draws: &mut Draws) -> Draft {
    let header = row.header.clone();
    let salted = |part: Part| match part {
        Part::Present { salt, bytes } => Some(Salted { salt, bytes }),
        Part::Absent { .. } => None,
    };
    Draft {
        stream: header.stream,
        kind: header.kind,
        version: header.version,
        min_reader: header.min_reader,
        at_ms: header.at_ms,
        skew_ms: header.skew_ms,
        actor: header.actor,
        desk: header.desk,
        command: header.command,
        index: header.index,
        facts: salted(payload.facts).unwrap_or_else(|| Salted { salt: draws.take(), bytes: Vec::new() }),
        personal: payload.personal.and_then(salted),
        ext,
    }
}

/// What an entry says, where entries it names were written again.
fn renamed(row: &EntryRow, new_dots: &BTreeMap<Dot, Dot>) -> (Payload, Meaning) {
    let mut payload = row.payload.clone();
    let meaning = match meaning(&row.header, &payload, false) {
        Meaning::Event(event) => {
            let facts = event.facts.clone().renamed(|dot| new_dots.get(&dot).copied().unwrap_or(dot));
            if let (true, Part::Present { bytes, .. }) = (facts != event.facts, &mut payload.facts) {
                *bytes = facts.to_bytes();
            }
            Meaning::Event(Box::new(Event { facts, personal: event.personal }))
        }
        other => other,
    };
    (payload, meaning)
}

#[cfg(test)]
mod tests {
    use lanyard_domain::Command;
    use lanyard_sync::{Batch, Epoch, Hash, Head, NodeId};

    use super::super::fork_tests::{assert_same, exchange, fork_of, parting, settle, two_norths};
    use super::super::test_node::{TestNode, check_in, person};
    use super::*;
    use crate::read::EntryLine;

    #[test]
    fn what_stands_for_an_entry_is_kept_within_the_limit_of_a_header() {
        let log = |epoch| LogId { node: NodeId([1; 16]), epoch: Epoch(u64::MAX - epoch) };
        let of_logs = |count: u64| {
            let seen = (1..=count).map(|epoch| (log(epoch), Head::new(7, &Hash([9; 32])))).collect();
            Reissued { original: log(0).dot(12), from: 10, seen, on_branch: None }
        };
        assert_eq!(within_limits(of_logs(50)), of_logs(50));
        let many = of_logs(500);
        assert!(many.to_ext().len() > EXT_MAX_BYTES);
        assert_eq!(within_limits(many), of_logs(0), "it stands for the same, and nothing was seen");
    }

    /// Writes a branch again as builds did that told of the fork last, with a signed head between the two.
    fn write_again_and_tell_last(node: &mut TestNode, second: &TestNode, dot: Dot) -> Batch {
        let Engine { db, logs, .. } = &second.engine;
        let branch = entries::of_log(db, logs[&dot.log].id, dot.seq).unwrap();
        let seen = second.engine.seen_by(&logs[&dot.log], &branch).unwrap();
        let mut draws = Draws::new(&node.engine.surroundings.seed());
        let before = node.engine.vector();
        let found = ForkFound { log: dot.log, from: dot.seq, set_aside: branch.len() as u64 };
        let end = |node: &mut TestNode| {
            node.engine.save_touched().unwrap();
            node.engine.sign_head().unwrap();
            node.engine.db.execute_batch("COMMIT").unwrap();
            node.engine.know_own_head();
        };
        node.engine.db.execute_batch("BEGIN").unwrap();
        node.engine.reissue(&branch, dot.seq, seen, &mut draws).unwrap();
        end(node);
        let written_again = node.reader().read_here(|db| db.batch_after(&before)).unwrap().unwrap();
        node.engine.db.execute_batch("BEGIN").unwrap();
        node.engine.tell_fork(found, &mut draws).unwrap();
        end(node);
        written_again
    }

    #[test]
    fn what_was_written_again_before_its_fork_was_told_stops_counting_too() {
        let (mut hq, mut south, mut first, mut second, log) = two_norths();
        for number in 4..7 {
            second.accept(check_in(number));
        }
        let dot = log.dot(parting(&second, &hq, log).from);
        south.pull(&hq).unwrap();
        first.pull(&south).unwrap();
        let written_again = write_again_and_tell_last(&mut south, &second, dot);
        first.import(&written_again).unwrap();
        assert_eq!(first.engine.published().arrivals.inside, 6, "1 to 6");
        hq.accept(Command::CloseLogs { node: log.node, keep: None });
        exchange(&mut hq, &mut first);
        hq.pull(&south).unwrap();
        for node in [&mut first, &mut south] {
            node.pull(&hq).unwrap();
        }
        assert_same(&[&hq, &first, &south]);
        assert_eq!(south.engine.published().arrivals.inside, 5, "6 came after the end");
    }

    #[test]
    fn what_two_wrote_again_is_in_the_history_once() {
        let (mut hq, mut south, mut first, mut second, _) = two_norths();
        second.accept(check_in(4));
        south.pull(&second).unwrap();
        let dot = fork_of(&south, &hq);
        settle(&mut south, &mut hq, dot);
        settle(&mut second, &mut hq, dot);
        exchange(&mut south, &mut hq);
        exchange(&mut second, &mut hq);
        for node in [&mut south, &mut first] {
            node.pull(&hq).unwrap();
        }
        assert_same(&[&hq, &south, &first, &second]);
        let lines = hq.reader().read_here(|db| db.entries_after(0, 1_000)).unwrap();
        let stream = Stream::Attendee(person(4)).name();
        let is_entry = |line: &&EntryLine| line.stream == stream && line.kind == "attendee-checked-in";
        assert_eq!(lines.iter().filter(is_entry).count(), 2, "south and the second machine wrote it again");
        let history = hq.reader().read_here(|db| db.history(&Stream::Attendee(person(4)))).unwrap();
        assert_eq!(history.iter().filter(|line| line.kind == "attendee-checked-in").count(), 1);
    }
}
