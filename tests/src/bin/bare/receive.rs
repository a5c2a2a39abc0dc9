//! Inserts rows that are shipped, into a database with the tables and indexes of Lanyard's: a log row, the stream's number
//! by its random name, and one row of state a stream. One transaction a batch, flushed before the answer.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use clap::Args;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::task::spawn_blocking;

use crate::rows::unpack;

/// Largest batch before compression.
const BATCH_MAX_BYTES: usize = 4 * 1024 * 1024;
/// As much as Lanyard's writer has.
const CACHE_KIB: i64 = 10 * 1024;
/// Pages of the write-ahead log at which it is copied, as in Lanyard.
const WAL_PAGES: i64 = 4_096;
/// Keeps the numbers of the sender's logs apart from those that are here.
const LOGS_APART: i64 = 1_000;
const HASH: [u8; 32] = [0; 32];
/// What a check-in adds to the state of an attendee, in bytes.
const STATE_GROWS_BYTES: usize = 295;

/// Where rows go.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The database, which has the tables.
    #[arg(long)]
    database: PathBuf,
}

type Shared = Arc<Mutex<Receiver>>;

struct Receiver {
    db: Connection,
    /// Where the last row stands.
    pos: i64,
}

/// Serves until it is ended.
pub(crate) async fn serve(flags: &Flags) -> anyhow::Result<()> {
    let db = Connection::open(&flags.database)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    db.pragma_update(None, "foreign_keys", false)?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    let pos = db.query_row("SELECT max(pos) FROM entries", [], |row| row.get(0))?;
    let receiver = Arc::new(Mutex::new(Receiver { db, pos }));
    crate::listen(Router::new().route("/batches", post(take)).with_state(receiver)).await
}

async fn take(State(receiver): State<Shared>, travelled: Bytes) -> (StatusCode, String) {
    let store = move || receiver.lock().ok().context("a batch before failed")?.store(&travelled);
    match spawn_blocking(store).await {
        Ok(Ok(())) => (StatusCode::OK, String::new()),
        Ok(Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error:#}")),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}

impl Receiver {
    fn store(&mut self, travelled: &[u8]) -> anyhow::Result<()> {
        let batch = zstd::bulk::decompress(travelled, BATCH_MAX_BYTES)?;
        let mut rest = batch.as_slice();
        let transaction = self.db.transaction()?;
        while !rest.is_empty() {
            self.pos += 1;
            insert(&transaction, self.pos, &unpack(&mut rest)?)?;
        }
        Ok(transaction.commit()?)
    }
}

fn insert(db: &Connection, pos: i64, row: &[ValueRef<'_>; crate::rows::COLUMNS]) -> anyhow::Result<()> {
    let [log, seq, category, key, kind, lamport, at_ms, header_bytes, id, parts @ ..] = *row;
    let [facts_salt, facts, personal_salt, personal, signature] = parts.map(ToSqlOutput::Borrowed);
    let [seq, category, key, kind, lamport, at_ms] =
        [seq, category, key, kind, lamport, at_ms].map(ToSqlOutput::Borrowed);
    let log = log.as_i64()? + LOGS_APART;
    let mut header = id.as_blob()?.to_vec();
    header.resize(usize::try_from(header_bytes.as_i64()?)?, 0);
    let found: Option<i64> = db
        .prepare_cached("SELECT id FROM streams WHERE category = ?1 AND key = ?2")?
        .query_row((&category, &key), |row| row.get(0))
        .optional()?;
    let stream = match found {
        Some(stream) => stream,
        None => db
            .prepare_cached("INSERT INTO streams (category, key) VALUES (?1, ?2)")?
            .insert((&category, &key))?,
    };
    let previous: Option<i64> = db
        .prepare_cached("SELECT last_pos FROM states WHERE stream = ?1")?
        .query_row([stream], |row| row.get(0))
        .optional()?;
    db.prepare_cached(
        "INSERT INTO entries (pos, log, seq, stream, previous, kind, lamport, at_ms, header, facts_salt, facts, \
         personal_salt, personal, hash, signature) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?
    .execute(params![
        pos, log, seq, stream, previous, kind, lamport, at_ms, header, facts_salt, facts, personal_salt, personal,
        HASH, signature
    ])?;
    let mut state = parts[1].as_blob()?.to_vec();
    state.resize(STATE_GROWS_BYTES, b' ');
    db.prepare_cached(
        "INSERT INTO states (stream, last_pos, last_lamport, last_log, last_seq, readable, unknown, state, room) \
         VALUES (?1, ?2, ?3, ?4, ?5, 1, 0, ?6, zeroblob(0)) ON CONFLICT (stream) DO UPDATE SET last_pos = ?2, \
         last_lamport = ?3, last_log = ?4, last_seq = ?5, state = CAST(state || ?6 AS BLOB), \
         room = zeroblob(max(0, length(room) - length(?6)))",
    )?
    .execute(params![stream, pos, lamport, log, seq, state])?;
    Ok(())
}
