//! Bits that turn over in a database, its write-ahead log and its backups: `verify` finds each, or nothing that
//! anybody reads is another; nothing damaged is ever sent; and what others have is put back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use lanyard_node::Reader;
use lanyard_node::backup::backup;
use lanyard_node::repair::{Repair, RepairError};
use lanyard_node::start::DATABASE_FILE;
use lanyard_node::verify::verify;
use lanyard_sync::{BatchLog, Dot, VersionVector};
use lanyard_test_vfs::{Chance, Cut, Image};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use crate::conference::draw;
use crate::node::{Node, beginning, memory_folder, options, surroundings};

const SEEDS: u64 = 400;
const REPAIRS: u64 = 40;
const LOG_FILE: &str = "lanyard.db-wal";

/// What follows from nothing and cannot be told from what is right (see `docs/sync-protocol.md`).
const EXCUSED: [&str; 7] =
    ["meta", "print_jobs", "desk_settings", "sign_in_back_off", "peers", "sqlite_sequence", "holds"];

type Rows = BTreeMap<String, Vec<Vec<Value>>>;

/// North with a write-ahead log, and HQ, which lacks north's last commits.
struct Case {
    folder: std::sync::Arc<tempfile::TempDir>,
    north: Image,
    identity: lanyard_node::Identity,
    hq: PathBuf,
    hq_has: VersionVector,
    /// What north has, and had before its last commit.
    vectors: [VersionVector; 2],
    /// What every entry is, as it is sent.
    frames: BTreeMap<Dot, Vec<u8>>,
}

/// What there is to a flip.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    found: u64,
    /// In bytes that nobody reads.
    unused: u64,
    /// In local tables, where nothing says what is right.
    excused: u64,
    /// In the last commit of a write-ahead log, which a power cut could have torn.
    torn: u64,
}

/// Rows that are not as they were.
fn changed_rows(whole: &Rows, now: &Rows) -> Vec<Vec<Value>> {
    let known = |table: &String, row: &Vec<Value>| whole.get(table).is_some_and(|rows| rows.contains(row));
    let changed = now.iter().flat_map(|(table, rows)| rows.iter().filter(move |row| !known(table, row)));
    changed.cloned().collect()
}

impl Case {
    fn new() -> anyhow::Result<Self> {
        let folder = memory_folder()?;
        let mut chance = Chance::new(77);
        let (mut hq, mut north) = (Node::new(0, folder.path())?, Node::new(1, folder.path())?);
        hq.begin(77, &beginning()[0])?;
        north.begin(77, &beginning()[1])?;
        decide(&mut north, 30, &mut chance)?;
        hq.pull(&north)?;
        decide(&mut hq, 10, &mut chance)?;
        north.pull(&hq)?;
        while !north.engine().checkpoint()? {}
        decide(&mut north, 12, &mut chance)?;
        hq.pull(&north)?;
        let hq_has = hq.engine().vector();
        decide(&mut north, 6, &mut chance)?;
        let vectors = [1, 2].map(|back| north.commits[north.commits.len() - back].vector.clone());
        let image = north.disk.after_cut(north.disk.now(), Cut::Process);
        let frames = sent(&north.disk.path(DATABASE_FILE), &VersionVector::default());
        let hq_file = folder.path().join("hq-copy.db");
        backup(&hq.disk.path(DATABASE_FILE), &hq_file)?;
        let identity = north.identity.clone();
        Ok(Self {
            folder,
            north: image,
            identity,
            hq: hq_file,
            hq_has,
            vectors,
            frames: frames.into_iter().collect(),
        })
    }

    /// A folder with these files in it.
    fn lay_out(&self, image: &Image) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join("case");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder)?;
        for name in [DATABASE_FILE, LOG_FILE, "lanyard.incarnation"] {
            if let Some(bytes) = image.file(name) {
                fs::write(folder.join(name), bytes)?;
            }
        }
        Ok(folder.join(DATABASE_FILE))
    }

    /// What comes of one flip.
    fn judge(&self, whole: &Rows, image: &Image, counts: &mut Counts) -> anyhow::Result<()> {
        let database = self.lay_out(image)?;
        let is_found = verify(&database).map_or(true, |report| !report.is_clean());
        // Whatever verify says, nothing damaged goes out.
        for have in [VersionVector::default(), self.hq_has.clone()] {
            for (dot, frame) in sent(&database, &have) {
                ensure!(self.frames.get(&dot) == Some(&frame), "{dot} was sent, and is damaged");
            }
        }
        if is_found {
            counts.found += 1;
            return Ok(());
        }
        let reader = Reader::open(&database)?;
        let (vector, stored, folded) =
            reader.read_here(|db| Ok((db.vector()?, db.state_hash()?, db.state_hash_of_log()?)))?;
        ensure!(stored == folded, "the states are not what the log says, and nothing is found");
        if vector != self.vectors[0] {
            ensure!(vector == self.vectors[1], "commits are gone, and nothing is found");
            counts.torn += 1;
            return Ok(());
        }
        let differs: Vec<_> = rows_of(&database)?
            .into_iter()
            .filter(|(table, rows)| whole.get(table) != Some(rows))
            .map(|(table, _)| table)
            .collect();
        ensure!(
            differs.iter().all(|table| EXCUSED.contains(&table.as_str())),
            "{differs:?} hold something else, and nothing is found: {:?}",
            changed_rows(whole, &rows_of(&database)?)
        );
        let count = if differs.is_empty() { &mut counts.unused } else { &mut counts.excused };
        *count += 1;
        Ok(())
    }
}

