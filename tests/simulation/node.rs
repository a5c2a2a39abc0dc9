//! A simulated node: the production engine on its disk, with a clock and entropy of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, ensure};
use lanyard_domain::Account;
use lanyard_node::clock::Surroundings;
use lanyard_node::engine::{LocalChange, OpenError, Submission};
use lanyard_node::read::{PrintJob, Read, ReadError};
use lanyard_node::start::DATABASE_FILE;
use lanyard_node::store::closed::ClosedLogs;
use lanyard_node::{Engine, Identity, Options, Reader, release};
use lanyard_sync::{
    CallId, CommandId, Hash, LogId, OwnHead, Protocol, Role, ScopeId, SigningKey, VersionVector,
};
use lanyard_test_vfs::{Failure, Fault, Image, Operation, PowerCutDisk};

use crate::beginning::Born;
use crate::dice::Dice;
use crate::lab::Diary;

/// The scope of every world.
pub(crate) const SCOPE: ScopeId = ScopeId([5; 16]);

/// The wall clock when a world begins, Unix milliseconds.
pub(crate) const BEGIN_MS: i64 = 1_800_000_000_000;

/// HQ first.
pub(crate) const NAMES: [&str; 4] = ["hq", "north", "south", "east"];

/// The copy of a machine that runs.
pub(crate) const TWIN: &str = "twin";

/// In one of so many worlds streams of a few entries are long.
const LONG_EVERY: u64 = 3;
/// Entries of the longest one that is not, in such worlds.
const SHORT_MAX: usize = 3;

/// Who waits for the reply to a submission.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// A desk, for the outcome of its command.
    Desk(CommandId),
    /// The node itself.
    Itself(CommandId),
    /// A desk that uses the id of another command, for the refusal.
    Refusal(CommandId),
    /// The node's session, for a batch it pulled, with this many entries.
    Session { line: usize, entries: usize },
    /// The asking side of a line, for a branch that stands.
    Settling(usize),
    /// A peer that pushed.
    Peer { line: usize, start: u64, call: CallId },
    /// Whoever has to tell the node this, and tells it again when it was not taken.
    Owed(LocalChange),
    /// A peer that told of check-ins, over a line of siblings or not.
    Told { by_sibling: bool },
    /// Nobody.
    Nobody,
}

/// A node with its disk.
pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) identity: Identity,
    pub(crate) disk: PowerCutDisk,
    /// How far the clock is off, milliseconds.
    pub(crate) clock_off_ms: i64,
    /// What waits to be committed.
    pub(crate) inbox: Vec<(Waiting, Submission)>,
    /// Grows with every start.
    pub(crate) starts: u64,
    /// A picture of the machine, and how many answers had been given by then.
    pub(crate) picture: Option<(Image, u64)>,
    /// Whether it was ever set back to one, or copied: its log may have another branch.
    pub(crate) was_set_back: bool,
    /// Whether HQ retired it, known here or not.
    pub(crate) is_retired: bool,
    /// Whether it is the release after this one.
    pub(crate) is_next: bool,
    /// What it did in this life.
    pub(crate) diary: Diary,
    seed: u64,
    clock: Arc<AtomicI64>,
    log: Option<LogId>,
    running: Option<Running>,
}

struct Running {
    engine: Engine,
    reader: Reader,
}

impl Node {
    /// Makes a node that was never started, on an empty disk; number 0 is HQ.
    pub(crate) fn new(seed: u64, number: usize, disk: PowerCutDisk) -> anyhow::Result<Self> {
        let organiser = SigningKey::from_seed(&[200; 32]);
        let name = NAMES[number];
        let roles = BTreeSet::from([if number == 0 { Role::Hq } else { Role::Venue }]);
        let key = Dice::new(seed, name).bytes();
        let not_after_ms = BEGIN_MS + 365 * 86_400_000;
        let identity = Identity::generate(&organiser, name, roles, SCOPE, not_after_ms, key)?;
        disk.put(&Image::default())?;
        Ok(Self::on(seed, number, identity, disk))
    }

