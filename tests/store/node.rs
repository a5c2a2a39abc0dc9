//! A node on a disk in memory: the production engine, and what it has acknowledged when.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, ensure};
use lanyard_domain::command::Command;
use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Account, OrderId, Role};
use lanyard_node::clock::Surroundings;
use lanyard_node::engine::{Committed, Reply, Submission};
use lanyard_node::start::DATABASE_FILE;
use lanyard_node::{Answer, Engine, Identity, Options, Reader, SubmitError, Submitted};
use lanyard_sync::{Batch, CommandId, Hash, LogId, Role as NodeRole, ScopeId, SigningKey, VersionVector};
use lanyard_test_vfs::{Chance, Image, Point, PowerCutDisk};

use crate::conference::{SEAT_TYPES, beginnings, id};

/// HQ first.
pub(crate) const NAMES: [&str; 4] = ["hq", "north", "south", "east"];
/// The wall clock of every world, Unix milliseconds.
pub(crate) const NOW_MS: i64 = 1_790_000_000_000;
const SCOPE: ScopeId = ScopeId([5; 16]);
/// Kept beside the database by the engine.
const WATCHED: [&str; 1] = ["lanyard.incarnation"];

/// Something that somebody was told.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) at: Point,
    pub(crate) submitted: Submitted,
    pub(crate) outcome: Outcome,
}

/// A commit that returned: what is there from then on.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) at: Point,
    pub(crate) vector: VersionVector,
}

/// One node.
pub(crate) struct Node {
    pub(crate) number: usize,
    pub(crate) identity: Identity,
    pub(crate) disk: PowerCutDisk,
    /// None while it is down.
    pub(crate) engine: Option<Engine>,
    /// Of all its lives, but for the moment: those of earlier ones are 0.
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// Of this life, the first one being what it began with.
    pub(crate) commits: Vec<Commit>,
    pub(crate) orders: Vec<OrderId>,
    /// Whether its last commit broke.
    pub(crate) is_broken: bool,
    log: Option<LogId>,
    commands: u64,
    seed: u64,
    starts: u64,
}

impl Node {
    /// A node whose disk is in this folder.
    pub(crate) fn new(number: usize, below: &Path) -> anyhow::Result<Self> {
        let organiser = SigningKey::from_seed(&[200; 32]);
        let role = if number == 0 { NodeRole::Hq } else { NodeRole::Venue };
        let key = [u8::try_from(number)? + 1; 32];
        let identity =
            Identity::generate(&organiser, NAMES[number], [role].into(), SCOPE, NOW_MS + 86_400_000, key)?;
        Ok(Self {
            number,
            identity,
            disk: PowerCutDisk::in_folder(&below.join(NAMES[number]), &WATCHED)?,
            engine: None,
            acknowledged: Vec::new(),
            commits: Vec::new(),
            orders: Vec::new(),
            is_broken: false,
            log: None,
            commands: 0,
            seed: 0,
            starts: 0,
        })
    }

    /// Goes back to the beginning of a world.
    pub(crate) fn begin(&mut self, seed: u64, image: &Image) -> anyhow::Result<()> {
        self.engine = None;
        self.disk.heal();
        self.disk.limit_bytes(None);
        self.disk.put(image)?;
        (self.acknowledged, self.commits, self.orders) = (Vec::new(), Vec::new(), Vec::new());
        (self.log, self.commands, self.seed, self.starts) = (None, 0, seed, 0);
        self.open()
    }

    /// Opens the engine on what is on the disk. A cut is no reason for another epoch.
    pub(crate) fn open(&mut self) -> anyhow::Result<()> {
        let engine = self.try_open().with_context(|| format!("{} does not open", NAMES[self.number]))?;
        let log = engine.own_log();
        ensure!(self.log.is_none_or(|known| known == log), "{} opened another epoch", self.name());
        self.log = Some(log);
        self.is_broken = false;
        self.commits = vec![Commit { at: 0, vector: engine.vector() }];
        self.engine = Some(engine);
        Ok(())
    }

