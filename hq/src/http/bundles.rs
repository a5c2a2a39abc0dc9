//! `POST /conferences/{slug}/bundle-exports` and `…/bundle-imports`: the log in a file, for a node without a line.
//!
//! Responsible for what comes and goes being in a nameless file on the way, so that memory is bounded and
//! no transaction waits for a slow client.

use std::fs::File;
use std::io::{self, Seek as _};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use lanyard_node::bundle::{
    self, BundleFault, BundleHead, ExportError, ImportFailed, Reason, UPLOAD_MAX_BYTES,
};
use lanyard_node::http::Problem;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use super::{broken, running};
use crate::hq::{Hq, Running};

/// What is read from the file at once, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;
/// When to come again after the writer's queue stayed full, in milliseconds.
const RETRY_AFTER_MS: u64 = 5_000;

/// Answers with a bundle: of everything, or of what the writer of the bundle lacked whose head is the body.
pub(super) async fn export(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
    since: Bytes,
) -> Result<Response, Problem> {
    let running = running(&hq, &slug)?;
    let since = if since.is_empty() { None } else { Some(BundleHead::decode(&since).map_err(fault)?) };
    let mut file = nameless(&running)?;
    let reader = running.reader.clone();
    let written = tokio::task::spawn_blocking(move || {
        bundle::export(&reader, since.as_ref(), &mut file)?;
        let length = file.stream_position()?;
        file.rewind()?;
        Ok((file, length))
    });
    let (file, length) = written.await.map_err(|error| broken(&error))?.map_err(not_exported)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
    ];
    Ok((headers, chunks(file)).into_response())
}

/// Takes a bundle in and answers with what came of it.
pub(super) async fn import(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let running = running(&hq, &slug)?;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let file = received(body, declared, nameless(&running)?, UPLOAD_MAX_BYTES).await?;
    let imported =
        bundle::import(file, running.identity.scope, &running.writer).await.map_err(not_imported)?;
    Ok((StatusCode::CREATED, axum::Json(imported)).into_response())
}

/// A file beside the database that is gone with its handle.
fn nameless(running: &Running) -> Result<File, Problem> {
    tempfile::tempfile_in(running.folder()).map_err(|error| unwritable(&error))
}

fn chunks(file: File) -> Body {
    let file = tokio::fs::File::from_std(file);
    Body::from_stream(stream::unfold(file, async |mut file| {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        match (&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(chunk), file)),
            Err(error) => Some((Err(error), file)),
        }
    }))
}

/// Writes a body into a file, and goes back to its beginning.
async fn received(body: Body, declared: Option<u64>, file: File, max_bytes: u64) -> Result<File, Problem> {
    let mut file = tokio::fs::File::from_std(file);
    let mut left = max_bytes;
    if declared.is_some_and(|declared| declared > left) {
        return Err(too_large(max_bytes));
    }
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| fault(BundleFault::Truncated))?;
        left = left.checked_sub(part.len() as u64).ok_or_else(|| too_large(max_bytes))?;
        file.write_all(&part).await.map_err(|error| unwritable(&error))?;
    }
    file.rewind().await.map_err(|error| unwritable(&error))?;
    Ok(file.into_std().await)
}

fn too_large(max_bytes: u64) -> Problem {
    let detail = format!(
        "The bundle is larger than {max_bytes} bytes. Have it exported again with --since and a newer bundle of HQ, \
         which leaves out what HQ has."
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

fn fault(fault: BundleFault) -> Problem {
    match fault {
        BundleFault::Read(error) => unwritable(&error),
        fault => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, fault.code(), sentence(&fault.to_string())),
    }
}

fn unwritable(error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Problem::from(lanyard_node::SubmitError::StoreFull)
        }
        _ => broken(error),
    }
}

fn not_exported(error: ExportError) -> Problem {
    let detail = sentence(&error.to_string());
    match error {
        ExportError::OtherScope => Problem::new(StatusCode::CONFLICT, "other_conference", detail),
        ExportError::Fork(_) => Problem::new(StatusCode::CONFLICT, "fork", detail),
        ExportError::Write(error) => unwritable(&error),
        ExportError::Read(_) | ExportError::File(_) => broken(&error),
    }
}

