//! The writing thread: takes what is queued as groups, commits, answers, and looks after the disk in between.

use std::time::{Duration, Instant};

use lanyard_domain::FreshCheckIn;
use tokio::runtime::{self, Runtime};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::timeout;

use super::Queued;
use crate::engine::{Committed, Engine, GROUP_MAX, Published, Reply, Submission};
use crate::fault::{Fault, is_planted};
use crate::health::Health;
use crate::store::StoreError;
use crate::store::ballast::Ballast;
use crate::store::checkpoint::{self, Checkpointer, WAL_PAGES, WAL_PAGES_ON_RESERVE};

/// How long the removal of what is erased rests between two steps.
const STEP_EVERY: Duration = Duration::from_millis(2);
/// How long long streams are folded between two groups.
const FOLD_FOR: Duration = Duration::from_millis(2);
/// Rows that are indexed between two groups; that takes a few milliseconds.
const INDEXED_AT_ONCE: usize = 128;
/// How long nobody must have asked for anything before a step that takes long.
const QUIET: Duration = Duration::from_secs(1);
/// How long a step is not tried again that found the disk full.
const STEP_AGAIN: Duration = Duration::from_mins(1);
/// How often a full disk is looked at, at most.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What the thread owns.
pub(super) struct Worker {
    engine: Engine,
    queued: mpsc::Receiver<Queued>,
    publish: watch::Sender<Published>,
    health: watch::Sender<Health>,
    checkpointer: Checkpointer,
    ballast: Ballast,
    fresh: broadcast::Sender<FreshCheckIn>,
    /// When the disk was looked at.
    looked: Instant,
    /// When something was last asked of the node.
    asked: Instant,
    /// Until when no step of the removal is taken, and none of a fold.
    no_step_before: Instant,
    no_fold_before: Instant,
    no_indexing_before: Instant,
    /// Whether it was told to end: every [`super::Writer`] was dropped.
    is_told_to_end: bool,
}

impl Drop for Worker {
    /// However else it ends, by an error or a panic, nothing is written any more.
    fn drop(&mut self) {
        if !self.is_told_to_end {
            self.set_health(Health::Stopped);
        }
    }
}

/// What ended a wait.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly always something is asked, and a box each costs more than the room"
)]
enum Next {
    Asked(Queued),
    TimeToLook,
    /// Every [`super::Writer`] was dropped.
    Ended,
}

impl Worker {
    pub(super) fn new(
        engine: Engine,
        queued: mpsc::Receiver<Queued>,
        publish: watch::Sender<Published>,
        health: watch::Sender<Health>,
        fresh: broadcast::Sender<FreshCheckIn>,
    ) -> Result<Self, StoreError> {
        let checkpointer = Checkpointer::start(engine.path())?;
        let ballast = Ballast::keep(engine.path(), engine.options().ballast_bytes);
        let now = Instant::now();
        Ok(Self {
            engine,
            queued,
            publish,
            health,
            checkpointer,
            ballast,
            fresh,
            looked: now,
            asked: now,
            no_step_before: now,
            no_fold_before: now,
            no_indexing_before: now,
            is_told_to_end: false,
        })
    }

    /// Works until every [`super::Writer`] was dropped or the store fails.
    pub(super) fn run(mut self) -> Result<(), StoreError> {
        let clock = runtime::Builder::new_current_thread().enable_time().build();
        let clock = clock.map_err(|error| StoreError::damaged(format!("no clock to write by: {error}")))?;
        let mut group = Vec::with_capacity(GROUP_MAX);
        let mut replies = Vec::with_capacity(GROUP_MAX);
        loop {
            let mut next = match self.next(&clock) {
                Next::Asked(first) => Some(first),
                Next::TimeToLook => None,
                Next::Ended => {
                    self.is_told_to_end = true;
                    return Ok(());
                }
            };
            while let Some(Queued { submission, reply }) = next {
                group.push(submission);
                replies.push(reply);
                next = if group.len() < GROUP_MAX { self.queued.try_recv().ok() } else { None };
            }
            if group.is_empty() {
                self.erase()?;
            } else {
                if group.iter().any(Submission::is_asked) {
                    self.asked = Instant::now();
                }
                let committed = self.commit(std::mem::take(&mut group), &mut replies);
                if let Some(error) = committed.broken {
                    return Err(error);
                }
                self.checkpoint();
            }
            self.fold()?;
            self.index()?;
            self.look();
        }
    }

    /// Waits for a submission; while the disk is looked at or something is folded or removed, until then at most.
    fn next(&mut self, clock: &Runtime) -> Next {
        let look = self.ballast.is_pending().then_some(LOOK_EVERY);
        let within = look.into_iter().chain(self.next_step()).min();
        let received = if let Some(within) = within {
            match clock.block_on(async { timeout(within, self.queued.recv()).await }) {
                Ok(received) => received,
                Err(_) => return Next::TimeToLook,
            }
        } else {
            self.queued.blocking_recv()
        };
        received.map_or(Next::Ended, Next::Asked)
    }

    /// Commits a group and replies. What is replied was synced before.
    fn commit(&mut self, group: Vec<Submission>, replies: &mut Vec<oneshot::Sender<Reply>>) -> Committed {
        // Planted for check-ins alone, so that what shows it is a node that dies, not a card read too early.
        if is_planted(Fault::AnswerBeforeCommit) && group.iter().any(Submission::is_check_in) {
            let committed = self.engine.commit_late(group, |made| answer(replies, made));
            self.publish(&committed);
            return committed;
        }
        let mut committed = self.engine.commit_beside(&mut self.ballast, group);
        self.publish(&committed);
        answer(replies, std::mem::take(&mut committed.replies));
        committed
    }

