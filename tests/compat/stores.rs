//! Databases and a bundle of earlier builds, opened by this one.
//!
//! `stores/schema-N` holds what a build whose databases have version N left behind: HQ's and a node's database, the
//! files beside them, a bundle of everything, and what is in them. For a release that changes the database
//! `LANYARD_FREEZE=stores scripts/test compat` writes the folder of its version; one that is there is never written again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lanyard_domain::outcome::Outcome;
use lanyard_node::bundle::{BundlePart, BundleReader, export};
use lanyard_node::start::DATABASE_FILE;
use lanyard_node::verify::verify;
use lanyard_sync::{Batch, hex};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::day::{check_in, lived};
use crate::node::Node;

const BUNDLE: &str = "everything.bundle";
const CONTENTS: &str = "contents.json";
const INCARNATION_FILE: &str = "lanyard.incarnation";
/// Most bytes of one folder: it stays in the repository for ever.
const FOLDER_MAX_BYTES: u64 = 300_000;
const LEVEL: i32 = 19;

/// What is in a frozen database.
// Stored: JSON beside it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Contents {
    entries: u64,
    vector_digest: String,
    state_hash: String,
}

fn folders() -> Vec<PathBuf> {
    let stores = stores();
    let mut folders: Vec<_> = fs::read_dir(stores).unwrap().map(|folder| folder.unwrap().path()).collect();
    folders.sort();
    folders
}

fn stores() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("compat/stores")
}

fn contents(node: &Node) -> Contents {
    let (stored, of_log) = node.state_hashes();
    assert_eq!(stored, of_log, "the stored states are those of the log");
    assert_eq!(verify(&node.database()).unwrap().findings, []);
    let vector_digest = hex::encode(node.engine.vector().digest().as_bytes());
    Contents { entries: node.engine.position(), vector_digest, state_hash: hex::encode(stored.as_bytes()) }
}

/// What two nodes with the same entries have in common, whatever they set aside.
fn digests(node: &Node) -> (String, String) {
    let contents = contents(node);
    (contents.vector_digest, contents.state_hash)
}

/// The folder of what a build leaves behind whose databases are like this one.
fn frozen_by(node: &Node) -> PathBuf {
    let database = Connection::open(node.database()).unwrap();
    let version: u32 = database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    stores().join(format!("schema-{version}"))
}

/// Writes what this build leaves behind, unless it is there.
fn freeze() {
    let work = tempfile::tempdir().unwrap();
    let (hq, north) = lived(work.path());
    let folder = frozen_by(&hq);
    if folder.exists() {
        return;
    }
    fs::create_dir_all(&folder).unwrap();
    export(&hq.reader(), None, fs::File::create(folder.join(BUNDLE)).unwrap()).unwrap();
    let named = BTreeMap::from([("hq", contents(&hq)), ("north", contents(&north))]);
    fs::write(folder.join(CONTENTS), serde_json::to_string_pretty(&named).unwrap() + "\n").unwrap();
    for (name, node) in [("hq", hq), ("north", north)] {
        let (database, home) = (node.database(), node.folder.clone());
        drop(node);
        let whole = work.path().join(format!("{name}.db"));
        Connection::open(&database).unwrap().execute("VACUUM INTO ?1", [whole.to_str().unwrap()]).unwrap();
        let packed = zstd::bulk::compress(&fs::read(whole).unwrap(), LEVEL).unwrap();
        fs::write(folder.join(format!("{name}.db.zst")), packed).unwrap();
        fs::copy(home.join(INCARNATION_FILE), folder.join(format!("{name}.incarnation"))).unwrap();
    }
}

/// Opens a frozen database with this build, in a folder of its own.
fn thawed(frozen: &Path, name: &str, number: u8, work: &Path) -> Node {
    let home = work.join(name);
    fs::create_dir_all(&home).unwrap();
    let packed = fs::File::open(frozen.join(format!("{name}.db.zst"))).unwrap();
    zstd::stream::copy_decode(packed, fs::File::create(home.join(DATABASE_FILE)).unwrap()).unwrap();
    fs::copy(frozen.join(format!("{name}.incarnation")), home.join(INCARNATION_FILE)).unwrap();
    Node::open(number, &home, 200)
}

fn admitted(node: &mut Node, guest: u16) -> bool {
    matches!(node.give(check_in(guest)).outcome, Outcome::Accepted(_))
}

#[test]
fn databases_of_earlier_builds_open_whole_and_go_on() {
    if std::env::var_os("LANYARD_FREEZE").is_some_and(|value| value == "stores") {
        freeze();
    }
    let work = tempfile::tempdir().unwrap();
    let newest = frozen_by(&Node::open(0, work.path(), 0));
    assert!(newest.exists(), "{} is missing; LANYARD_FREEZE=stores writes it", newest.display());
    for frozen in folders() {
        let work = tempfile::tempdir().unwrap();
        let text = fs::read_to_string(frozen.join(CONTENTS)).unwrap();
        let said: BTreeMap<String, Contents> = serde_json::from_str(&text).unwrap();
        let mut hq = thawed(&frozen, "hq", 0, work.path());
        let mut north = thawed(&frozen, "north", 1, work.path());
        for (name, node) in [("hq", &hq), ("north", &north)] {
            assert_eq!(contents(node), said[name], "{name} of {}", frozen.display());
        }
        let log = north.engine.own_log();
        assert!(!admitted(&mut north, 1), "guest 1 was let in that day");
        assert!(admitted(&mut north, 55));
        assert_eq!(north.engine.own_log(), log, "it goes on in its log");
        hq.pull(&north);
        assert_eq!(digests(&hq), digests(&north));
    }
}

#[test]
fn bundles_of_earlier_builds_make_the_same_states() {
    for frozen in folders() {
        let work = tempfile::tempdir().unwrap();
        let text = fs::read_to_string(frozen.join(CONTENTS)).unwrap();
        let said: BTreeMap<String, Contents> = serde_json::from_str(&text).unwrap();
        let mut south = Node::open(2, &work.path().join("south"), 201);
        let before = south.engine.position();
        let mut bundle = BundleReader::open(fs::File::open(frozen.join(BUNDLE)).unwrap()).unwrap();
        while let BundlePart::Batch(bytes) = bundle.next_part().unwrap() {
            south.import(Batch::decode(&bytes).unwrap());
        }
        let made = contents(&south);
        assert_eq!(made.entries - before, said["hq"].entries);
        let mut hq = thawed(&frozen, "hq", 0, work.path());
        hq.pull(&south);
        assert_eq!(digests(&hq), digests(&south), "{}", frozen.display());
    }
}

#[test]
fn what_is_frozen_stays_small() {
    for frozen in folders() {
        let sizes = fs::read_dir(&frozen).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
        let bytes: u64 = sizes.sum();
        assert!(bytes < FOLDER_MAX_BYTES, "{} has {bytes} bytes", frozen.display());
    }
}