    /// Opens the engine, or says why it cannot be.
    pub(crate) fn try_open(&mut self) -> Result<Engine, lanyard_node::engine::OpenError> {
        self.starts += 1;
        open_at(&self.disk, &self.identity, self.seed ^ (self.starts << 8) ^ self.number as u64)
    }

    pub(crate) const fn name(&self) -> &'static str {
        NAMES[self.number]
    }

    /// The log it writes; it was started once.
    pub(crate) fn log(&self) -> LogId {
        self.log.expect("the node was started")
    }

    pub(crate) fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("the node is up")
    }

    /// Asks its database.
    pub(crate) fn reader(&self) -> anyhow::Result<Reader> {
        Ok(Reader::open(&self.disk.path(DATABASE_FILE))?)
    }

    /// Puts a command into an envelope of its own.
    pub(crate) fn submitted(&mut self, command: Command) -> Submitted {
        self.commands += 1;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.commands.to_le_bytes());
        id[8..].copy_from_slice(&(self.seed << 3 | self.number as u64).to_le_bytes());
        let desk = if self.number == 0 { String::new() } else { format!("{}-1", self.name()) };
        Submitted {
            id: CommandId(id),
            body: Hash([7; 32]),
            actor: "ana".to_owned(),
            desk,
            role: Role::Administrator,
            command,
            if_match: None,
        }
    }

    /// Commits a group and tells nobody.
    pub(crate) fn commit(&mut self, group: &[Submitted]) -> Committed {
        self.submit(group.iter().cloned().map(Submission::Command).collect())
    }

    /// Commits anything.
    pub(crate) fn submit(&mut self, group: Vec<Submission>) -> Committed {
        let committed = self.engine().commit(group);
        self.is_broken = committed.broken.is_some();
        committed
    }

    /// Takes the outcomes of a group that was committed as told.
    pub(crate) fn acknowledge(&mut self, group: &[Submitted], committed: Committed) -> anyhow::Result<()> {
        ensure!(committed.broken.is_none(), "{} broke: {:?}", self.name(), committed.broken);
        ensure!(committed.replies.len() == group.len(), "a command has no reply");
        let at = self.disk.now();
        for (submitted, reply) in group.iter().zip(committed.replies) {
            match reply {
                Reply::Command(Ok(answer)) => self.take(at, submitted, &answer)?,
                Reply::Command(Err(SubmitError::StoreFull)) => {}
                other => anyhow::bail!("{} answers {other:?}", self.name()),
            }
        }
        self.note_commit();
        Ok(())
    }

    fn take(&mut self, at: Point, submitted: &Submitted, answer: &Answer) -> anyhow::Result<()> {
        if let Some(first) = self.acknowledged.iter().find(|known| known.submitted.id == submitted.id) {
            ensure!(
                answer.replayed && answer.outcome == first.outcome,
                "I7: {} was decided twice",
                submitted.id
            );
            return Ok(());
        }
        if let Outcome::Accepted(accepted) = &answer.outcome {
            self.orders.extend(accepted.order);
        }
        let (submitted, outcome) = (submitted.clone(), answer.outcome.clone());
        self.acknowledged.push(Acknowledged { at, submitted, outcome });
        Ok(())
    }

    /// Notes what is here from now on.
    pub(crate) fn note_commit(&mut self) {
        let (at, vector) = (self.disk.now(), self.engine().vector());
        self.commits.push(Commit { at, vector });
    }

    /// The next batch that another node has and this one lacks, as it travels.
    pub(crate) fn next_batch(&mut self, from: &Self) -> anyhow::Result<Option<Batch>> {
        let vector = self.engine().vector();
        let batch = from.reader()?.read_here(|db| db.batch_after(&vector))?;
        batch.map(|batch| Ok(Batch::decode(&batch.encode())?)).transpose()
    }

    /// Stores a batch.
    pub(crate) fn import(&mut self, batch: Batch) -> anyhow::Result<()> {
        let committed = self.submit(vec![Submission::Import(batch)]);
        ensure!(committed.broken.is_none(), "{} broke: {:?}", self.name(), committed.broken);
        let replies = &committed.replies[..];
        ensure!(
            matches!(replies, [Reply::Import(Ok(_))]),
            "{} answers a batch with {replies:?}",
            self.name()
        );
        self.note_commit();
        Ok(())
    }

    /// Takes everything that another node has.
    pub(crate) fn pull(&mut self, from: &Self) -> anyhow::Result<()> {
        while let Some(batch) = self.next_batch(from)? {
            self.import(batch)?;
        }
        Ok(())
    }

    /// Its power fails, or it is killed, and this is on its disk. It does not come back by itself.
    pub(crate) fn die(&mut self, left: &Image) -> anyhow::Result<()> {
        self.engine = None;
        self.acknowledged.iter_mut().for_each(|known| known.at = 0);
        Ok(self.disk.put(left)?)
    }
}

