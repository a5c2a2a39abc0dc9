//! Ships rows: reads them out of a database in their order, compresses them, and posts one batch after the other.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::ensure;
use clap::Args;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::rows::pack;

/// Rows of a batch.
const BATCH_ROWS: u32 = 1_000;
const COMPRESSION_LEVEL: i32 = 3;
/// As much as one of Lanyard's readers has.
const CACHE_KIB: i64 = 2 * 1024;

/// What travels of a row is what has to: not the hash, and of the header, most of which can be told from the rest, the
/// length and as many random bytes as a command's id has.
const ROWS: &str = "SELECT e.log, e.seq, s.category, s.key, e.kind, e.lamport, e.at_ms, length(e.header), \
    substr(e.hash, 1, 16), e.facts_salt, e.facts, e.personal_salt, e.personal, e.signature, e.pos \
    FROM entries e JOIN streams s ON s.id = e.stream WHERE e.pos > ?1 ORDER BY e.pos LIMIT ?2";

/// What is shipped.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The database.
    #[arg(long)]
    database: PathBuf,
    /// How many of its last rows.
    #[arg(long)]
    rows: i64,
    /// Where they go: `host:port`.
    #[arg(long)]
    to: String,
}

/// Ships everything and says how long it took.
pub(crate) async fn send(flags: &Flags) -> anyhow::Result<()> {
    let db = Connection::open_with_flags(&flags.database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    let last: i64 = db.query_row("SELECT max(pos) FROM entries", [], |row| row.get(0))?;
    // The client wants one even where nothing is encrypted.
    rustls::crypto::ring::default_provider().install_default().ok();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("http://{}/batches", flags.to);
    let (mut after, mut bytes) = (last - flags.rows, 0);
    let began = Instant::now();
    while let Some(batch) = next(&db, &mut after)? {
        bytes += batch.len();
        let answer = http.post(&url).body(batch).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "the receiver answered {status}: {}", answer.text().await?);
    }
    let told = json!({ "took_s": began.elapsed().as_secs_f64(), "bytes": bytes });
    crate::announce(&told.to_string());
    Ok(())
}

/// The next batch as it travels.
fn next(db: &Connection, after: &mut i64) -> anyhow::Result<Option<Vec<u8>>> {
    let mut statement = db.prepare_cached(ROWS)?;
    let mut rows = statement.query((*after, BATCH_ROWS))?;
    let mut batch = Vec::new();
    while let Some(row) = rows.next()? {
        pack(row, &mut batch)?;
        *after = row.get("pos")?;
    }
    if batch.is_empty() { Ok(None) } else { Ok(Some(zstd::bulk::compress(&batch, COMPRESSION_LEVEL)?)) }
}
