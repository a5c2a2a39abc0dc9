//! Streams whose personal parts are erased: whose word it is, and what is still to be removed here.

use lanyard_sync::{Certificate, Dot, Erasure, Signature, StreamName};
use rusqlite::{Connection, OptionalExtension};

use super::{StoreError, sql, streams};

/// The word that erased a stream.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) erasure: Erasure,
    /// The entry that erases; none while its word alone has come ahead of it.
    pub(crate) entry: Option<Dot>,
}

/// Notes that a stream is erased, and that its entries up to `last_pos` are to be stripped.
pub(crate) fn hold(
    db: &Connection,
    stream: i64,
    entry: Option<i64>,
    erasure: &Erasure,
    last_pos: i64,
) -> Result<(), StoreError> {
    let certificate = erasure.certificate.encode();
    db.prepare_cached("INSERT OR IGNORE INTO erasers (certificate) VALUES (?1)")?.execute([&certificate])?;
    db.prepare_cached(
        "INSERT INTO erasures (stream, entry, eraser, signature, pending) \
         SELECT ?1, ?2, id, ?4, ?5 FROM erasers WHERE certificate = ?3 \
         ON CONFLICT (stream) DO UPDATE SET entry = coalesce(?2, entry), eraser = excluded.eraser, \
         signature = excluded.signature, pending = ?5",
    )?
    .execute((
        stream,
        entry,
        certificate,
        erasure.signature.as_bytes().as_slice(),
        beginning_at(last_pos),
    ))?;
    Ok(())
}

/// Where stripping begins; what comes later of a stream is stored without its personal parts.
fn beginning_at(pos: i64) -> Option<i64> {
    (pos > 0).then_some(pos)
}

/// Whether anything is erased at all.
pub(crate) fn any(db: &Connection) -> Result<bool, StoreError> {
    Ok(db.query_row("SELECT EXISTS (SELECT 1 FROM erasures)", [], |row| row.get(0))?)
}

/// Whether a stream is erased, by its number.
pub(crate) fn is_erased(db: &Connection, stream: i64) -> Result<bool, StoreError> {
    let mut statement = db.prepare_cached("SELECT 1 FROM erasures WHERE stream = ?1")?;
    Ok(statement.exists([stream])?)
}

/// Whether a stream is erased, by its name.
pub(crate) fn is_name_erased(db: &Connection, name: &StreamName) -> Result<bool, StoreError> {
    streams::find(db, name)?.map_or(Ok(false), |stream| is_erased(db, stream))
}

/// Finds the word that erased a stream.
pub(crate) fn find(db: &Connection, name: &StreamName) -> Result<Option<Held>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT w.certificate, r.signature, l.node, l.epoch, e.seq FROM streams s \
         JOIN erasures r ON r.stream = s.id JOIN erasers w ON w.id = r.eraser \
         LEFT JOIN entries e ON e.pos = r.entry LEFT JOIN logs l ON l.id = e.log \
         WHERE s.category = ?1 AND s.key = ?2",
    )?;
    let mut rows = statement.query((name.category(), streams::key_column(name.key())))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let certificate: Vec<u8> = row.get(0)?;
    let certificate = Certificate::decode(&certificate)
        .map_err(|_| StoreError::damaged(format!("the certificate of who erased {name} cannot be read")))?;
    let seq: Option<i64> = row.get(4)?;
    let entry =
        seq.map(|seq| Ok::<_, StoreError>(sql::log_id(row, 2, 3)?.dot(sql::counter(seq)))).transpose()?;
    let signature = Signature(sql::bytes(row, 1)?);
    Ok(Some(Held { erasure: Erasure { stream: name.clone(), certificate, signature }, entry }))
}

/// The streams that are erased by a word that came ahead of its entry.
pub(crate) fn ahead(db: &Connection) -> Result<Vec<StreamName>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT s.category, s.key FROM erasures r JOIN streams s ON s.id = r.stream WHERE r.entry IS NULL",
    )?;
    let mut rows = statement.query([])?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        names.push(streams::name(row, 0, 1)?);
    }
    Ok(names)
}

/// The words that erased streams.
pub(crate) fn all(db: &Connection) -> Result<Vec<Erasure>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT s.category, s.key FROM erasures r JOIN streams s ON s.id = r.stream ORDER BY s.category, s.key",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.extend(find(db, &streams::name(row, 0, 1)?)?.map(|held| held.erasure));
    }
    Ok(all)
}

/// Strips at most so many entries; returns whether there may be more.
pub(crate) fn strip(db: &Connection, entries_max: u32) -> Result<bool, StoreError> {
    let mut left = entries_max;
    while left > 0 {
        let mut statement =
            db.prepare_cached("SELECT stream, pending FROM erasures WHERE pending IS NOT NULL LIMIT 1")?;
        let pending: Option<(i64, i64)> =
            statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((stream, from)) = pending else { return Ok(false) };
        let mut next = Some(from);
        while let (Some(pos), true) = (next, left > 0) {
            next = strip_one(db, stream, pos)?.and_then(beginning_at);
            left -= 1;
        }
        db.prepare_cached("UPDATE erasures SET pending = ?2 WHERE stream = ?1")?.execute((stream, next))?;
    }
    Ok(true)
}

/// Removes personal part and salt of an entry; returns where the stream's entry before it stands. One that was
/// taken out of the log meanwhile leads back to where the stream ends.
fn strip_one(db: &Connection, stream: i64, pos: i64) -> Result<Option<i64>, StoreError> {
    db.prepare_cached(
        "UPDATE entries SET personal_salt = NULL, personal = NULL WHERE pos = ?1 AND personal_salt IS NOT NULL",
    )?
    .execute([pos])?;
    let mut statement = db.prepare_cached(
        "SELECT previous FROM entries WHERE pos = ?1 AND previous < ?1 \
         UNION ALL SELECT last_pos FROM states WHERE stream = ?2 AND NOT EXISTS (SELECT 1 FROM entries WHERE pos = ?1)",
    )?;
    Ok(statement.query_row([pos, stream], |row| row.get(0)).optional()?.flatten())
}
