//! The invariants of docs/sync-protocol.md and what holds them.
//!
//! Responsible for tests that are named there: the file has a function of that name.

use std::collections::BTreeMap;

use super::tree::{Source, assert_none, sources};

const DOCUMENT: &str = "docs/sync-protocol.md";
const BEGIN: &str = "<!-- tests -->";
const END: &str = "<!-- /tests -->";

/// What a row names: a file and a function.
fn named(row: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = row.split('`').collect();
    let quoted: Vec<&str> = words.iter().skip(1).step_by(2).copied().collect();
    let pairs = quoted.windows(2).filter(|pair| pair[0].contains(".rs"));
    pairs.map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

/// The rows of the table, without its heading.
fn rows(text: &str) -> Vec<&str> {
    let table = text.split_once(BEGIN).and_then(|(_, after)| after.split_once(END)).map(|(table, _)| table);
    let rows = table.unwrap_or_default().lines().filter(|line| line.starts_with("| "));
    rows.filter(|line| !line.starts_with("| |")).collect()
}

fn missing(text: &str, code: &BTreeMap<&str, &Source>) -> Vec<String> {
    let mut missing = Vec::new();
    for row in rows(text) {
        let what = row.split('|').nth(1).unwrap_or_default().trim();
        let tests = named(row);
        if tests.is_empty() {
            missing.push(format!("{what}: nothing holds it"));
        }
        for (file, name) in tests {
            let function = format!("fn {name}(");
            let has = |line: &str| line.contains(&function) && !line.trim_start().starts_with("//");
            let is_there = code.get(file.as_str()).is_some_and(|source| source.text.lines().any(has));
            if !is_there {
                missing.push(format!("{what}: {file} has no {name}"));
            }
        }
    }
    missing
}

#[test]
fn every_invariant_is_held_by_tests_that_exist() {
    let documents = sources(&["md"]);
    let document = documents.iter().find(|source| source.path == DOCUMENT).expect("the document exists");
    let code = sources(&["rs"]);
    let code = code.iter().map(|source| (source.path.as_str(), source)).collect();
    let numbered = (1..=8).map(|number| format!("| I{number} |"));
    let all: Vec<_> =
        numbered.filter(|begin| !rows(&document.text).iter().any(|row| row.starts_with(begin))).collect();
    assert!(all.is_empty(), "{DOCUMENT} says nothing of {all:?}");
    assert_none(&missing(&document.text, &code), "Name the tests that hold the invariant.");
}

#[test]
fn a_test_that_is_gone_is_noticed() {
    let text = "<!-- tests -->\n| | what holds | held by |\n|---|---|---|\n| I1 | Seats. | `a.rs` `is_here`; `a.rs` `is_gone` |\n\
                | I2 | Badges. | hope |\n<!-- /tests -->";
    let source = Source::planted("a.rs", "    async fn is_here() {}\n// fn is_gone()\n");
    let code = BTreeMap::from([("a.rs", &source)]);
    assert_eq!(missing(text, &code), ["I1: a.rs has no is_gone", "I2: nothing holds it"]);
}
