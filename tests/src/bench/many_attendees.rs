//! Search and memory with 100,000 attendees.

use std::path::Path;

use anyhow::ensure;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::check_ins::{at_bare, at_node};
use super::figure::{Figure, FigureName};
use super::prepared::{Contents, Prepared};
use super::site::Site;
use super::{ROUNDS, conference, http1, load, resident};
use crate::sample::SampleAttendee;

const ATTENDEES: usize = 100_000;
const CHECK_INS: usize = 10_000;
const SEARCHES: usize = 1_000;

/// Lanes of the check-ins before the memory is read.
const LANES: usize = 8;

/// Seed of what is searched for.
const SEED: u64 = 1_000;

/// The longest prefix typed, in letters.
const LETTERS_MAX: usize = 8;

/// Checks 10,000 in, searches 1,000 times, and reads the peak, at the bare loop and at the node by turns.
///
/// The bare loop cannot search; its answer to nothing stands in.
pub(super) async fn measure(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let prepared = Prepared::find_or_make(bench, Contents { attendees: ATTENDEES, revisions: 1 }).await?;
    let (mut bare_rounds, mut rounds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (_, bare, _folder) = at_bare(bench, ATTENDEES, LANES).await?;
        let nothing = vec![http1::request("/nothing", &[], None); SEARCHES];
        let answered = load::send(&bare.address, vec![nothing], 204).await?;
        bare_rounds.push((answered.p99_ms, resident::peak_mib(bare.process.id())?));
        let mut site = Site::open(bench, &prepared).await?;
        at_node(&site, ATTENDEES, CHECK_INS, LANES).await?;
        let queries = searches(&site).await?;
        find_somebody(&mut site).await?;
        let searched = load::send(site.address(), vec![queries], 200).await?;
        rounds.push((searched.p99_ms, resident::peak_mib(site.node().process.id())?));
        site.close().await?;
    }
    let (p99_ms, peak_mib): (Vec<f64>, Vec<f64>) = rounds.into_iter().unzip();
    let (bare_p99_ms, bare_peak_mib): (Vec<f64>, Vec<f64>) = bare_rounds.into_iter().unzip();
    Ok(vec![
        Figure::beside_bare(FigureName::Search100kP99Ms, &p99_ms, &bare_p99_ms),
        Figure::beside_bare(FigureName::Rss100kMib, &peak_mib, &bare_peak_mib),
    ])
}

/// A search that finds nobody would be fast and worth nothing.
async fn find_somebody(site: &mut Site) -> anyhow::Result<()> {
    let desk = site.watch().await?;
    let code = conference::attendees(1).remove(0).code;
    let found = desk.get(&format!("/attendees?q={code}")).await?.expect(200)?;
    ensure!(found["rows"].as_array().is_some_and(|rows| rows.len() == 1), "{code} finds {found}");
    Ok(())
}

async fn searches(site: &Site) -> anyhow::Result<Vec<Vec<u8>>> {
    let session = site.sign_in(1).await?.remove(0);
    let authorization = format!("Bearer {session}");
    let mut rng = StdRng::seed_from_u64(SEED);
    let attendees = conference::attendees(ATTENDEES);
    let words = (0..SEARCHES).map(|_| {
        let attendee = &attendees[rng.random_range(0..attendees.len())];
        typed(attendee, &mut rng)
    });
    words
        .map(|words| Ok(http1::request(&path(&words)?, &[("authorization", &authorization)], None)))
        .collect()
}

/// The beginning of something that stands on a list, as far as somebody typed it.
fn typed(attendee: &SampleAttendee, rng: &mut StdRng) -> String {
    let whole = match rng.random_range(0..8) {
        0..3 => attendee.last_name.as_str(),
        3..5 => &attendee.first_name,
        5 => &attendee.company,
        6 => &attendee.email,
        _ => &attendee.code,
    };
    let whole = if whole.is_empty() { &attendee.first_name } else { whole };
    whole.chars().take(rng.random_range(1..=LETTERS_MAX)).collect()
}

fn path(words: &str) -> anyhow::Result<String> {
    let base = "http://localhost/api/v1/attendees";
    let url = reqwest::Url::parse_with_params(base, [("q", words), ("limit", "20")])?;
    Ok(format!("{}?{}", url.path(), url.query().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_the_beginning_of_something_on_the_list_and_of_every_kind() {
        let attendees = conference::attendees(200);
        let mut rng = StdRng::seed_from_u64(1);
        let typed: Vec<String> = attendees.iter().map(|attendee| typed(attendee, &mut rng)).collect();
        assert!(typed.iter().all(|words| (1..=LETTERS_MAX).contains(&words.chars().count())));
        assert!(typed.iter().any(|words| words.starts_with("guest")));
        let is_cjk =
            |c: char| ('\u{3040}'..='\u{9fff}').contains(&c) || ('\u{ac00}'..='\u{d7af}').contains(&c);
        assert!(typed.iter().any(|words| words.chars().all(is_cjk)));
    }

    #[test]
    fn words_are_escaped_in_an_address() {
        assert_eq!(path("Ł&").unwrap(), "/api/v1/attendees?q=%C5%81%26&limit=20");
    }
}
