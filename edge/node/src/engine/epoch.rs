//! The node's epochs: opening one whenever it cannot be shown that the log goes on, and holding writes while
//! a peer has more of the own log than this node.

use lanyard_sync::{
    CommandId, Draft, EPOCH_OPENED_KIND, EPOCH_OPENED_VERSION, Epoch, EpochOpened, LogHead, LogId,
    PreviousEpoch, Salted,
};

use super::Engine;
use super::append::WriteError;
use super::fold::Meaning;
use crate::clock::Draws;
use crate::store::{StoreError, logs, meta, sql};

/// Why an epoch was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EpochReason {
    /// The node is new.
    Enrolled,
    /// The database was copied or restored.
    Restored,
    /// A peer has more of the log than this node, and did not give it back in time.
    SetBack,
    /// Another branch of the log stands.
    Forked,
}

impl EpochReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Restored => "restored",
            Self::SetBack => "set_back",
            Self::Forked => "forked",
        }
    }
}

impl Engine {
    /// Opens an epoch in a transaction of its own.
    pub(super) fn open_epoch(&mut self, reason: EpochReason, draws: &mut Draws) -> Result<(), WriteError> {
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from)?;
        self.begin_epoch(reason, draws)?;
        self.sign_head()?;
        self.db.execute_batch("COMMIT").map_err(StoreError::from)?;
        self.know_own_head();
        Ok(())
    }

    /// Begins an epoch within a transaction: whatever is written from here on is in its log.
    pub(super) fn begin_epoch(&mut self, reason: EpochReason, draws: &mut Draws) -> Result<(), WriteError> {
        // What this group wrote before ends the epoch that is over.
        self.sign_head()?;
        let head = self.log.head();
        let previous =
            (head.seq > 0).then_some(PreviousEpoch { epoch: head.log.epoch, seq: head.seq, head: head.hash });
        if previous.is_some() {
            self.know_own_head();
        }
        let log = LogId { node: self.identity.node, epoch: Epoch(u64::from_le_bytes(draws.take())) };
        let opened = EpochOpened {
            certificate: self.identity.certificate.clone(),
            previous,
            reason: reason.as_str().to_owned(),
        };
        let draft = Draft {
            stream: EpochOpened::stream(log.node),
            kind: EPOCH_OPENED_KIND.to_owned(),
            version: EPOCH_OPENED_VERSION,
            min_reader: 1,
            at_ms: self.surroundings.now_ms(),
            skew_ms: None,
            actor: "node".to_owned(),
            desk: String::new(),
            command: CommandId(draws.take()),
            index: 0,
            facts: Salted { salt: draws.take(), bytes: opened.to_facts() },
            personal: None,
            ext: Vec::new(),
        };
        let row = logs::insert(&self.db, log, &self.identity.certificate)?;
        self.insert_log(row);
        self.take_up_log(LogHead::empty(self.identity.scope, log));
        self.append_draft(draft, &Meaning::Opening)?;
        self.save_touched()?;
        meta::set(&self.db, meta::OWN_EPOCH, sql::column(log.epoch.0))?;
        self.release_writes()?;
        if self.has_erasures {
            // What the earlier epoch said of its database need not be true of this one.
            self.begin_erasing()?;
        }
        Ok(())
    }

    /// A peer has more of the own log than this node, which was set back without noticing: nothing is
    /// decided until those entries are here again, or [`Self::write_on`] gives up on them. An entry written
    /// meanwhile would take the place of one that others have. Tells whether that is so.
    pub(super) fn hold_writes(&mut self, log: LogId, seq: u64) -> Result<bool, StoreError> {
        let is_behind = log == self.own_log() && self.log.head().seq < seq;
        if is_behind {
            let until = self.held_until_seq.map_or(seq, |held| held.max(seq));
            self.held_until_seq = Some(until);
            meta::set(&self.db, meta::HELD_UNTIL_SEQ, sql::column(until))?;
            if self.identity.is_hq() && self.waits_for.is_empty() {
                self.begin_healing()?;
            }
        }
        Ok(is_behind)
    }

    /// Decides again, in a new epoch: the entries that are missing stay a branch of the old one that others
    /// have. Tells whether writes were held.
    pub(super) fn write_on(&mut self, draws: &mut Draws) -> Result<bool, WriteError> {
        let is_held = self.held_until_seq.is_some();
        if is_held {
            self.begin_epoch(EpochReason::SetBack, draws)?;
        }
        Ok(is_held)
    }

    /// Lets commands be decided again once the own log is whole.
    pub(super) fn release_writes_when_whole(&mut self) -> Result<(), StoreError> {
        if self.held_until_seq.is_some_and(|seq| self.log.head().seq >= seq) {
            self.release_writes()?;
        }
        Ok(())
    }

    fn release_writes(&mut self) -> Result<(), StoreError> {
        if self.held_until_seq.take().is_some() {
            meta::forget(&self.db, meta::HELD_UNTIL_SEQ)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use lanyard_domain::outcome::Outcome;

    use super::super::test_node::{TestNode, check_in, copied, venue};
    use super::super::{Answer, LocalAnswer, LocalChange, SubmitError};
    use crate::verify::verify;

    fn set_back(node: &mut TestNode, seq: u64) -> LocalAnswer {
        let log = node.engine.own_log();
        node.change(LocalChange::SetBack { log, seq })
    }

    fn try_check_in(node: &mut TestNode, number: u16) -> Result<Answer, SubmitError> {
        let submitted = node.submitted(check_in(number));
        node.submit(submitted)
    }

    /// North as it was before its last two check-ins, which HQ has; nobody at north knows.
    fn set_back_unnoticed() -> (TestNode, TestNode, u64) {
        let (mut hq, mut north, _) = venue();
        north.accept(check_in(1));
        let TestNode { engine, directory, .. } = north;
        drop(engine);
        let earlier = copied(&directory);
        let mut north = TestNode::boot(1, directory, 8);
        north.accept(check_in(2));
        north.accept(check_in(3));
        hq.pull(&north).unwrap();
        let seq = north.engine.vector().seq(&north.engine.own_log());
        drop(north);
        (hq, TestNode::boot(1, earlier, 9), seq)
    }

    #[test]
    fn a_node_that_was_set_back_decides_nothing_until_its_entries_are_back() {
        let (hq, mut north, seq) = set_back_unnoticed();
        let log = north.engine.own_log();
        assert_eq!(set_back(&mut north, seq), LocalAnswer::Changed);
        assert!(matches!(try_check_in(&mut north, 4), Err(SubmitError::Busy { .. })));
        north.pull(&hq).unwrap();
        assert_eq!(north.engine.own_log(), log, "the epoch goes on");
        assert_eq!(north.engine.vector().seq(&log), seq);
        try_check_in(&mut north, 4).unwrap();
        assert_eq!(north.engine.published().arrivals.inside, 4);
        assert_eq!(verify(&north.path()).unwrap().findings, []);
    }

    #[test]
    fn a_desk_that_asks_again_after_a_set_back_is_told_what_came_of_it() {
        let (mut hq, mut north, _) = venue();
        let TestNode { engine, directory, .. } = north;
        drop(engine);
        let earlier = copied(&directory);
        north = TestNode::boot(1, directory, 8);
        let asked = north.submitted(check_in(2));
        let first = north.submit(asked.clone()).unwrap();
        hq.pull(&north).unwrap();
        drop(north);
        let mut north = TestNode::boot(1, earlier, 9);
        north.pull(&hq).unwrap();
        let again = north.submit(asked).unwrap();
        assert!(again.replayed);
        let (Outcome::Accepted(first), Outcome::Accepted(again)) = (first.outcome, again.outcome) else {
            panic!("it was accepted")
        };
        assert_eq!((first.attendee, first.check_in), (again.attendee, again.check_in));
        assert!(again.check_in.is_some());
        assert_eq!(verify(&north.path()).unwrap().findings, []);
    }

    #[test]
    fn a_node_whose_entries_do_not_come_back_goes_on_in_a_new_epoch() {
        let (mut hq, mut north, seq) = set_back_unnoticed();
        let old = north.engine.own_log();
        set_back(&mut north, seq);
        assert_eq!(north.change(LocalChange::WriteOn), LocalAnswer::Changed);
        assert_ne!(north.engine.own_log(), old);
        try_check_in(&mut north, 4).unwrap();
        north.pull(&hq).unwrap();
        hq.pull(&north).unwrap();
        assert_eq!(north.engine.vector(), hq.engine.vector());
        assert_eq!(north.engine.vector().seq(&old), seq, "the old epoch is whole and over");
        assert_eq!(north.state_hashes(), hq.state_hashes());
        assert_eq!(north.engine.published().arrivals.inside, 4);
        assert_eq!(verify(&north.path()).unwrap().findings, []);
    }

    #[test]
    fn a_node_that_dies_while_it_is_held_comes_back_in_a_new_epoch() {
        let (hq, mut north, seq) = set_back_unnoticed();
        let old = north.engine.own_log();
        set_back(&mut north, seq);
        let mut north = north.reboot(10);
        assert_ne!(north.engine.own_log(), old);
        try_check_in(&mut north, 4).unwrap();
        north.pull(&hq).unwrap();
        assert_eq!(verify(&north.path()).unwrap().findings, []);
    }

    #[test]
    fn a_node_that_waits_for_its_entries_writes_nothing_where_they_stand() {
        let (hq, mut north, seq) = set_back_unnoticed();
        let (log, of_hq) = (north.engine.own_log(), hq.engine.own_log());
        set_back(&mut north, seq);
        let before = north.engine.vector();
        let fork = LocalChange::ForkFound { log: of_hq, from: before.seq(&of_hq) };
        assert_eq!(north.change(fork), LocalAnswer::NotApplicable);
        assert_eq!(north.engine.vector(), before);
        assert_eq!(north.reader().read_here(|db| db.fork_of(of_hq)).unwrap(), None);
        north.pull(&hq).unwrap();
        assert_eq!((north.engine.own_log(), north.engine.vector().seq(&log)), (log, seq));
        try_check_in(&mut north, 4).unwrap();
    }

    #[test]
    fn nothing_is_held_for_entries_that_are_here() {
        let (_, mut north, _) = venue();
        let seq = north.engine.vector().seq(&north.engine.own_log());
        assert_eq!(set_back(&mut north, seq), LocalAnswer::NotApplicable);
        assert_eq!(north.change(LocalChange::WriteOn), LocalAnswer::NotApplicable);
        try_check_in(&mut north, 1).unwrap();
    }
}