fn not_imported(failed: ImportFailed) -> Problem {
    let detail = sentence(&format!("{failed}: {}", failed.reason));
    let code = failed.reason.code();
    let problem = match failed.reason {
        Reason::Fault(BundleFault::Read(error)) => unwritable(&error),
        Reason::Fault(_) | Reason::Problem { .. } => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
        }
        Reason::OtherScope | Reason::Missing(_) => Problem::new(StatusCode::CONFLICT, code, detail),
        Reason::Busy => Problem::busy(RETRY_AFTER_MS),
        Reason::StoreFull => Problem::from(lanyard_node::SubmitError::StoreFull),
        Reason::Stopped => Problem::from(lanyard_node::SubmitError::Stopped),
    };
    problem.with("taken", failed.taken)
}

/// Words of an error as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::test_hq::TestHq;

    async fn bytes_of(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    async fn exported(test: &TestHq, since: &[u8]) -> Result<Vec<u8>, Problem> {
        let since = Bytes::copy_from_slice(since);
        let response = export(State(test.hq.clone()), Path("summit".to_owned()), since).await?;
        let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
        let bytes = bytes_of(response).await;
        assert_eq!(bytes.len(), length);
        Ok(bytes)
    }

    async fn imported(test: &TestHq, bytes: &[u8]) -> Result<serde_json::Value, Problem> {
        let body = Body::from(bytes.to_vec());
        let response =
            import(State(test.hq.clone()), Path("summit".to_owned()), HeaderMap::new(), body).await?;
        assert_eq!(response.status(), StatusCode::CREATED);
        Ok(serde_json::from_slice(&bytes_of(response).await).unwrap())
    }

    #[tokio::test]
    async fn what_hq_exports_it_knows_and_a_later_bundle_begins_after_it() {
        let test = TestHq::with_conference();
        let before = exported(&test, b"").await.unwrap();
        let checked = bundle::check(&*before).unwrap();
        assert_eq!(checked.entries, test.running().writer.now().position);
        let answer = imported(&test, &before).await.unwrap();
        assert_eq!(answer, serde_json::json!({ "taken": 0, "known": checked.entries, "missing": [] }));
        test.join("north").await;
        let after = exported(&test, &checked.head.encode()).await.unwrap();
        let entries = bundle::check(&*after).unwrap().entries;
        assert_eq!(entries, test.running().writer.now().position - checked.entries);
        assert!(entries > 0);
    }

    #[tokio::test]
    async fn what_is_no_good_is_refused_with_its_word() {
        let (test, other) = (TestHq::with_conference(), TestHq::with_conference());
        let bundle = exported(&test, b"").await.unwrap();
        let elsewhere = exported(&other, b"").await.unwrap();
        let cut = &bundle[..bundle.len() - 1];
        let mut flipped = bundle.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let cases: [(&[u8], u16, &str); 4] = [
            (b"name,email\n", 422, "not_a_bundle"),
            (cut, 422, "truncated_bundle"),
            (&flipped, 422, "damaged_bundle"),
            (&elsewhere, 409, "other_conference"),
        ];
        for (bytes, status, code) in cases {
            let problem = imported(&test, bytes).await.unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        }
        let since = bundle::check(&*elsewhere).unwrap().head.encode();
        assert_eq!(exported(&test, &since).await.unwrap_err().code(), "other_conference");
        assert_eq!(exported(&test, b"{}").await.unwrap_err().code(), "not_a_bundle");
        let nowhere = export(State(test.hq.clone()), Path("nowhere".to_owned()), Bytes::new()).await;
        assert_eq!(nowhere.unwrap_err().code(), "unknown_conference");
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_by_its_length_and_by_its_bytes() {
        let test = TestHq::with_conference();
        let receive = async |declared| {
            let file = nameless(&test.running()).unwrap();
            received(Body::from(vec![7; 100]), declared, file, 99).await
        };
        for declared in [None, Some(100), Some(3)] {
            let problem = receive(declared).await.unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.code()), (413, "body_too_large"));
        }
        let file = nameless(&test.running()).unwrap();
        let mut file = received(Body::from(vec![7; 100]), Some(100), file, 100).await.unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, vec![7; 100]);
        let left = std::fs::read_dir(test.running().folder()).unwrap().count();
        drop(file);
        assert_eq!(std::fs::read_dir(test.running().folder()).unwrap().count(), left, "it never had a name");
    }
}
