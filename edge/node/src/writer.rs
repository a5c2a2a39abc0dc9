//! The writer: a thread around the engine, a bounded queue before it, and answers after the commit.

mod pace;
mod thread;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lanyard_domain::FreshCheckIn;
use lanyard_sync::{Batch, Problem, VersionVector};
use tokio::sync::{Mutex, MutexGuard, broadcast, mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::engine::{
    Answer, Engine, ImportError, LocalAnswer, LocalChange, Published, Reply, Submission, SubmitError,
    Submitted,
};
use crate::health::Health;
use crate::store::StoreError;
use pace::Pace;
use thread::Worker;

/// Most submissions that wait.
const QUEUE_MAX: usize = 1024;
/// When to come again after the queue was full, milliseconds.
const RETRY_AFTER_MS: u64 = 250;
/// How long a batch waits for its turn while its sender waits for the answer: less than what a sender takes for silence.
const TURN_WITHIN: Duration = Duration::from_secs(4);
/// When to come again for a turn, milliseconds.
const TURN_AGAIN_MS: u32 = 1_000;
/// Fresh check-ins that wait for a line; one that is slower misses some.
const FRESH_MAX: usize = 256;

struct Queued {
    submission: Submission,
    reply: oneshot::Sender<Reply>,
}

/// The way to the writing thread; cheap to clone. The thread ends when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Writer {
    queue: mpsc::Sender<Queued>,
    published: watch::Receiver<Published>,
    health: watch::Receiver<Health>,
    fresh: broadcast::Sender<FreshCheckIn>,
    turn: Arc<Mutex<()>>,
    giving: Arc<Mutex<()>>,
    pace: Arc<Pace>,
}

/// The writing thread, to be waited for at the end.
#[derive(Debug)]
pub struct WriterThread(JoinHandle<Result<(), StoreError>>);

impl WriterThread {
    /// Waits until everything queued is committed and the thread has ended. Every [`Writer`] must be
    /// dropped first.
    ///
    /// # Errors
    /// What broke, when the store failed.
    pub fn join(self) -> Result<(), StoreError> {
        match self.0.join() {
            Ok(ended) => ended,
            Err(_) => Err(StoreError::damaged("the writing thread panicked")),
        }
    }
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the connection for checkpoints cannot be opened, or there is no thread.
    pub fn spawn(engine: Engine) -> Result<(Self, WriterThread), StoreError> {
        let (queue, queued) = mpsc::channel(QUEUE_MAX);
        let (publish, published) = watch::channel(engine.published());
        let (set_health, health) = watch::channel(Health::Ok);
        let fresh = broadcast::Sender::new(FRESH_MAX);
        let worker = Worker::new(engine, queued, publish, set_health, fresh.clone())?;
        let thread = std::thread::Builder::new()
            .name("lanyard-writer".into())
            .spawn(move || worker.run())
            .map_err(|error| StoreError::damaged(format!("no thread to write: {error}")))?;
        Ok((
            Self {
                queue,
                published,
                health,
                fresh,
                turn: Arc::default(),
                giving: Arc::default(),
                pace: Arc::default(),
            },
            WriterThread(thread),
        ))
    }

    /// Has a command decided; returns when its outcome is on disk.
    ///
    /// # Errors
    /// Why it was not decided.
    pub async fn submit(&self, submitted: Submitted) -> Result<Answer, SubmitError> {
        // While the node waits for its own entries nothing is decided, and nothing is to hold them up.
        if !submitted.desk.is_empty() && !self.published.borrow().is_held {
            self.pace.desk_asks();
        }
        match self.send(Submission::Command(submitted)).await? {
            Reply::Command(reply) => reply,
            Reply::Import(_) | Reply::Local(_) => Err(SubmitError::Stopped),
        }
    }

