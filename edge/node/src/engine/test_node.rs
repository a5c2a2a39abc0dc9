//! A node for tests: a real database in its own directory, a clock that stands still and entropy from a
//! counter.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lanyard_domain::command::{IfShort, Wanted, Who};
use lanyard_domain::import::{ImportRow, SourceSeat, SourceState};
use lanyard_domain::{Account, AttendeeId, Command, Conference, Person, Role, SeatTypeId};
use lanyard_sync::{Batch, CommandId, Hash, Role as NodeRole, ScopeId, SigningKey, VersionVector};

use super::{
    Answer, Engine, ImportError, LocalAnswer, LocalChange, Options, Reply, Submission, SubmitError, Submitted,
};
use crate::branch::Parting;
use crate::clock::Surroundings;
use crate::identity::Identity;
use crate::read::Reader;
use crate::start::DATABASE_FILE;

pub(crate) const SCOPE: ScopeId = ScopeId([5; 16]);
pub(crate) const NOW_MS: i64 = 1_790_000_000_000;

const CONFERENCE: &str = r#"{
    "slug": "rustfest", "name": "RustFest", "organiser": "Org", "starts_ms": 1, "ends_ms": 2000000000000,
    "time_zone": "Europe/Berlin", "currency": "EUR",
    "seat_types": {
        "ga": {"name": "General admission", "price_minor": 19900, "grants_admission": true},
        "ws": {"name": "Workshop", "price_minor": 50000, "extra": true}
    },
    "lists": {"main": {"name": "Main door", "seat_types": ["ga"]}},
    "desks": {
        "door": {"place": "Main door", "node": "north", "lists": ["main"], "prints_badges": false},
        "lane": {"place": "Lane 1", "node": "north", "lists": ["main"], "prints_badges": true}
    }
}"#;

pub(crate) struct TestNode {
    pub(crate) engine: Engine,
    pub(crate) directory: Arc<tempfile::TempDir>,
    pub(crate) now_ms: Arc<AtomicI64>,
    pub(crate) seed: u8,
    commands: u64,
}

fn identity(seed: u8) -> Identity {
    let organiser = SigningKey::from_seed(&[200; 32]);
    let role = if seed == 0 { NodeRole::Hq } else { NodeRole::Venue };
    let name = ["hq", "north", "south", "west"][usize::from(seed)];
    Identity::generate(&organiser, name, [role].into(), SCOPE, NOW_MS, [seed + 1; 32]).unwrap()
}

fn surroundings(now_ms: &Arc<AtomicI64>, seed: u8, boot: u8) -> Surroundings {
    let now_ms = Arc::clone(now_ms);
    let mut draws = 0_u64;
    Surroundings::new(
        move || now_ms.load(Ordering::Relaxed),
        move |bytes| {
            draws += 1;
            let mut hasher = blake3::Hasher::new();
            hasher.update(&[seed, boot]).update(&draws.to_le_bytes());
            hasher.finalize_xof().fill(bytes);
        },
    )
}

pub(crate) fn command_id(node: u8, number: u64) -> CommandId {
    let mut id = [node; 16];
    id[..8].copy_from_slice(&number.to_le_bytes());
    CommandId(id)
}

impl TestNode {
    /// A node of its own; 0 is HQ.
    pub(crate) fn new(seed: u8) -> Self {
        Self::boot(seed, Arc::new(tempfile::tempdir().unwrap()), 0)
    }

    /// A node with a conference of these many people, imported at HQ.
    pub(crate) fn hq_with_people(count: u16) -> Self {
        let mut hq = Self::new(0);
        let conference: Conference = serde_json::from_str(CONFERENCE).unwrap();
        hq.accept(Command::ConfigureConference { conference: Box::new(conference) });
        hq.import_people(0..count);
        for seat_type in ["ga", "ws"] {
            hq.accept(Command::SetQuota { seat_type: seat_type.parse().unwrap(), quota: 20 });
        }
        hq
    }

    /// Imports one more person.
    pub(crate) fn import_person(&mut self, number: u16) {
        self.import_people(number..number + 1);
    }

