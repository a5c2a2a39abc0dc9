//! SQLite itself on the disk: a plain workload is whole after every cut, and one that does not wait for its syncs is
//! found losing data.

use rusqlite::{Connection, ErrorCode};

use crate::{Cut, Failure, Fault, Image, Memory, Operation, Point, PowerCutDisk};

const DATABASE: &str = "plain.db";
const SEEDS: u64 = 6;

/// How SQLite is told to work.
#[derive(Clone, Copy)]
struct Mode {
    journal: &'static str,
    synchronous: &'static str,
}

const WAL: Mode = Mode { journal: "WAL", synchronous: "FULL" };
/// Without `EXTRA` a commit by a rollback journal ends with a removal that nobody syncs.
const ROLLBACK: Mode = Mode { journal: "DELETE", synchronous: "EXTRA" };

fn disk() -> (tempfile::TempDir, PowerCutDisk) {
    let folder = tempfile::tempdir().unwrap();
    let disk = PowerCutDisk::in_folder(folder.path(), &[]).unwrap();
    (folder, disk)
}

fn open(disk: &PowerCutDisk, mode: Mode) -> rusqlite::Result<Connection> {
    let db = Connection::open(disk.path(DATABASE))?;
    db.pragma_update(None, "journal_mode", mode.journal)?;
    db.pragma_update(None, "synchronous", mode.synchronous)?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.execute_batch("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)")?;
    Ok(db)
}

/// Commits rows one by one; returns when each of them was acknowledged.
fn commit_rows(disk: &PowerCutDisk, mode: Mode, rows: u32) -> Vec<Point> {
    let db = open(disk, mode).unwrap();
    let mut acknowledged = vec![disk.now()];
    for row in 0..rows {
        let text = format!("{row} {}", "x".repeat(usize::try_from(row * 97 % 3000).unwrap()));
        db.execute("INSERT INTO t (text) VALUES (?1)", [text]).unwrap();
        acknowledged.push(disk.now());
        if row % 7 == 6 && mode.journal == "WAL" {
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
    }
    acknowledged
}

/// How many rows a database has that holds together.
fn rows(disk: &PowerCutDisk, image: &Image) -> Result<usize, String> {
    disk.put(image).unwrap();
    let db = Connection::open(disk.path(DATABASE)).unwrap();
    let look = || -> rusqlite::Result<(String, usize)> {
        let said = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if db.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, u32>(0))? == 0 {
            return Ok((said, 0));
        }
        Ok((said, db.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, u32>(0))? as usize))
    };
    match look() {
        Ok((said, rows)) if said == "ok" => Ok(rows),
        Ok((said, _)) => Err(said),
        Err(error) => Err(error.to_string()),
    }
}

/// Every moment of a workload and several cuts at each: the moments at which something was lost or damaged.
fn losses(mode: Mode, cuts: &[Cut]) -> (usize, Vec<String>) {
    let (_folder, disk) = disk();
    let acknowledged = commit_rows(&disk, mode, 24);
    let (_other_folder, after) = self::disk();
    let mut losses = Vec::new();
    for at in 0..=disk.now() {
        let wanted = acknowledged.iter().filter(|point| **point <= at).count().saturating_sub(1);
        for cut in cuts {
            match rows(&after, &disk.after_cut(at, *cut)) {
                Ok(found) if found == wanted || found == wanted + 1 => {}
                Ok(found) => losses.push(format!("{cut:?} at {at}: {found} rows of {wanted}")),
                Err(error) => losses.push(format!("{cut:?} at {at}: {error}")),
            }
        }
    }
    (disk.now(), losses)
}

fn cuts() -> Vec<Cut> {
    (0..SEEDS).map(Cut::Power).chain([Cut::Process]).collect()
}

#[test]
fn what_sqlite_acknowledged_is_there_after_a_cut_at_any_moment() {
    for mode in [WAL, ROLLBACK] {
        let (points, losses) = losses(mode, &cuts());
        assert!(points > 100, "{points} points");
        assert_eq!(losses.first(), None, "{}: {} of them", mode.journal, losses.len());
    }
}

#[test]
fn acknowledging_before_the_sync_is_found_losing_rows() {
    for journal in ["WAL", "DELETE"] {
        let careless = Mode { journal, synchronous: "OFF" };
        assert!(!losses(careless, &cuts()).1.is_empty(), "{journal}");
        assert_eq!(losses(careless, &[Cut::Process]).1, Vec::<String>::new(), "the system goes on");
    }
    for late in [Mode { synchronous: "NORMAL", ..WAL }, Mode { synchronous: "FULL", ..ROLLBACK }] {
        assert!(!losses(late, &cuts()).1.is_empty(), "{}", late.journal);
    }
}

#[test]
fn readers_see_commits_while_others_are_written() {
    let (_folder, disk) = disk();
    let writer = open(&disk, WAL).unwrap();
    let reader = Connection::open(disk.path(DATABASE)).unwrap();
    let count = || reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, u32>(0)).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(count(), 0);
    writer.execute("INSERT INTO t (text) VALUES ('a')", []).unwrap();
    assert_eq!(count(), 0, "a read is of one moment");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(count(), 1);
    let second = open(&disk, WAL).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = second.execute_batch("BEGIN IMMEDIATE").unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
}

#[test]
fn operations_fail_as_planned_and_a_full_disk_takes_more_once_there_is_room() {
    let (_folder, disk) = disk();
    let db = open(&disk, WAL).unwrap();
    let insert = |text: &str| db.execute("INSERT INTO t (text) VALUES (?1)", [text]);
    for (fault, code) in [
        (Fault::once(Operation::Write, 1, Failure::Io), ErrorCode::SystemIoFailure),
        (Fault::once(Operation::Write, 0, Failure::Short), ErrorCode::SystemIoFailure),
        (Fault::once(Operation::Sync, 0, Failure::Io), ErrorCode::SystemIoFailure),
        (Fault::once(Operation::Write, 0, Failure::Full), ErrorCode::DiskFull),
    ] {
        disk.fail(fault);
        assert_eq!(insert("lost").unwrap_err().sqlite_error_code(), Some(code));
    }
    disk.heal();
    let size: u64 = disk.image().names().map(|name| disk.image().file(name).unwrap().len() as u64).sum();
    disk.limit_bytes(Some(size));
    let long = "x".repeat(20_000);
    assert_eq!(insert(&long).unwrap_err().sqlite_error_code(), Some(ErrorCode::DiskFull));
    disk.limit_bytes(None);
    insert(&long).unwrap();
}

#[test]
fn a_disk_that_is_marked_goes_back_to_the_mark_or_stays() {
    let (_folder, disk) = disk();
    disk.remember(Memory::Marked);
    disk.put(&Image::default()).unwrap();
    let (_other_folder, after) = self::disk();
    let db = open(&disk, WAL).unwrap();
    let insert = |text: &str| db.execute("INSERT INTO t (text) VALUES (?1)", [text]).unwrap();
    insert("before");
    let marked = disk.now();
    disk.mark();
    insert("after");
    let in_commit = marked + 1;
    let left = |at, cut| rows(&after, &disk.after_cut(at, cut)).unwrap();
    assert_eq!((left(marked, Cut::Process), left(in_commit, Cut::Process)), (1, 1));
    let cuts: std::collections::BTreeSet<_> = (0..20).map(|seed| left(in_commit, Cut::Power(seed))).collect();
    assert_eq!(cuts, [1, 2].into());
    assert_eq!((left(disk.now(), Cut::Process), left(disk.now(), Cut::Power(1))), (2, 2));
}