/// Opens a production engine on a disk.
pub(crate) fn open_at(
    disk: &PowerCutDisk,
    identity: &Identity,
    seed: u64,
) -> Result<Engine, lanyard_node::engine::OpenError> {
    let options = options(&identity.name);
    Engine::open(&disk.path(DATABASE_FILE), identity.clone(), options, surroundings(seed))
}

/// A clock that goes on with every look, and entropy of a seed.
pub(crate) fn surroundings(seed: u64) -> Surroundings {
    let clock = AtomicI64::new(NOW_MS);
    let mut chance = Chance::new(seed);
    Surroundings::new(move || clock.fetch_add(1, Ordering::Relaxed), move |bytes| chance.fill(bytes))
}

/// Of an engine on a machine of this name.
pub(crate) fn options(machine: &str) -> Options {
    Options {
        machine: machine.to_owned(),
        default_printer: Some("virtual".to_owned()),
        cache_kib: 512,
        ..Options::default()
    }
}

/// The disks of all nodes as a world begins: every node knows the conference and has seats to sell.
pub(crate) fn beginning() -> &'static [Image; 4] {
    static BEGINNING: OnceLock<[Image; 4]> = OnceLock::new();
    BEGINNING.get_or_init(|| prepare().expect("the beginning can be made"))
}

fn prepare() -> anyhow::Result<[Image; 4]> {
    let folder = memory_folder()?;
    let mut nodes =
        (0..NAMES.len()).map(|n| Node::new(n, folder.path())).collect::<anyhow::Result<Vec<_>>>()?;
    for node in &mut nodes {
        node.begin(0, &Image::default())?;
    }
    let (hq, venues) = nodes.split_first_mut().expect("there is HQ");
    let mut commands = beginnings();
    for venue in &mut *venues {
        for (seat_type, quota) in SEAT_TYPES {
            let to = Account::Venue(venue.engine().own_log());
            commands.push(Command::GiveRights { seat_type: id(seat_type), to, count: quota / 4 });
        }
        hq.pull(venue)?;
    }
    let group: Vec<_> = commands.into_iter().map(|command| hq.submitted(command)).collect();
    for submitted in group {
        let group = [submitted];
        let committed = hq.commit(&group);
        hq.acknowledge(&group, committed)?;
    }
    for venue in &mut *venues {
        venue.pull(hq)?;
    }
    let images = nodes.iter_mut().map(|node| {
        node.engine = None;
        node.disk.image()
    });
    images.collect::<Vec<_>>().try_into().map_err(|_| anyhow::anyhow!("there are four nodes"))
}

/// A folder in memory, where there is such a place.
pub(crate) fn memory_folder() -> anyhow::Result<Arc<tempfile::TempDir>> {
    let memory = Path::new("/dev/shm");
    let below = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    Ok(Arc::new(tempfile::Builder::new().prefix("lanyard-store-").tempdir_in(below)?))
}