    fn publish(&mut self, committed: &Committed) {
        let published = self.engine.published();
        // A change of memory alone does not show that the disk takes something again.
        let stays_full =
            *self.health.borrow() == Health::Full && published.position == self.publish.borrow().position;
        if committed.broken.is_none() && (committed.is_full || !stays_full) {
            self.set_health(match (committed.is_full, self.ballast.is_given_up()) {
                (true, _) => Health::Full,
                (false, true) => Health::Low,
                (false, false) => Health::Ok,
            });
        }
        self.publish.send_replace(published);
        for fresh in self.engine.take_fresh() {
            // Without a line to a peer nobody listens.
            drop(self.fresh.send(fresh));
        }
    }

    fn set_health(&self, health: Health) {
        if self.health.send_if_modified(|present| std::mem::replace(present, health) != health) {
            health.tell();
        }
    }

    /// Makes the ballast again once there is room.
    fn look(&mut self) {
        if !self.ballast.is_pending() || self.looked.elapsed() < LOOK_EVERY {
            return;
        }
        self.looked = Instant::now();
        let was_given_up = self.ballast.is_given_up();
        self.ballast.look();
        if was_given_up && !self.ballast.is_given_up() {
            self.set_health(Health::Ok);
        }
    }

    /// How long it is until the next step of a fold, of what is to be indexed, or of the removal of what is erased.
    fn next_step(&self) -> Option<Duration> {
        let until = |time: Instant| Some(STEP_EVERY.max(time.saturating_duration_since(Instant::now())));
        if self.engine.folding() > 0 {
            return until(self.no_fold_before);
        }
        if self.engine.unindexed() > 0 {
            return until(self.no_indexing_before);
        }
        let stage = self.engine.erasing()?;
        let rest =
            if stage.waits_for_quiet() { QUIET.saturating_sub(self.asked.elapsed()) } else { STEP_EVERY };
        Some(rest.max(STEP_EVERY).max(self.no_step_before.saturating_duration_since(Instant::now())))
    }

    /// Folds long streams anew for a moment, also while there is always somebody who asks.
    fn fold(&mut self) -> Result<(), StoreError> {
        let (began, before) = (Instant::now(), self.engine.folding());
        while self.engine.folding() > 0 && self.no_fold_before <= began && began.elapsed() < FOLD_FOR {
            // One by one: a change of a document takes long.
            match self.engine.fold_step(1) {
                Ok(_) => {}
                // Whoever writes tells of it.
                Err(StoreError::Full) => {
                    self.no_fold_before = Instant::now() + LOOK_EVERY;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        if self.engine.folding() < before {
            self.publish.send_replace(self.engine.published());
        }
        Ok(())
    }

    /// Indexes some of what a snapshot brought, and rests for as long.
    fn index(&mut self) -> Result<(), StoreError> {
        let began = Instant::now();
        if self.engine.unindexed() == 0 || self.no_indexing_before > began {
            return Ok(());
        }
        // The room of the ballast is for desks.
        let is_full = self.ballast.is_given_up();
        let step = if is_full { Err(StoreError::Full) } else { self.engine.index_step(INDEXED_AT_ONCE) };
        let rest = match step {
            Ok(()) => began.elapsed(),
            // Whoever writes tells of it.
            Err(StoreError::Full) => LOOK_EVERY,
            Err(error) => return Err(error),
        };
        self.no_indexing_before = Instant::now() + rest;
        self.checkpoint();
        self.publish.send_replace(self.engine.published());
        Ok(())
    }

    /// Takes the next step of the removal, when it is time.
    fn erase(&mut self) -> Result<(), StoreError> {
        let Some(stage) = self.engine.erasing().filter(|_| self.engine.folding() == 0) else { return Ok(()) };
        let is_quiet = self.asked.elapsed() >= QUIET;
        if self.no_step_before > Instant::now() || (stage.waits_for_quiet() && !is_quiet) {
            return Ok(());
        }
        match self.engine.erase_step() {
            Ok(()) => {}
            Err(StoreError::Full) => {
                tracing::warn!("the disk is too full to remove what was erased; it is tried again");
                self.no_step_before = Instant::now() + STEP_AGAIN;
            }
            Err(error) => return Err(error),
        }
        if self.engine.erasing() == Some(stage) && stage.waits_for_quiet() {
            // It waits for a reader or a printer.
            self.no_step_before = Instant::now() + QUIET;
        }
        self.publish.send_replace(self.engine.published());
        Ok(())
    }

    /// Copies the write-ahead log when it has grown, after the replies went out.
    fn checkpoint(&mut self) {
        let pages = if self.ballast.is_given_up() { WAL_PAGES_ON_RESERVE } else { WAL_PAGES };
        if self.engine.wal_pages() < pages {
            return;
        }
        if !self.checkpointer.take_copied() {
            self.checkpointer.request();
            return;
        }
        if let Err(error) = self.engine.checkpoint() {
            checkpoint::tell_failed(&error);
        }
    }
}

fn answer(replies: &mut Vec<oneshot::Sender<Reply>>, made: Vec<Reply>) {
    for (reply, made) in replies.drain(..).zip(made) {
        // Whoever asked may have gone; the outcome is stored under the command's id.
        drop(reply.send(made));
    }
}