    /// Stores a peer's batch, with rests between batches while desks are at work; returns the vector afterwards.
    ///
    /// # Errors
    /// Why it was not stored; nothing of it was.
    pub async fn import(&self, batch: Batch) -> Result<VersionVector, ImportError> {
        let _turn = self.pace.turn().await;
        self.import_in_turn(batch).await
    }

    /// The same for a peer that waits for the answer: while there is much to do it is told to come again.
    ///
    /// # Errors
    /// Why it was not stored; nothing of it was.
    pub(crate) async fn import_soon(&self, batch: Batch) -> Result<VersionVector, ImportError> {
        self.import_within(TURN_WITHIN, batch).await
    }

    async fn import_within(&self, most: Duration, batch: Batch) -> Result<VersionVector, ImportError> {
        let Ok(_turn) = timeout(most, self.pace.turn()).await else {
            return Err(ImportError::Problem(Problem::Busy { retry_after_ms: TURN_AGAIN_MS }));
        };
        self.import_in_turn(batch).await
    }

    async fn import_in_turn(&self, batch: Batch) -> Result<VersionVector, ImportError> {
        let begun = Instant::now();
        let imported = self.imported(Submission::Import(batch)).await;
        self.pace.stored(begun.elapsed());
        imported
    }

    async fn imported(&self, submission: Submission) -> Result<VersionVector, ImportError> {
        match self.send(submission).await {
            Ok(Reply::Import(reply)) => reply,
            Err(SubmitError::Busy { retry_after_ms }) => {
                let retry_after_ms = u32::try_from(retry_after_ms).unwrap_or(u32::MAX);
                Err(ImportError::Problem(Problem::Busy { retry_after_ms }))
            }
            Ok(Reply::Command(_) | Reply::Local(_)) | Err(_) => Err(ImportError::Stopped),
        }
    }

    /// Stores a batch of the log that is older than a snapshot; returns how far that is.
    ///
    /// # Errors
    /// Why it was not stored; nothing of it was.
    pub async fn import_history(&self, batch: Batch) -> Result<VersionVector, ImportError> {
        self.imported(Submission::History(batch)).await
    }

    /// Changes a table that never leaves this node.
    ///
    /// # Errors
    /// Why it was not changed.
    pub async fn change(&self, change: LocalChange) -> Result<LocalAnswer, SubmitError> {
        match self.send(Submission::Local(change)).await? {
            Reply::Local(reply) => reply,
            Reply::Command(_) | Reply::Import(_) => Err(SubmitError::Stopped),
        }
    }

    /// What the last commit made known; changes with every commit.
    pub fn published(&self) -> watch::Receiver<Published> {
        self.published.clone()
    }

    /// What the last commit made known.
    pub fn now(&self) -> Published {
        self.published.borrow().clone()
    }

    /// Whether the store takes what is written.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Follows check-ins that peers are to be told of: own ones, and those that a peer told of first.
    pub fn fresh(&self) -> broadcast::Receiver<FreshCheckIn> {
        self.fresh.subscribe()
    }

