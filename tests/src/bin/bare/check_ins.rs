//! A bare check-in server: one lookup, one log row, one projection row and one idempotency row a request, committed in
//! groups of what is queued, at most 64, with one flush each.

use std::path::PathBuf;
use std::sync::mpsc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Args;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Deserialize;
use tokio::sync::oneshot;

/// Most requests of one commit.
const GROUP_MAX: usize = 64;
/// Most requests waiting.
const QUEUE_MAX: usize = 1_024;

/// What the server is started with.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Folder for the database.
    #[arg(long)]
    data: PathBuf,
    /// Attendees to make in an empty database, with codes `C0`, `C1`, ….
    #[arg(long, default_value_t = 10_000)]
    attendees: u32,
}

#[derive(Debug, Deserialize)]
struct CheckIn {
    code: String,
    list: String,
}

#[derive(Debug)]
struct Request {
    key: String,
    check_in: CheckIn,
    answer: oneshot::Sender<(StatusCode, String)>,
}

/// Serves until it is ended.
pub(crate) async fn serve(flags: &Flags) -> anyhow::Result<()> {
    let connection = open(flags)?;
    let (queue, requests) = mpsc::sync_channel(QUEUE_MAX);
    std::thread::spawn(move || write(connection, &requests));
    let routes = Router::new()
        .route("/check-ins", post(check_in))
        .route("/nothing", get(async || StatusCode::NO_CONTENT))
        .with_state(queue);
    crate::listen(routes).await
}

fn open(flags: &Flags) -> anyhow::Result<Connection> {
    std::fs::create_dir_all(&flags.data)?;
    let mut connection = Connection::open(flags.data.join("bare.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS log (pos INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS attendees (
             id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, inside INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS outcomes (key TEXT PRIMARY KEY, outcome TEXT NOT NULL) STRICT, WITHOUT ROWID;",
    )?;
    if connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM attendees)", [], |row| row.get(0))? {
        add_attendees(&mut connection, flags.attendees)?;
    }
    Ok(connection)
}

fn add_attendees(connection: &mut Connection, count: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut insert =
            transaction.prepare("INSERT INTO attendees (code, inside, state) VALUES (?1, 0, '{}')")?;
        for n in 0..count {
            insert.execute([format!("C{n}")])?;
        }
    }
    transaction.commit()
}

async fn check_in(
    State(queue): State<mpsc::SyncSender<Request>>,
    headers: HeaderMap,
    Json(check_in): Json<CheckIn>,
) -> (StatusCode, String) {
    let Some(key) = headers.get("idempotency-key").and_then(|value| value.to_str().ok()) else {
        return (StatusCode::BAD_REQUEST, String::new());
    };
    let (answer, answered) = oneshot::channel();
    if queue.try_send(Request { key: key.to_owned(), check_in, answer }).is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    }
    answered.await.unwrap_or((StatusCode::SERVICE_UNAVAILABLE, String::new()))
}

fn write(mut connection: Connection, requests: &mpsc::Receiver<Request>) {
    while let Ok(first) = requests.recv() {
        let mut group = vec![first];
        group.extend(requests.try_iter().take(GROUP_MAX - 1));
        let answers = commit(&mut connection, &group);
        for (request, answer) in group.into_iter().zip(answers) {
            // A client that went away needs no answer.
            drop(request.answer.send(answer));
        }
    }
}

fn commit(connection: &mut Connection, group: &[Request]) -> Vec<(StatusCode, String)> {
    let mut attempt = || -> rusqlite::Result<Vec<(StatusCode, String)>> {
        let transaction = connection.transaction()?;
        let answers =
            group.iter().map(|request| admit(&transaction, request)).collect::<rusqlite::Result<_>>()?;
        transaction.commit()?;
        Ok(answers)
    };
    attempt().unwrap_or_else(|_| vec![(StatusCode::SERVICE_UNAVAILABLE, String::new()); group.len()])
}

fn admit(connection: &Connection, request: &Request) -> rusqlite::Result<(StatusCode, String)> {
    let found: Option<(i64, bool)> = connection
        .prepare_cached("SELECT id, inside FROM attendees WHERE code = ?1")?
        .query_row([&request.check_in.code], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, false)) = found else {
        return Ok((StatusCode::CONFLICT, String::from("{}")));
    };
    let body = serde_json::json!({ "attendee": id, "list": request.check_in.list }).to_string();
    connection.prepare_cached("INSERT INTO log (at_ms, body) VALUES (?1, ?2)")?.execute(params![0, body])?;
    connection
        .prepare_cached("UPDATE attendees SET inside = 1, state = ?2 WHERE id = ?1")?
        .execute(params![id, body])?;
    connection
        .prepare_cached("INSERT INTO outcomes (key, outcome) VALUES (?1, ?2)")?
        .execute(params![request.key, body])?;
    Ok((StatusCode::CREATED, body))
}