fn decide(node: &mut Node, times: u32, chance: &mut Chance) -> anyhow::Result<()> {
    for _ in 0..times {
        let command = draw(node, chance);
        let group = [node.submitted(command)];
        let committed = node.commit(&group);
        node.acknowledge(&group, committed)?;
    }
    Ok(())
}

/// Everything that a database would send to whoever has this, up to where it stops; heads as entries of their own.
fn sent(database: &Path, have: &VersionVector) -> Vec<(Dot, Vec<u8>)> {
    let (mut have, mut sent) = (have.clone(), Vec::new());
    let Ok(reader) = Reader::open(database) else { return sent };
    while let Ok(Some(batch)) = reader.read_here(|db| db.batch_after(&have)) {
        let heads = batch.logs.iter().map(|BatchLog { head, .. }| (head.dot, head.hash));
        let heads: BTreeMap<_, _> = heads.collect();
        for frame in batch.frames {
            if let Some(hash) = heads.get(&frame.dot) {
                have.set(frame.dot.log, lanyard_sync::Head::new(frame.dot.seq, hash));
            }
            sent.push((frame.dot, frame.encode()));
        }
    }
    sent
}

/// All rows of all tables, but for bytes that only keep room.
fn rows_of(database: &Path) -> anyhow::Result<Rows> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut names = db.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%' ORDER BY name",
    )?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut all = Rows::new();
    for name in names {
        let mut statement = db.prepare(&format!("SELECT * FROM {name}"))?;
        let wanted: Vec<usize> = (0..statement.column_count())
            .filter(|at| statement.column_name(*at).is_ok_and(|name| name != "room"))
            .collect();
        let rows = statement.query_map([], |row| wanted.iter().map(|at| row.get(*at)).collect())?;
        all.insert(name, rows.collect::<Result<_, _>>()?);
    }
    Ok(all)
}

#[test]
fn a_flipped_bit_is_found_or_changes_nothing_and_is_never_sent() -> anyhow::Result<()> {
    let case = Case::new()?;
    let database = case.lay_out(&case.north)?;
    let report = verify(&database)?;
    ensure!(report.is_clean(), "the case is damaged: {:?}", report.findings);
    let whole = rows_of(&database)?;
    ensure!(whole["print_jobs"].len() > 2 && case.frames.len() > 60, "the case is too small");
    for name in [DATABASE_FILE, LOG_FILE] {
        let bits = case.north.file(name).context("the file is there")?.len() as u64 * 8;
        let (mut counts, mut chance) = (Counts::default(), Chance::new(5));
        for seed in 0..SEEDS {
            let (mut image, bit) = (case.north.clone(), chance.below(bits));
            ensure!(image.flip_bit(name, bit), "the bit is in the file");
            case.judge(&whole, &image, &mut counts)
                .with_context(|| format!("flip {seed}: bit {} of byte {} of {name}", bit % 8, bit / 8))?;
        }
        println!("store: {SEEDS} flips in {name} of {} KiB: {counts:?}", bits / 8192);
        ensure!(counts.found > SEEDS / 8, "few are found: {counts:?}");
    }
    Ok(())
}

#[test]
fn a_flipped_bit_of_a_backup_is_found_or_changes_nothing() -> anyhow::Result<()> {
    let mut case = Case::new()?;
    let copy = case.folder.path().join("backup.db");
    backup(&case.lay_out(&case.north)?, &copy)?;
    let mut image = Image::default();
    image.set_file(DATABASE_FILE, fs::read(&copy)?);
    case.vectors[1] = case.vectors[0].clone();
    let whole = rows_of(&case.lay_out(&image)?)?;
    let bits = fs::metadata(&copy)?.len() * 8;
    let (mut counts, mut chance) = (Counts::default(), Chance::new(6));
    for seed in 0..SEEDS {
        let (mut flipped, bit) = (image.clone(), chance.below(bits));
        ensure!(flipped.flip_bit(DATABASE_FILE, bit), "the bit is in the file");
        case.judge(&whole, &flipped, &mut counts)
            .with_context(|| format!("flip {seed}: bit {} of byte {}", bit % 8, bit / 8))?;
    }
    println!("store: {SEEDS} flips in a backup of {} KiB: {counts:?}", bits / 8192);
    ensure!(counts.found > SEEDS / 4, "few are found: {counts:?}");
    Ok(())
}

