//! Check-ins over HTTP, at the node and at the bare loop by turns.

use std::path::Path;

use rand::seq::SliceRandom as _;

use super::bare::{self, BareLoop};
use super::figure::{Figure, FigureName};
use super::load::{self, Measured};
use super::prepared::{Contents, Prepared, settle_disk};
use super::site::Site;
use super::{ROUNDS, conference, http1};
use crate::desk::fresh_key;

const ATTENDEES: usize = 10_000;

/// How many desks check in at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Desks {
    Eight,
    SixtyFour,
}

impl Desks {
    pub(super) const fn count(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::SixtyFour => 64,
        }
    }

    const fn names(self) -> [FigureName; 2] {
        match self {
            Self::Eight => [FigureName::CheckIn8, FigureName::CheckIn8P99],
            Self::SixtyFour => [FigureName::CheckIn64, FigureName::CheckIn64P99],
        }
    }
}

/// Checks everybody in, each round from the same start, the bare loop first.
pub(super) async fn measure(bench: &Path, desks: Desks) -> anyhow::Result<Vec<Figure>> {
    let contents = Contents { attendees: ATTENDEES, revisions: 1 };
    let prepared = Prepared::find_or_make(bench, contents).await?;
    let (mut bare_rounds, mut rounds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare_rounds.push(at_bare(bench, ATTENDEES, desks.count()).await?.0);
        let site = Site::open(bench, &prepared).await?;
        rounds.push(at_node(&site, ATTENDEES, ATTENDEES, desks.count()).await?);
        site.close().await?;
    }
    let [per_s, p99] = desks.names();
    let column = |rounds: &[Measured], of: fn(&Measured) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    Ok(vec![
        Figure::beside_bare(per_s, &column(&rounds, |m| m.per_s), &column(&bare_rounds, |m| m.per_s)),
        Figure::beside_bare(p99, &column(&rounds, |m| m.p99_ms), &column(&bare_rounds, |m| m.p99_ms)),
    ])
}

/// Checks `count` of `attendees` in at a fresh bare loop with as many; it goes on running.
pub(super) async fn at_bare(
    bench: &Path,
    attendees: usize,
    lanes: usize,
) -> anyhow::Result<(Measured, BareLoop, tempfile::TempDir)> {
    let folder = tempfile::tempdir_in(bench)?;
    let bare = BareLoop::start(folder.path(), attendees).await?;
    settle_disk()?;
    let codes = shuffled((0..attendees).map(bare::code).collect(), ATTENDEES);
    let sessions = vec![fresh_key(); lanes];
    let measured = load::send(&bare.address, requests("/check-ins", "main", &codes, &sessions), 201).await?;
    Ok((measured, bare, folder))
}

/// Checks `count` of the node's attendees in.
pub(super) async fn at_node(
    site: &Site,
    attendees: usize,
    count: usize,
    lanes: usize,
) -> anyhow::Result<Measured> {
    let codes = conference::attendees(attendees).into_iter().map(|attendee| attendee.code).collect();
    let sessions = site.sign_in(lanes).await?;
    let requests = at_desks("main", &shuffled(codes, count), &sessions);
    load::send(site.address(), requests, 201).await
}

/// People do not come in the order of the list.
pub(super) fn shuffled(mut codes: Vec<String>, count: usize) -> Vec<String> {
    codes.shuffle(&mut rand::rng());
    codes.truncate(count);
    codes
}

/// The requests of each lane to a node.
pub(super) fn at_desks(list: &str, codes: &[String], sessions: &[String]) -> Vec<Vec<Vec<u8>>> {
    requests("/api/v1/check-ins", list, codes, sessions)
}

/// The requests of each lane, the same for both sides but for the path and the code.
fn requests(path: &str, list: &str, codes: &[String], sessions: &[String]) -> Vec<Vec<Vec<u8>>> {
    let lanes = load::deal(codes, sessions.len());
    let lane = |(codes, session): (Vec<&String>, &String)| {
        let authorization = format!("Bearer {session}");
        let request = |code: &String| {
            let key = fresh_key();
            let headers = [("authorization", authorization.as_str()), ("idempotency-key", &key)];
            http1::request(path, &headers, Some(&format!(r#"{{"code":"{code}","list":"{list}"}}"#)))
        };
        codes.into_iter().map(request).collect()
    };
    lanes.into_iter().zip(sessions).map(lane).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_sends_its_own_session_and_every_request_its_own_key() {
        let codes: Vec<String> = (0..5).map(bare::code).collect();
        let lanes = requests("/check-ins", "main", &codes, &["one".to_owned(), "two".to_owned()]);
        assert_eq!((lanes[0].len(), lanes[1].len()), (3, 2));
        let text = String::from_utf8(lanes[1][0].clone()).unwrap();
        assert!(text.starts_with("POST /check-ins HTTP/1.1\r\n"), "{text}");
        assert!(text.contains("\r\nauthorization: Bearer two\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\n{\"code\":\"C1\",\"list\":\"main\"}"), "{text}");
        assert_ne!(lanes[0][0], lanes[0][1]);
    }

    #[test]
    fn no_code_comes_twice() {
        let codes: Vec<String> = (0..100).map(bare::code).collect();
        let mut drawn = shuffled(codes, 60);
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 60);
    }
}
