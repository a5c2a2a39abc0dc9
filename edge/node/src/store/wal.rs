//! The write-ahead log as bytes: SQLite reads it up to the first frame whose checksum does not fit, and drops what
//! follows without a word. That is right for a commit that a power cut tore, which is always the last one, and hides
//! damage anywhere before.
//!
//! The form is that of <https://www.sqlite.org/fileformat2.html#walformat>.

use std::path::{Path, PathBuf};

/// Bytes before the first frame.
pub(crate) const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// Where the log of a database is.
pub(crate) fn path_beside(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// A page of the log.
struct Frame<'a> {
    bytes: &'a [u8],
    /// Whether it is of this log, and not left of an earlier one in the same file.
    is_of_this_log: bool,
}

impl Frame<'_> {
    /// Size of the database in pages where a commit ends here, else 0.
    fn commits_pages(&self) -> u32 {
        if self.is_of_this_log { number(self.bytes, 4) } else { 0 }
    }
}

fn page_bytes(header: &[u8]) -> Option<usize> {
    let bytes = usize::try_from(number(header, 8)).ok()?;
    (bytes.is_power_of_two() && (512..=65_536).contains(&bytes)).then_some(bytes)
}

fn frames(log: &[u8], page_bytes: usize) -> impl Iterator<Item = Frame<'_>> {
    log[HEADER_BYTES..]
        .chunks_exact(FRAME_HEADER_BYTES + page_bytes)
        .map(|bytes| Frame { bytes, is_of_this_log: bytes[8..16] == log[16..24] })
}

/// Writes every page of the log's commits over those of the database, whatever the checksums say: for a repair, which
/// checks what it reads by other means.
pub(crate) fn lay_over(database: &mut Vec<u8>, log: &[u8]) {
    let Some(page_bytes) = log.get(..HEADER_BYTES).and_then(page_bytes) else { return };
    let frames: Vec<_> = frames(log, page_bytes).collect();
    let Some(last) = frames.iter().rposition(|frame| frame.commits_pages() > 0) else { return };
    let pages = frames[last].commits_pages() as usize;
    database.resize(pages.saturating_mul(page_bytes).min(database.len() + log.len()), 0);
    for frame in frames[..=last].iter().filter(|frame| frame.is_of_this_log) {
        let at = (number(frame.bytes, 0) as usize).saturating_sub(1).saturating_mul(page_bytes);
        if let Some(page) = database.get_mut(at..at.saturating_add(page_bytes)) {
            page.copy_from_slice(&frame.bytes[FRAME_HEADER_BYTES..]);
        }
    }
}

/// What is wrong with a log, if it is damaged.
pub(crate) fn damage(log: &[u8]) -> Option<String> {
    let header = log.get(..HEADER_BYTES).filter(|_| log.len() > HEADER_BYTES)?;
    let is_big_endian = header[3] & 1 == 1;
    let mut sum = checksum(is_big_endian, [0; 2], &header[..24]);
    let is_whole = sum == [number(header, 24), number(header, 28)];
    let Some(page_bytes) = page_bytes(header).filter(|_| is_whole) else {
        return Some("the head of the write-ahead log is damaged".to_owned());
    };
    let mut broken: Option<usize> = None;
    let mut is_commit_behind = false;
    for (at, frame) in (1..).zip(frames(log, page_bytes)) {
        if let (Some(broken), true, true) = (broken, is_commit_behind, frame.is_of_this_log) {
            // Of a commit that was torn the last frame may be there, and nothing was written after it.
            return Some(format!("frame {broken} of the write-ahead log is damaged"));
        }
        if broken.is_none() {
            sum = checksum(is_big_endian, sum, &frame.bytes[..8]);
            sum = checksum(is_big_endian, sum, &frame.bytes[FRAME_HEADER_BYTES..]);
            let fits = frame.is_of_this_log && sum == [number(frame.bytes, 16), number(frame.bytes, 20)];
            broken = (!fits).then_some(at);
        }
        is_commit_behind |= broken.is_some() && frame.commits_pages() > 0;
    }
    None
}

/// SQLite's sum over pairs of 32-bit words.
fn checksum(is_big_endian: bool, [mut first, mut second]: [u32; 2], bytes: &[u8]) -> [u32; 2] {
    let word = |at: usize| {
        let word = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        if is_big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
    };
    for at in (0..bytes.len()).step_by(8) {
        first = first.wrapping_add(word(at)).wrapping_add(second);
        second = second.wrapping_add(word(at + 4)).wrapping_add(first);
    }
    [first, second]
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A database with its log: three commits of one row each.
    fn case() -> (Vec<u8>, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "journal_mode", "WAL").unwrap();
        db.execute_batch("CREATE TABLE t (a)").unwrap();
        for row in 0..3 {
            db.execute("INSERT INTO t VALUES (?1)", [row]).unwrap();
        }
        (std::fs::read(&path).unwrap(), std::fs::read(path_beside(&path)).unwrap())
    }

    #[test]
    fn damage_before_the_last_commit_is_told_from_a_torn_one() {
        let (_, log) = case();
        assert_eq!(damage(&log), None);
        let flipped = |at: usize| {
            let mut log = log.clone();
            log[at] ^= 4;
            damage(&log)
        };
        assert_eq!(flipped(17).as_deref(), Some("the head of the write-ahead log is damaged"));
        assert_eq!(flipped(HEADER_BYTES + 900).as_deref(), Some("frame 1 of the write-ahead log is damaged"));
        assert_eq!(flipped(log.len() - 1), None);
        assert_eq!(damage(&log[..log.len() - 700]), None);
    }

    #[test]
    fn commits_are_laid_over_the_database_whatever_their_sums() {
        let (mut database, mut log) = case();
        log[HEADER_BYTES + 16] ^= 1;
        lay_over(&mut database, &log);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.db");
        std::fs::write(&path, database).unwrap();
        let rows: i64 = Connection::open(&path)
            .unwrap()
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 3);
    }
}