    /// Imports more people at once.
    pub(crate) fn import_people(&mut self, numbers: std::ops::Range<u16>) {
        let rows = numbers.map(row).collect();
        self.accept(Command::ImportAttendees { source: "list".into(), rows });
    }

    pub(crate) fn boot(seed: u8, directory: Arc<tempfile::TempDir>, boot: u8) -> Self {
        let now_ms = Arc::new(AtomicI64::new(NOW_MS));
        let path = directory.path().join(DATABASE_FILE);
        let options =
            Options { machine: "m1".into(), default_printer: Some("badges".into()), ..Options::default() };
        let engine = Engine::open(&path, identity(seed), options, surroundings(&now_ms, seed, boot)).unwrap();
        Self { engine, directory, now_ms, seed, commands: u64::from(boot) * 1_000 }
    }

    /// Closes the database and opens it again.
    pub(crate) fn reboot(self, boot: u8) -> Self {
        let Self { engine, directory, seed, .. } = self;
        drop(engine);
        Self::boot(seed, directory, boot)
    }

    /// Goes on from a backup of itself, in a new epoch.
    pub(crate) fn restored(self, boot: u8) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        crate::backup::backup(&self.path(), &folder.path().join(DATABASE_FILE)).unwrap();
        Self::boot(self.seed, folder, boot)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join(DATABASE_FILE)
    }

    pub(crate) fn reader(&self) -> Reader {
        self.engine.reader().unwrap()
    }

    pub(crate) fn submitted(&mut self, command: Command) -> Submitted {
        self.commands += 1;
        Submitted {
            id: command_id(self.seed, self.commands),
            body: Hash([7; 32]),
            actor: "ana".into(),
            desk: "door".into(),
            role: Role::Administrator,
            command,
            if_match: None,
        }
    }

    pub(crate) fn submit(&mut self, submitted: Submitted) -> Result<Answer, SubmitError> {
        let mut committed = self.engine.commit(vec![Submission::Command(submitted)]);
        assert!(committed.broken.is_none(), "{:?}", committed.broken);
        match committed.replies.pop() {
            Some(Reply::Command(reply)) => reply,
            other => panic!("no reply to a command: {other:?}"),
        }
    }

    pub(crate) fn give(&mut self, command: Command) -> Answer {
        let submitted = self.submitted(command);
        self.submit(submitted).unwrap()
    }

    /// Gives a command that has to be accepted.
    pub(crate) fn accept(&mut self, command: Command) -> Answer {
        let answer = self.give(command);
        assert!(
            matches!(answer.outcome, lanyard_domain::outcome::Outcome::Accepted(_)),
            "refused: {:?}",
            answer.outcome
        );
        answer
    }

    /// Changes local tables.
    pub(crate) fn change(&mut self, change: LocalChange) -> LocalAnswer {
        match self.engine.commit(vec![Submission::Local(change)]).replies.pop() {
            Some(Reply::Local(Ok(answer))) => answer,
            other => panic!("the change failed: {other:?}"),
        }
    }

    /// Takes everything another node has; returns the number of batches.
    pub(crate) fn pull(&mut self, other: &Self) -> Result<usize, ImportError> {
        let reader = other.reader();
        let mut batches = 0;
        while let Some(batch) = reader.read_here(|db| db.batch_after(&self.engine.vector())).unwrap() {
            self.import(&batch)?;
            batches += 1;
        }
        Ok(batches)
    }

    /// Takes what another node has, where logs part: one batch, and the rest.
    pub(crate) fn pull_with(&mut self, other: &Self, partings: &[Parting]) -> Result<(), ImportError> {
        let have = Parting::pull(partings, self.engine.vector());
        if let Some(batch) = other.reader().read_here(|db| db.batch_after(&have)).unwrap() {
            self.import(&batch)?;
        }
        self.pull(other).map(drop)
    }

    /// Takes a batch, as it travels.
    pub(crate) fn import(&mut self, batch: &Batch) -> Result<(), ImportError> {
        let batch = Batch::decode(&batch.encode()).unwrap();
        let mut committed = self.engine.commit(vec![Submission::Import(batch)]);
        assert!(committed.broken.is_none(), "{:?}", committed.broken);
        let Some(Reply::Import(reply)) = committed.replies.pop() else { panic!("no reply to an import") };
        let vector: VersionVector = reply?;
        assert_eq!(vector, self.engine.vector());
        Ok(())
    }

    /// Hears from another node what it has.
    pub(crate) fn hear(&mut self, other: &Self) {
        let (peer, vector) = (other.engine.own_log().node, other.engine.vector());
        self.change(LocalChange::PeerHeard { peer, vector, at_ms: 0 });
    }

    pub(crate) fn state_hashes(&self) -> (Hash, Hash) {
        self.reader().read_here(|db| Ok((db.state_hash()?, db.state_hash_of_log()?))).unwrap()
    }

    /// Gives seat rights from HQ to another node.
    pub(crate) fn give_rights(&mut self, to: &Self, seat_type: &str, count: u32) {
        let to = Account::Venue(to.engine.own_log());
        self.accept(Command::GiveRights { seat_type: seat_type_id(seat_type), to, count });
    }
}

