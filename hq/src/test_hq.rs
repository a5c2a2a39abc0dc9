//! An HQ for tests: a data folder of its own, a conference with an allotment for north, nodes that have written.

use std::sync::Arc;

use lanyard_node::Identity;
use lanyard_node::clock::system_entropy;
use lanyard_sync::{LogId, SigningKey, VersionVector};

use crate::conference_file::ConferenceFile;
use crate::enrol::{self, JoinRequest};
use crate::hq::{Hq, Running};
use crate::registry::Invitation;

/// A sound conference file.
pub(crate) const FILE: &str = r#"
    slug = "summit"
    name = "Summit"
    organiser = "Us"
    starts_ms = 1
    ends_ms = 4000000000000
    time_zone = "Europe/Berlin"
    currency = "EUR"
    [seat_types.ga]
    name = "General admission"
    price_minor = 100
    grants_admission = true
    [lists.main]
    name = "Main door"
    seat_types = ["ga"]
    [quotas.ga]
    quota = 3
    allotments = { north = 2 }
"#;

pub(crate) struct TestHq {
    pub(crate) hq: Arc<Hq>,
    pub(crate) folder: Arc<tempfile::TempDir>,
}

/// The conference file of the tests.
pub(crate) fn file() -> ConferenceFile {
    ConferenceFile::parse(FILE).unwrap()
}

impl TestHq {
    pub(crate) fn empty() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self { hq: Hq::open(folder.path()).unwrap(), folder }
    }

    /// With the conference begun, and nothing said to its writer.
    pub(crate) fn with_conference() -> Self {
        let test = Self::empty();
        test.hq.begin(&file()).unwrap();
        test
    }

    /// After a restart.
    pub(crate) fn again(self) -> Self {
        let Self { hq, folder } = self;
        drop(hq);
        Self { hq: Hq::open(folder.path()).unwrap(), folder }
    }

    pub(crate) fn running(&self) -> Arc<Running> {
        self.hq.conference("summit").unwrap()
    }

    pub(crate) fn invite(&self, code: &str, node_name: &str) {
        let invitation = Invitation { conference: "summit".to_owned(), node_name: node_name.to_owned() };
        self.hq.with_registry(|registry| registry.invite(code, &invitation, 0)).unwrap();
    }

    /// Has a node join, and what it writes first arrive.
    pub(crate) async fn join(&self, name: &str) -> LogId {
        self.begin_log(self.enrol(name).await).await
    }

    /// Has a node enrol.
    pub(crate) async fn enrol(&self, name: &str) -> Identity {
        self.enrol_with(name, name).await
    }

    /// The same with another code than its name.
    pub(crate) async fn enrol_with(&self, code: &str, name: &str) -> Identity {
        self.invite(code, name);
        let mut seed = [0; 32];
        system_entropy(&mut seed);
        let request =
            JoinRequest { code: code.to_owned(), public_key: SigningKey::from_seed(&seed).public_key() };
        let joined = enrol::join(&self.hq, &request, 1).await.unwrap();
        Identity::certified(seed, joined.certificate, joined.scope, joined.organiser_key).unwrap()
    }

    /// Has a node begin a log with nothing but its identity, and what it writes first arrive.
    pub(crate) async fn begin_log(&self, identity: Identity) -> LogId {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = lanyard_node::open(folder.path(), identity).unwrap();
        let batch = reader.read_here(|db| db.batch_after(&VersionVector::default())).unwrap().unwrap();
        self.running().writer.import(batch).await.unwrap();
        writer.published().borrow().own_log
    }
}
