//! Words that do not belong into comments and documentation.
//!
//! Responsible for words of praise, for words about the change rather than the code, and for paths of somebody's
//! machine.

use super::tree::{Source, assert_none, sources};

const PRAISE: [&str; 22] = [
    "battle-tested",
    "best-in-class",
    "blazing",
    "blazingly",
    "bulletproof",
    "cutting-edge",
    "delightful",
    "effortless",
    "effortlessly",
    "enterprise-grade",
    "industry-leading",
    "lightning-fast",
    "next-generation",
    "powerful",
    "production-ready",
    "revolutionary",
    "robust",
    "robustly",
    "seamless",
    "seamlessly",
    "state-of-the-art",
    "world-class",
];

/// Said of a change; wrong as soon as the next one lands.
const ABOUT_THE_CHANGE: [&str; 12] = [
    "for now",
    "no longer",
    "todo",
    "fixme",
    "xxx",
    "as requested",
    "as discussed",
    "as suggested",
    "this change",
    "this commit",
    "was refactored",
    "newly added",
];

const MACHINE_PATHS: [&str; 3] = ["/home/", "/root/", "/Users/"];

/// Holds breaches that are planted.
const OWN_FOLDER: &str = "tests/tidy";

/// Finds the words in a text, whole and in any case, with their lines.
fn found_in<'a>(
    source: &Source,
    lines: impl Iterator<Item = (usize, &'a str)>,
    words: &[&str],
) -> Vec<String> {
    let mut found = Vec::new();
    for (n, line) in lines {
        let line = line.to_lowercase();
        for word in words.iter().filter(|word| holds_word(&line, word)) {
            found.push(format!("{}:{n}: \"{word}\"", source.path));
        }
    }
    found
}

fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(|c| c.is_alphanumeric() || c == '_')
    })
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(n, line)| (n + 1, line))
}

/// The comments of a source file, with the numbers of their lines.
fn comments(source: &Source) -> Vec<(usize, &str)> {
    let marks: &[&str] = match source.extension() {
        "rs" | "ts" | "mjs" | "js" => &["//", "/*", "* "],
        "svelte" | "css" | "html" => &["//", "/*", "* ", "<!--"],
        "sql" => &["--"],
        _ => &["#"],
    };
    let comment_of = |line: &'_ str| marks.iter().filter_map(|mark| comment_start(line, mark)).min();
    numbered(&source.text).filter_map(|(n, line)| Some((n, &line[comment_of(line)?..]))).collect()
}

/// Where the comment of a line begins: at its start, or after a blank outside a string.
fn comment_start(line: &str, mark: &str) -> Option<usize> {
    let indent = line.len() - line.trim_start().len();
    if line[indent..].starts_with(mark) {
        return Some(indent);
    }
    let inner = format!(" {mark} ");
    let mut trailing = line.match_indices(&inner).map(|(at, _)| at + 1);
    trailing.find(|at| line[..*at].matches('"').count().is_multiple_of(2))
}

fn code() -> Vec<Source> {
    let all = sources(&[
        "rs", "ts", "mjs", "js", "svelte", "css", "html", "sql", "sh", "awk", "toml", "feature", "ftl",
    ]);
    all.into_iter().filter(|source| !source.is_in(&[OWN_FOLDER])).collect()
}

#[test]
fn documentation_praises_nothing() {
    let mut breaches: Vec<String> = sources(&["md"])
        .iter()
        .flat_map(|source| found_in(source, numbered(&source.text), &PRAISE))
        .collect();
    breaches.extend(code().iter().flat_map(|source| found_in(source, comments(source).into_iter(), &PRAISE)));
    assert_none(&breaches, "Say what it does, with the number that was measured.");
}

#[test]
fn comments_are_not_about_the_change_that_made_them() {
    let breaches: Vec<String> = code()
        .iter()
        .flat_map(|source| found_in(source, comments(source).into_iter(), &ABOUT_THE_CHANGE))
        .collect();
    assert_none(&breaches, "Say why the code is as it is, in a sentence that stays true.");
}

#[test]
fn nothing_names_a_path_of_somebodys_machine() {
    let breaches: Vec<String> = code()
        .iter()
        .chain(&sources(&["md", "json", "service", "run"]))
        .flat_map(|source| {
            let named = move |path: &&&str| source.text.contains(**path);
            MACHINE_PATHS
                .iter()
                .filter(named)
                .map(|path| format!("{}: {path}", source.path))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_none(&breaches, "Use a path relative to the repository, or one the operator gives.");
}

#[test]
fn banned_words_are_noticed_in_comments_and_left_alone_in_code() {
    let planted = Source::planted(
        "edge/src/a.rs",
        "//! A Robust store.\nlet todo = 1; // For now, one.\nlet a = \"no longer // for now\";\n/// Robustness matters.\n",
    );
    assert_eq!(found_in(&planted, comments(&planted).into_iter(), &PRAISE), ["edge/src/a.rs:1: \"robust\""]);
    assert_eq!(
        found_in(&planted, comments(&planted).into_iter(), &ABOUT_THE_CHANGE),
        ["edge/src/a.rs:2: \"for now\""]
    );
    let readme = Source::planted("README.md", "Seamless\n");
    assert_eq!(found_in(&readme, numbered(&readme.text), &PRAISE), ["README.md:1: \"seamless\""]);
    let script = Source::planted("scripts/a.sh", "# TODO: more\necho todo\n");
    assert_eq!(
        found_in(&script, comments(&script).into_iter(), &ABOUT_THE_CHANGE),
        ["scripts/a.sh:1: \"todo\""]
    );
}