    /// Makes a node as worlds begin.
    pub(crate) fn born(seed: u64, number: usize, born: &Born, disk: PowerCutDisk) -> anyhow::Result<Self> {
        disk.put(&born.image)?;
        let node = Self::on(seed, number, born.identity.clone(), disk);
        Ok(Self { log: Some(born.log), ..node })
    }

    fn on(seed: u64, number: usize, identity: Identity, disk: PowerCutDisk) -> Self {
        Self {
            name: NAMES[number],
            identity,
            disk,
            clock_off_ms: 0,
            inbox: Vec::new(),
            starts: 0,
            picture: None,
            was_set_back: false,
            is_retired: false,
            is_next: false,
            diary: Diary::default(),
            seed,
            clock: Arc::new(AtomicI64::new(BEGIN_MS)),
            log: None,
            running: None,
        }
    }

    /// A copy of its machine, bit by bit, on another disk.
    pub(crate) fn twin(&mut self, disk: PowerCutDisk) -> anyhow::Result<Self> {
        self.was_set_back = true;
        disk.put(&self.disk.image())?;
        let twin = Self::on(self.seed, 0, self.identity.clone(), disk);
        let &mut Self { log, clock_off_ms, is_retired, is_next, .. } = self;
        Ok(Self { name: TWIN, log, clock_off_ms, is_retired, is_next, was_set_back: true, ..twin })
    }

    /// The node as it is, to begin worlds with.
    pub(crate) fn into_born(mut self) -> Born {
        self.running = None;
        Born { log: self.log(), image: self.disk.image(), identity: self.identity }
    }