/// HQ with people, and two venue nodes that know them.
pub(crate) fn venue() -> (TestNode, TestNode, TestNode) {
    let hq = TestNode::hq_with_people(10);
    let (mut north, mut south) = (TestNode::new(1), TestNode::new(2));
    north.pull(&hq).unwrap();
    south.pull(&hq).unwrap();
    (hq, north, south)
}

/// A copy of a data folder, as it is.
pub(crate) fn copied(directory: &tempfile::TempDir) -> Arc<tempfile::TempDir> {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    Arc::new(copy)
}

/// One workshop seat for somebody.
pub(crate) fn sale(number: u16) -> Command {
    Command::PlaceOrder {
        attendee: Some(person(number)),
        registrant: None,
        lines: vec![Wanted { seat_type: seat_type_id("ws"), quantity: 1 }],
        if_short: IfShort::Refuse,
    }
}

pub(crate) fn seat_type_id(id: &str) -> SeatTypeId {
    id.parse().unwrap()
}

fn row(number: u16) -> ImportRow {
    ImportRow {
        external_key: number.to_string(),
        person: Person {
            first_name: format!("First{number}"),
            last_name: format!("Last{number}"),
            email: Some(format!("p{number}@example.org")),
            ..Person::default()
        },
        codes: vec![format!("T{number}")],
        order_code: Some(format!("ORD{number}")),
        seats: vec![SourceSeat { seat_type: seat_type_id("ga"), state: SourceState::Paid }],
    }
}

pub(crate) fn person(number: u16) -> AttendeeId {
    AttendeeId::derive(&[b"rustfest", b"list", number.to_string().as_bytes()])
}

pub(crate) fn check_in(number: u16) -> Command {
    let who = Who::Code(format!("T{number}"));
    Command::CheckIn { who, list: "main".parse().unwrap(), override_reason: None }
}

impl Engine {
    /// Writes what a newer build would write.
    pub(crate) fn append_foreign(&mut self, stream: &lanyard_domain::Stream, kind: &str, min_reader: u16) {
        self.append_as_is(stream, kind, min_reader, b"{\"list\":\"main\",\"via\":\"ticket\"}");
    }

    /// Writes what nobody decided.
    pub(crate) fn append_as_is(
        &mut self,
        stream: &lanyard_domain::Stream,
        kind: &str,
        min_reader: u16,
        facts: &[u8],
    ) {
        let draft = lanyard_sync::Draft {
            stream: stream.name(),
            kind: kind.to_owned(),
            version: 1,
            min_reader,
            at_ms: NOW_MS,
            skew_ms: None,
            actor: "future".into(),
            desk: String::new(),
            command: command_id(99, self.position() + u64::from(min_reader)),
            index: 0,
            facts: lanyard_sync::Salted { salt: [3; 16], bytes: facts.to_vec() },
            personal: None,
            ext: Vec::new(),
        };
        self.db.execute_batch("BEGIN").unwrap();
        self.append_draft(draft, &super::fold::Meaning::Unknown).unwrap();
        self.save_touched().unwrap();
        self.sign_head().unwrap();
        self.db.execute_batch("COMMIT").unwrap();
    }
}