    /// Waits for the turn to fetch what is older than anything here: one line at a time does.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Waits for the turn to give seat rights to a peer, from reading what is left until some of it is given.
    pub(crate) async fn turn_to_give(&self) -> MutexGuard<'_, ()> {
        self.giving.lock().await
    }

    async fn send(&self, submission: Submission) -> Result<Reply, SubmitError> {
        let (reply, replied) = oneshot::channel();
        self.queue.try_send(Queued { submission, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SubmitError::Busy { retry_after_ms: RETRY_AFTER_MS },
            mpsc::error::TrySendError::Closed(_) => SubmitError::Stopped,
        })?;
        replied.await.map_err(|_| SubmitError::Stopped)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use lanyard_domain::outcome::Outcome;

    use super::*;
    use crate::clock::{Surroundings, system_entropy};
    use crate::engine::test_node::{NOW_MS, TestNode, check_in};
    use crate::verify::verify;

    #[tokio::test]
    async fn many_desks_at_once_are_answered_and_admit_nobody_twice() {
        let mut node = TestNode::hq_with_people(40);
        let twice = (0..80).map(|number| node.submitted(check_in(number % 40)));
        let submitted: Vec<_> = twice.collect();
        let path = node.path();
        let (writer, thread) = Writer::spawn(node.engine).unwrap();
        let asked = submitted.into_iter().map(|submitted| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.submit(submitted).await.unwrap() })
        });
        let asked: Vec<_> = asked.collect();
        let mut admitted = 0;
        for answer in asked {
            let answer = answer.await.unwrap();
            admitted += u32::from(matches!(answer.outcome, Outcome::Accepted(_)));
        }
        assert_eq!(admitted, 40);
        assert_eq!(writer.published().borrow().arrivals.inside, 40);
        drop(writer);
        thread.join().unwrap();
        assert_eq!(verify(&path).unwrap().findings, []);
    }

    #[tokio::test]
    async fn a_peer_that_pushes_is_told_to_come_again_while_another_one_is_first() {
        let node = TestNode::hq_with_people(1);
        let batch = node.reader().read_here(|db| db.batch_after(&VersionVector::default())).unwrap().unwrap();
        let here = VersionVector::clone(&node.engine.published().vector);
        let (writer, thread) = Writer::spawn(node.engine).unwrap();
        writer.pace.desk_asks();
        let turn = writer.pace.turn().await;
        let refused = writer.import_within(Duration::from_millis(20), batch.clone()).await;
        let expected = Problem::Busy { retry_after_ms: TURN_AGAIN_MS };
        assert!(matches!(refused, Err(ImportError::Problem(problem)) if problem == expected));
        drop(turn);
        assert_eq!(writer.import_soon(batch).await.unwrap(), here);
        drop(writer);
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_writer_that_panics_has_stopped_and_says_so() {
        let mut node = TestNode::hq_with_people(1);
        let submitted = node.submitted(check_in(0));
        let (path, identity) = (node.path(), node.engine.identity().clone());
        let options = node.engine.options().clone();
        drop(node.engine);
        let is_broken = Arc::new(AtomicBool::new(false));
        let surroundings = Surroundings::new(broken_clock(&is_broken), system_entropy);
        let engine = Engine::open(&path, identity, options, surroundings).unwrap();
        let (writer, thread) = Writer::spawn(engine).unwrap();
        is_broken.store(true, Ordering::Relaxed);
        assert!(matches!(writer.submit(submitted).await, Err(SubmitError::Stopped)));
        let mut health = writer.health();
        assert_eq!(*health.wait_for(|health| *health != Health::Ok).await.unwrap(), Health::Stopped);
        thread.join().unwrap_err();
    }

    fn broken_clock(is_broken: &Arc<AtomicBool>) -> impl FnMut() -> i64 + Send + use<> {
        let is_broken = Arc::clone(is_broken);
        move || {
            assert!(!is_broken.load(Ordering::Relaxed), "the clock is broken");
            NOW_MS
        }
    }

    #[tokio::test]
    async fn a_writer_that_is_told_to_end_is_well_to_the_end() {
        let (writer, thread) = Writer::spawn(TestNode::hq_with_people(1).engine).unwrap();
        let health = writer.health();
        drop(writer);
        thread.join().unwrap();
        assert_eq!(*health.borrow(), Health::Ok);
    }

    #[tokio::test]
    async fn a_writer_that_ended_says_so() {
        let mut node = TestNode::hq_with_people(1);
        let submitted = node.submitted(check_in(0));
        let (queue, queued) = mpsc::channel(1);
        let (_, published) = watch::channel(node.engine.published());
        let (_, health) = watch::channel(Health::Ok);
        let writer = Writer {
            queue,
            published,
            health,
            fresh: broadcast::Sender::new(1),
            turn: Arc::default(),
            giving: Arc::default(),
            pace: Arc::default(),
        };
        drop(queued);
        assert!(matches!(writer.submit(submitted).await, Err(SubmitError::Stopped)));
    }
}
