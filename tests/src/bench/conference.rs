//! The conference of the bench: the sample one with 64 desks that print no badges, a list that everybody may enter again
//! and again, and nobody who has to pay.

use anyhow::Context as _;
use toml::{Table, Value};

use crate::sample::{self, SampleAttendee};

/// Seed of the list.
const SEED: u64 = 64;

/// Desks of the node north, `north-1` on.
const DESKS: usize = 64;

/// The desk of the node south.
pub(super) const SOUTH: &str = "south-1";

/// The list that everybody may enter again and again.
pub(super) const AGAIN: &str = "again";

/// The conference goes on for so long that prepared folders stay of use.
const LASTS_MS: i64 = 10 * 365 * 24 * 60 * 60 * 1_000;

/// The conference file.
pub(super) fn file(now_ms: i64) -> anyhow::Result<String> {
    let mut file: Table = toml::from_str(&sample::conference_toml(now_ms))?;
    file.insert("ends_ms".to_owned(), Value::Integer(now_ms + LASTS_MS));
    let north = (1..=DESKS).map(|n| (desk(n - 1), Value::Table(desk_table("north", n))));
    let desks = north.chain([(SOUTH.to_owned(), Value::Table(desk_table("south", 1)))]).collect();
    file.insert("desks".to_owned(), Value::Table(desks));
    let lists = file.get_mut("lists").and_then(Value::as_table_mut).context("there are lists")?;
    lists.insert(AGAIN.to_owned(), Value::Table(again()));
    toml::to_string(&file).context("a table read from TOML is written as TOML")
}

fn again() -> Table {
    let mut table = Table::new();
    table.insert("name".to_owned(), Value::String("Hall".to_owned()));
    table.insert("seat_types".to_owned(), Value::Array(vec![Value::String("ga".to_owned())]));
    table.insert("re_entry".to_owned(), Value::Boolean(true));
    table
}

fn desk_table(node: &str, n: usize) -> Table {
    let mut table = Table::new();
    table.insert("place".to_owned(), Value::String(format!("Lane {n}")));
    table.insert("node".to_owned(), Value::String(node.to_owned()));
    let lists = ["main", AGAIN].map(|list| Value::String(list.to_owned()));
    table.insert("lists".to_owned(), Value::Array(lists.into()));
    table.insert("prints_badges".to_owned(), Value::Boolean(false));
    table
}

/// The desk of a lane, counted from 0.
pub(super) fn desk(lane: usize) -> String {
    format!("north-{}", lane + 1)
}

/// The list; everybody on it may enter.
pub(super) fn attendees(count: usize) -> Vec<SampleAttendee> {
    let mut attendees = sample::attendees(SEED, count);
    for attendee in &mut attendees {
        attendee.paid = true;
    }
    attendees
}

/// The list as CSV; in every revision each attendee has changed company.
pub(super) fn csv(count: usize, revision: usize) -> String {
    let mut attendees = attendees(count);
    if revision > 0 {
        for attendee in &mut attendees {
            let company = format!("{} {revision}", attendee.company);
            company.trim().clone_into(&mut attendee.company);
        }
    }
    sample::csv(&attendees)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lanyard_domain::conference::Desk;

    use super::*;

    #[test]
    fn the_conference_has_a_desk_for_every_lane_and_none_prints() {
        let file: Table = toml::from_str(&file(1_800_000_000_000).unwrap()).unwrap();
        let desks: BTreeMap<String, Desk> = file["desks"].clone().try_into().unwrap();
        assert!((0..DESKS).all(|lane| desks[&desk(lane)].node == "north"));
        assert_eq!(desks[SOUTH].node, "south");
        assert!(desks.values().all(|desk| !desk.prints_badges));
        assert_eq!(file["lists"][AGAIN]["re_entry"], Value::Boolean(true));
    }

    #[test]
    fn a_revision_changes_everybody_and_nobodys_key() {
        let (first, second) = (csv(50, 0), csv(50, 1));
        for (before, after) in first.lines().zip(second.lines()).skip(1) {
            assert_ne!(before, after);
            assert_eq!(before.split(',').next(), after.split(',').next());
        }
        assert!(first.lines().skip(1).all(|line| line.ends_with(",yes")));
    }
}
