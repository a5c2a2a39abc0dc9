//! What stands at the top of the repository, and two of its files.

use std::fs;

use super::tree::{assert_none, root, sources};

const MAX_ARCHITECTURE_LINES: usize = 250;

const AT_THE_TOP: [&str; 21] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "clippy.toml",
    "demo-state",
    "docs",
    "domain",
    "edge",
    "hq",
    "kiosk-ui",
    "rustfmt.toml",
    "scripts",
    "sync",
    "target",
    "tests",
];

fn strays<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let stray = |name: &&str| !name.starts_with('.') && !AT_THE_TOP.contains(name);
    names.into_iter().filter(stray).map(str::to_owned).collect()
}

/// Lines of an npm lock file that tie it to one registry.
fn registry_lines(text: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with("\"resolved\"")).count()
}

#[test]
fn nothing_else_stands_at_the_top() {
    let entries =
        fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = entries.collect();
    assert_none(&strays(names.iter().map(String::as_str)), "Put it into the folder it belongs to.");
}

#[test]
fn the_architecture_fits_into_250_lines() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md exists");
    let lines = text.lines().count();
    assert!(
        lines <= MAX_ARCHITECTURE_LINES,
        "ARCHITECTURE.md has {lines} lines: say less, or say it in docs/."
    );
}

#[test]
fn npm_lock_files_name_no_registry() {
    let locks = sources(&["json"]).into_iter().filter(|source| source.path.ends_with("package-lock.json"));
    let tied = locks.filter(|source| registry_lines(&source.text) > 0);
    let breaches: Vec<String> = tied.map(|source| source.path).collect();
    assert_none(&breaches, "Write the lock file with `npm install --omit-lockfile-registry-resolved`.");
}

#[test]
fn a_stray_folder_and_a_lock_file_tied_to_a_registry_are_noticed() {
    assert_eq!(strays(["docs", "notes", ".gitignore", "Cargo.toml"]), ["notes"]);
    assert_eq!(
        registry_lines("{\n  \"resolved\": \"https://example.org/a.tgz\",\n  \"version\": \"1\"\n}"),
        1
    );
}
