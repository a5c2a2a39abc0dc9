//! Probes of the machine: what a flush and an answer to nothing cost here.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use super::bare::BareLoop;
use super::check_ins::Desks;
use super::figure::Figure;
use super::quantiles::{median, percentile};
use super::{ROUNDS, http1, load};

const FLUSHES: usize = 1_000;

/// What is appended before each flush: one page of the store.
const APPENDED: [u8; 4_096] = [0x5a; 4_096];

/// Requests of one round over all lanes.
const REQUESTS: usize = 20_000;

/// Median time of an append and its `fdatasync` in the bench's folder.
pub(super) fn fdatasync(bench: &Path) -> anyhow::Result<Figure> {
    let mut file = tempfile::tempfile_in(bench)?;
    let mut took_us = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let began = Instant::now();
        file.write_all(&APPENDED)?;
        file.sync_data()?;
        took_us.push(began.elapsed().as_secs_f64() * 1_000_000.0);
    }
    Ok(Figure::probe("probe_fdatasync_p50", percentile(&took_us, 50), "us"))
}

/// Answers a second to requests that do nothing, from as many lanes as desks.
pub(super) async fn http(bench: &Path, desks: Desks) -> anyhow::Result<Figure> {
    let folder = tempfile::tempdir_in(bench)?;
    let bare = BareLoop::start(folder.path(), 1).await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let requests = vec![http1::request("/nothing", &[], None); REQUESTS];
        rounds.push(load::send(&bare.address, load::deal(requests, desks.count()), 204).await?.per_s);
    }
    let word = match desks {
        Desks::Eight => "probe_http_8",
        Desks::SixtyFour => "probe_http_64",
    };
    Ok(Figure::probe(word, median(&rounds), "1/s"))
}
