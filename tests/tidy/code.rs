//! How a source file begins, how long it is, and attributes that hide something.

use super::tree::{Source, assert_none, sources};

const MAX_LINES: usize = 400;

fn lacks_module_doc(source: &Source) -> bool {
    !source.text.starts_with("//!")
}

fn is_too_long(source: &Source) -> bool {
    source.text.lines().count() > MAX_LINES
}

/// Attributes that silence a lint for good or a test altogether, with their lines.
fn silencing_attributes(source: &Source) -> Vec<String> {
    let silences = |line: &str| {
        let line = line.trim_start();
        ["#[allow(", "#![allow(", "#[ignore"].iter().any(|attribute| line.starts_with(attribute))
    };
    let lines = source.text.lines().enumerate().filter(|(_, line)| silences(line));
    lines.map(|(n, line)| format!("{}:{}: {}", source.path, n + 1, line.trim())).collect()
}

#[test]
fn every_rust_file_opens_with_its_purpose() {
    let breaches: Vec<String> = sources(&["rs"])
        .iter()
        .filter(|source| lacks_module_doc(source))
        .map(|source| source.path.clone())
        .collect();
    assert_none(&breaches, "Open the file with `//!`: its purpose, then what it is responsible for.");
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    let breaches: Vec<String> = sources(&["rs", "ts", "mjs", "svelte", "css"])
        .iter()
        .filter(|source| is_too_long(source))
        .map(|source| format!("{}: {} lines", source.path, source.text.lines().count()))
        .collect();
    assert_none(&breaches, "Split the file: one resource, rule or phase in each.");
}

#[test]
fn no_lint_is_allowed_away_and_no_test_is_ignored() {
    let breaches: Vec<String> = sources(&["rs"]).iter().flat_map(silencing_attributes).collect();
    assert_none(&breaches, "Use `#[expect(lint, reason = \"…\")]`; make an ignored test run or remove it.");
}

#[test]
fn a_file_without_purpose_a_long_one_and_a_silenced_lint_are_noticed() {
    let planted = Source::planted(
        "sync/src/a.rs",
        "use std::fmt;\n#[allow(dead_code)]\n#[ignore = \"slow\"]\nfn a() {}\n",
    );
    assert!(lacks_module_doc(&planted));
    assert!(!lacks_module_doc(&Source::planted("a.rs", "//! A.\n")));
    assert_eq!(
        silencing_attributes(&planted),
        ["sync/src/a.rs:2: #[allow(dead_code)]", "sync/src/a.rs:3: #[ignore = \"slow\"]"]
    );
    assert!(is_too_long(&Source::planted("a.rs", &"//\n".repeat(MAX_LINES + 1))));
    assert!(!is_too_long(&Source::planted("a.rs", &"//\n".repeat(MAX_LINES))));
}