    /// Where its database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.disk.path(DATABASE_FILE)
    }

    /// Sets the clock as the node sees it.
    pub(crate) fn set_clock(&self, now_ms: u64) {
        self.clock.store(self.wall_ms(now_ms), Ordering::Relaxed);
    }

    /// The node's wall clock, Unix milliseconds.
    pub(crate) fn wall_ms(&self, now_ms: u64) -> i64 {
        BEGIN_MS + i64::try_from(now_ms).expect("worlds are short") + self.clock_off_ms
    }

    /// Opens the database. A node that died goes on in its epoch.
    pub(crate) fn start(&mut self) -> anyhow::Result<()> {
        self.starts += 1;
        let engine = self
            .open(&self.database(), self.starts)
            .with_context(|| format!("{} does not open", self.name))?;
        let log = engine.own_log();
        let goes_on = self.was_set_back || self.log.is_none_or(|known| known == log);
        ensure!(goes_on, "{} opened a new epoch after a crash", self.name);
        self.log = Some(log);
        let reader = engine.reader()?;
        self.running = Some(Running { engine, reader });
        self.diary = Diary::default();
        self.note_commit();
        Ok(())
    }

    /// Opens an engine on a database of this node, on its own disk or aside.
    pub(crate) fn open(&self, database: &Path, start: u64) -> Result<Engine, OpenError> {
        self.act_as_its_release();
        let clock = Arc::clone(&self.clock);
        let mut dice = Dice::new(self.seed, &format!("entropy of {} {start}", self.name));
        let surroundings =
            Surroundings::new(move || clock.load(Ordering::Relaxed), move |bytes| dice.fill(bytes));
        let options = Options {
            machine: self.identity.name.clone(),
            default_printer: Some("virtual".to_owned()),
            cache_kib: 512,
            folded_at_once: if self.seed.is_multiple_of(LONG_EVERY) { SHORT_MAX } else { usize::MAX },
            ..Options::default()
        };
        Engine::open(database, self.identity.clone(), options, surroundings)
    }

    /// Notes what is here from this moment on.
    pub(crate) fn note_commit(&mut self) {
        if let Some(running) = &self.running {
            self.diary.commits.push((self.disk.now(), running.engine.vector()));
        }
    }

    /// Takes note of the log it writes, which may be another one after a commit.
    pub(crate) fn follow_log(&mut self) -> anyhow::Result<()> {
        let log = self.engine()?.own_log();
        let goes_on = self.was_set_back || self.log() == log;
        ensure!(goes_on, "{} opened a new epoch while it ran", self.name);
        self.log = Some(log);
        Ok(())
    }

    /// Ends without a last word: a connection that is closed would copy its write-ahead log.
    pub(crate) fn stop(&mut self) {
        self.disk.fail(Fault::from_then_on(Operation::Sync, 0, Failure::Io));
        self.running = None;
        self.disk.heal();
    }

    /// Dies and leaves this on the disk; what waited is lost.
    pub(crate) fn die(&mut self, left: &Image) -> anyhow::Result<()> {
        self.stop();
        self.inbox.clear();
        // Nobody starts a node again on a disk that is full.
        self.disk.limit_bytes(None);
        Ok(self.disk.put(left)?)
    }

    /// Leaves it so much room on its disk and no more.
    pub(crate) fn leave_bytes(&self, bytes: u64) {
        self.disk.limit_bytes(Some(self.disk.used_bytes() + bytes));
    }

    /// Whether it runs.
    pub(crate) fn is_up(&self) -> bool {
        self.running.is_some()
    }

    /// Lets this thread behave like the node's release.
    pub(crate) fn act_as_its_release(&self) {
        release::pretend_next(self.is_next);
    }

    /// The versions of the protocol that it speaks.
    pub(crate) fn protocol(&self) -> Protocol {
        self.act_as_its_release();
        release::protocol()
    }

    /// The engine of a node that runs.
    pub(crate) fn engine(&mut self) -> anyhow::Result<&mut Engine> {
        self.act_as_its_release();
        let running = self.running.as_mut().with_context(|| format!("{} is down", self.name))?;
        Ok(&mut running.engine)
    }

    /// Asks a node that runs.
    pub(crate) fn read<T>(
        &self,
        question: impl FnOnce(&Read<'_>) -> Result<T, ReadError>,
    ) -> anyhow::Result<T> {
        self.act_as_its_release();
        let running = self.running.as_ref().with_context(|| format!("{} is down", self.name))?;
        Ok(running.reader.read_here(question)?)
    }

    /// The log it writes; it was started once.
    pub(crate) fn log(&self) -> LogId {
        self.log.expect("the node was started")
    }

    /// The account whose rights it spends.
    pub(crate) fn account(&self) -> Account {
        if self.identity.is_hq() { Account::Hq } else { Account::Venue(self.log()) }
    }

    /// What it has.
    pub(crate) fn vector(&self) -> anyhow::Result<VersionVector> {
        let running = self.running.as_ref().with_context(|| format!("{} is down", self.name))?;
        Ok(running.engine.vector())
    }

    /// Logs it knows to have two branches.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
    pub(crate) fn forks(&self) -> anyhow::Result<BTreeMap<LogId, u64>> {
        self.read(|db| db.forks())
    }

    /// Logs that are over, as far as it knows.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
    pub(crate) fn closed_logs(&self) -> anyhow::Result<ClosedLogs> {
        self.read(|db| db.closed_logs())
    }

    /// Long streams that it folds anew beside its work.
    pub(crate) fn folding(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| running.engine.folding())
    }

    /// One number for its stored states.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
    pub(crate) fn state_hash(&self) -> anyhow::Result<Hash> {
        self.read(|db| db.state_hash())
    }

    /// Badges of somebody erased that are to be printed.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
    pub(crate) fn print_jobs_of_the_erased(&self) -> anyhow::Result<Vec<PrintJob>> {
        self.read(|db| db.print_jobs_of_the_erased())
    }

    /// What it has, and where its own log stands.
    pub(crate) fn here(&self) -> anyhow::Result<(VersionVector, OwnHead)> {
        let vector = self.vector()?;
        let own = OwnHead { log: self.log(), head: vector.head(&self.log()) };
        Ok((vector, own))
    }
}