#[test]
fn what_a_flip_damaged_is_put_back_from_a_peer_and_what_nobody_has_is_named() -> anyhow::Result<()> {
    let case = Case::new()?;
    let own = case.vectors[0].iter().map(|(log, _)| log).find(|log| log.node == case.identity.node);
    let own = own.context("north has a log")?;
    let (mut whole, mut lossy, mut chance) = (0, 0, Chance::new(8));
    for seed in 0.. {
        if whole + lossy == REPAIRS {
            break;
        }
        let mut image = case.north.clone();
        let name = if chance.percent(70) { DATABASE_FILE } else { LOG_FILE };
        let bits = image.file(name).context("the file is there")?.len() as u64 * 8;
        image.flip_bit(name, chance.below(bits));
        let database = case.lay_out(&image)?;
        if verify(&database).is_ok_and(|report| report.is_clean()) {
            continue;
        }
        let told = || format!("repair {seed} of {name}");
        let lost = repair(&case, &database, own).with_context(told)?;
        if lost { lossy += 1 } else { whole += 1 }
    }
    println!("store: {REPAIRS} repairs: {whole} lost nothing, {lossy} lost what nobody else had");
    ensure!(whole > REPAIRS * 2 / 3, "only {whole} of {REPAIRS} lost nothing");
    Ok(())
}

#[test]
fn a_damaged_entry_that_nobody_else_has_is_named_and_given_up_only_when_that_is_accepted()
-> anyhow::Result<()> {
    let case = Case::new()?;
    let own = case.vectors[0].iter().map(|(log, _)| log).find(|log| log.node == case.identity.node);
    let own = own.context("north has a log")?;
    let (has, damaged) = (case.hq_has.seq(&own), case.hq_has.seq(&own) + 2);
    ensure!(damaged < case.vectors[0].seq(&own), "north has more than HQ");
    let database = case.lay_out(&case.north)?;
    let db = Connection::open(&database)?;
    let sql = "UPDATE entries SET facts = zeroblob(9) WHERE seq = ?1 AND log IN (SELECT id FROM logs WHERE node = ?2)";
    ensure!(db.execute(sql, (i64::try_from(damaged)?, own.node.as_bytes().as_slice()))? == 1, "it is there");
    drop(db);
    let findings = verify(&database)?.findings;
    ensure!(findings.iter().any(|it| it.what.contains(&own.dot(damaged).to_string())), "{findings:?}");
    let sent = sent(&database, &case.hq_has);
    ensure!(sent.iter().all(|(dot, _)| dot.log != own || dot.seq < damaged), "what follows it is sent");
    ensure!(repair(&case, &database, own)?, "nothing is lost");
    let (vector, _) = Reader::open(&database)?.read_here(|db| Ok((db.vector()?, db.state_hash()?)))?;
    ensure!(vector.seq(&own) >= has && vector.seq(&own) < damaged, "the log ends at {}", vector.seq(&own));
    Ok(())
}

/// Repairs a database with what HQ has; tells whether something was lost.
fn repair(case: &Case, database: &Path, own: lanyard_sync::LogId) -> anyhow::Result<bool> {
    let folder = database.parent().context("it is in a folder")?;
    let begin = || Repair::begin(folder, case.identity.clone(), options("north"), surroundings(9));
    let mut repair = begin()?;
    let hq = Reader::open(&case.hq)?;
    while let Some(batch) = hq.read_here(|db| db.batch_after(&repair.vector()))? {
        repair.take(batch)?;
    }
    let missing = repair.missing()?;
    for part in &missing {
        ensure!(part.first > case.hq_has.seq(&own), "{part} is lost, and HQ has it");
    }
    if !missing.is_empty() {
        let refused = repair.finish(false);
        ensure!(matches!(&refused, Err(RepairError::Missing(named)) if *named == missing), "{refused:?}");
        ensure!(!verify(database).is_ok_and(|report| report.is_clean()), "it was exchanged all the same");
        repair = begin()?;
        while let Some(batch) = hq.read_here(|db| db.batch_after(&repair.vector()))? {
            repair.take(batch)?;
        }
    }
    let repaired = repair.finish(true)?;
    ensure!(repaired.lost == missing && repaired.kept_in.join(DATABASE_FILE).exists(), "{repaired:?}");
    let report = verify(database)?;
    ensure!(report.is_clean(), "it does not hold together: {:?}", report.findings);
    let (vector, stored, refolded) = Reader::open(database)?
        .read_here(|db| Ok((db.vector()?, db.state_hash()?, db.state_hash_of_log()?)))?;
    ensure!(stored == refolded, "the states are not what the log says");
    for (log, head) in case.hq_has.iter() {
        ensure!(vector.seq(&log) >= head.seq, "{log} ends at {} and HQ has {}", vector.seq(&log), head.seq);
    }
    let epochs = vector.iter().filter(|(log, _)| log.node == case.identity.node).count();
    ensure!(epochs == 2, "it goes on in a new epoch");
    Ok(!missing.is_empty() || vector.seq(&own) < case.vectors[0].seq(&own))
}
