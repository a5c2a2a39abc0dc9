//! A node of this build for the frozen stores: the production engine with a clock and entropy of its own.

use std::path::{Path, PathBuf};

use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Command, Role};
use lanyard_node::clock::Surroundings;
use lanyard_node::engine::{LocalChange, Reply, Submission};
use lanyard_node::start::DATABASE_FILE;
use lanyard_node::{Answer, Engine, Identity, Options, Reader, Submitted};
use lanyard_sync::{Batch, CommandId, Hash, Role as NodeRole, ScopeId, SigningKey, VersionVector};

pub(crate) const SCOPE: ScopeId = ScopeId([0x5c; 16]);
pub(crate) const NOW_MS: i64 = 1_790_000_000_000;

/// Names by number; 0 is HQ.
pub(crate) const NAMES: [&str; 3] = ["hq", "north", "south"];

pub(crate) struct Node {
    pub(crate) engine: Engine,
    pub(crate) folder: PathBuf,
    number: u8,
    commands: u64,
}

/// Who a node is; the same at every call.
pub(crate) fn identity(number: u8) -> Identity {
    let organiser = SigningKey::from_seed(&[200; 32]);
    let role = if number == 0 { NodeRole::Hq } else { NodeRole::Venue };
    let not_after_ms = NOW_MS + 365 * 86_400_000;
    let name = NAMES[usize::from(number)];
    Identity::generate(&organiser, name, [role].into(), SCOPE, not_after_ms, [number + 1; 32]).unwrap()
}

/// Random bytes that are others at every start, and a clock that stands still at another minute.
fn surroundings(number: u8, start: u8) -> Surroundings {
    let mut draws = 0_u64;
    let entropy = move |bytes: &mut [u8]| {
        draws += 1;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[number, start]).update(&draws.to_le_bytes());
        hasher.finalize_xof().fill(bytes);
    };
    Surroundings::new(move || NOW_MS + i64::from(start) * 60_000, entropy)
}

impl Node {
    /// Opens the database of a folder, or makes it. `start` is another number at every start.
    pub(crate) fn open(number: u8, folder: &Path, start: u8) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let options =
            Options { machine: "m1".into(), default_printer: Some("badges".into()), ..Options::default() };
        let path = folder.join(DATABASE_FILE);
        let engine = Engine::open(&path, identity(number), options, surroundings(number, start)).unwrap();
        Self { engine, folder: folder.to_owned(), number, commands: u64::from(start) * 10_000 }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join(DATABASE_FILE)
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.database()).unwrap()
    }

    /// Gives a command and returns its answer, whatever it is.
    pub(crate) fn give(&mut self, command: Command) -> Answer {
        self.commands += 1;
        let mut id = [self.number; 16];
        id[..8].copy_from_slice(&self.commands.to_le_bytes());
        let json = serde_json::to_vec(&command).unwrap();
        let submitted = Submitted {
            id: CommandId(id),
            body: Hash(*blake3::hash(&json).as_bytes()),
            actor: "ana".into(),
            desk: "door".into(),
            role: Role::Administrator,
            command,
            if_match: None,
        };
        match self.commit(Submission::Command(submitted)) {
            Reply::Command(answer) => answer.unwrap(),
            other => panic!("no answer to a command: {other:?}"),
        }
    }

    /// Gives a command that has to be accepted.
    pub(crate) fn accept(&mut self, command: Command) -> Answer {
        let answer = self.give(command);
        assert!(matches!(answer.outcome, Outcome::Accepted(_)), "refused: {:?}", answer.outcome);
        answer
    }

    pub(crate) fn change(&mut self, change: LocalChange) {
        let reply = self.commit(Submission::Local(change));
        assert!(matches!(reply, Reply::Local(Ok(_))), "{reply:?}");
    }

    /// Takes in what another node has.
    pub(crate) fn pull(&mut self, other: &Self) {
        let reader = other.reader();
        while let Some(batch) = reader.read_here(|db| db.batch_after(&self.engine.vector())).unwrap() {
            self.import(Batch::decode(&batch.encode()).unwrap());
        }
    }

    /// Takes what another node has beyond a vector, and then the rest.
    pub(crate) fn pull_after(&mut self, other: &Self, have: &VersionVector) {
        let batch = other.reader().read_here(|db| db.batch_after(have)).unwrap().unwrap();
        self.import(Batch::decode(&batch.encode()).unwrap());
        self.pull(other);
    }

    pub(crate) fn import(&mut self, batch: Batch) {
        let reply = self.commit(Submission::Import(batch));
        assert!(matches!(reply, Reply::Import(Ok(_))), "{reply:?}");
    }

    fn commit(&mut self, submission: Submission) -> Reply {
        let mut committed = self.engine.commit(vec![submission]);
        assert!(committed.broken.is_none(), "{:?}", committed.broken);
        committed.replies.pop().unwrap()
    }

    /// The hash of the stored states and that of the log folded again.
    pub(crate) fn state_hashes(&self) -> (Hash, Hash) {
        self.reader().read_here(|db| Ok((db.state_hash()?, db.state_hash_of_log()?))).unwrap()
    }
}
