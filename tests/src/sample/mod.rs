//! The sample conference: a configuration and an attendee list made from a seed.
//!
//! Responsible for names in the scripts a badge must get right, for namesakes, long and single-word
//! names, and for the conference file that `lanyard-hq conference FILE` reads.

mod guest;
mod names;

use std::fmt::Write as _;

use anyhow::Context as _;
pub use guest::guest_row;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use names::{COMPANIES, SCRIPTS, Script};

/// Attendees of the sample list.
pub const ATTENDEES: usize = 2_000;

/// Name of the source in the plain list.
pub const LIST_FILE: &str = "attendees.csv";

const CONFERENCE: &str = include_str!("conference.toml");

/// One sample attendee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleAttendee {
    /// What names the attendee in the list.
    pub key: String,
    /// Given names, or the only name.
    pub first_name: String,
    /// Family names; empty for a single-word name.
    pub last_name: String,
    /// Address of a reserved domain.
    pub email: String,
    /// Company, empty for some.
    pub company: String,
    /// Seat types held, admission first.
    pub seat_types: Vec<&'static str>,
    /// Ticket code.
    pub code: String,
    /// False for the few who still have to pay.
    pub paid: bool,
}

/// Makes a list of `count` attendees from a seed; the same seed makes the same list.
pub fn attendees(seed: u64, count: usize) -> Vec<SampleAttendee> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..count).map(|n| attendee(&mut rng, n)).collect()
}

fn attendee(rng: &mut StdRng, n: usize) -> SampleAttendee {
    let script: &Script = &SCRIPTS[n % SCRIPTS.len()];
    // Every fortieth pair shares a name, so that a search always has namesakes to tell apart.
    let name_at = if n % 40 < SCRIPTS.len() { 0 } else { rng.random_range(0..script.first.len()) };
    let last_at = if n % 40 < SCRIPTS.len() { 0 } else { rng.random_range(0..script.last.len()) };
    let (mut first_name, mut last_name) = (script.first[name_at].to_owned(), script.last[last_at].to_owned());
    match n % 97 {
        13 => last_name.clear(),
        29 => {
            first_name = format!("{first_name} {}", script.first[rng.random_range(0..script.first.len())]);
            last_name = format!("{last_name} {}", script.last[rng.random_range(0..script.last.len())]);
        }
        _ => {}
    }
    let mut seat_types = vec!["ga"];
    if n.is_multiple_of(11) {
        seat_types.push("workshop");
    }
    let mut entropy = [0_u8; 16];
    rng.fill(&mut entropy[..]);
    SampleAttendee {
        key: format!("S{n:05}"),
        first_name,
        last_name,
        email: format!("guest{n}@example.org"),
        company: if n.is_multiple_of(5) { String::new() } else { COMPANIES[n % COMPANIES.len()].to_owned() },
        seat_types,
        code: lanyard_domain::access_code::draw(&entropy),
        paid: !n.is_multiple_of(50) || n == 0,
    }
}

/// The list as a plain CSV file.
pub fn csv(attendees: &[SampleAttendee]) -> String {
    let mut text = String::from("id,first_name,last_name,email,company,seat_types,code,paid\n");
    for row in attendees {
        let seats = row.seat_types.join(";");
        let paid = if row.paid { "yes" } else { "no" };
        writeln!(
            text,
            "{},{},{},{},{},{seats},{},{paid}",
            row.key, row.first_name, row.last_name, row.email, row.company, row.code
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// The conference file, open from a day before `now_ms` to three days after.
pub fn conference_toml(now_ms: i64) -> String {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let (starts_ms, ends_ms) = (now_ms - DAY_MS, now_ms + 3 * DAY_MS);
    let dated = CONFERENCE.lines().map(|line| match line.split_once(" = ") {
        Some(("starts_ms", _)) => format!("starts_ms = {starts_ms}\n"),
        Some(("ends_ms", _)) => format!("ends_ms = {ends_ms}\n"),
        _ => format!("{line}\n"),
    });
    dated.collect()
}

/// Slug of a conference file.
///
/// # Errors
/// When the text is no conference file.
pub fn slug_of(conference_toml: &str) -> anyhow::Result<String> {
    let file: toml::Table = toml::from_str(conference_toml).context("no conference file")?;
    let slug = file.get("slug").and_then(toml::Value::as_str).context("the conference file has no slug")?;
    Ok(slug.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_list() {
        assert_eq!(attendees(7, 200), attendees(7, 200));
        assert_ne!(attendees(7, 200), attendees(8, 200));
    }

    #[test]
    fn the_conference_file_is_one_as_it_stands_and_with_other_times() {
        lanyard_hq::conference_file::ConferenceFile::parse(CONFERENCE).unwrap();
        let now_ms = 1_800_000_000_000;
        let dated = lanyard_hq::conference_file::ConferenceFile::parse(&conference_toml(now_ms)).unwrap();
        assert!((dated.starts_ms..dated.ends_ms).contains(&now_ms));
    }

    #[test]
    fn the_list_has_namesakes_and_single_word_names() {
        let list = attendees(1, ATTENDEES);
        let single = list.iter().filter(|row| row.last_name.is_empty()).count();
        assert!(single > 10, "{single}");
        let first = &list[0];
        let namesakes =
            list.iter().filter(|row| row.first_name == first.first_name && row.last_name == first.last_name);
        assert!(namesakes.count() > 10);
    }
}
