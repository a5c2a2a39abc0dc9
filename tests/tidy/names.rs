//! Names that say nothing about what they name.

use super::tree::{Source, assert_none, sources};

const EMPTY_MODULE_NAMES: [&str; 9] =
    ["util", "utils", "helper", "helpers", "common", "types", "manager", "managers", "misc"];

const EMPTY_TYPE_WORDS: [&str; 11] = [
    "Manager",
    "Service",
    "Helper",
    "Helpers",
    "Util",
    "Utils",
    "Common",
    "Processor",
    "Repository",
    "Dto",
    "Impl",
];

fn empty_module_names(source: &Source) -> Vec<String> {
    let parts = source.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let empty = parts.filter(|part| EMPTY_MODULE_NAMES.contains(&part.to_ascii_lowercase().as_str()));
    empty.map(|part| format!("{}: \"{part}\"", source.path)).collect()
}

fn empty_type_names(source: &Source) -> Vec<String> {
    let named = source.text.lines().enumerate().filter_map(|(n, line)| Some((n, declared_type(line)?)));
    let empty =
        named.filter(|(_, name)| words_of(name).iter().any(|word| EMPTY_TYPE_WORDS.contains(&word.as_str())));
    empty.map(|(n, name)| format!("{}:{}: {name}", source.path, n + 1)).collect()
}

fn prefixed_test_names(source: &Source) -> Vec<String> {
    let prefixed = |line: &str| line.contains("fn test_");
    let lines = source.text.lines().enumerate().filter(|(_, line)| prefixed(line));
    lines.map(|(n, line)| format!("{}:{}: {}", source.path, n + 1, line.trim())).collect()
}

/// The name of the type a line declares, in Rust or TypeScript.
fn declared_type(line: &str) -> Option<&str> {
    const DECLARES: [&str; 7] = ["struct", "enum", "trait", "union", "type", "class", "interface"];
    const PRECEDES: [&str; 5] = ["export", "default", "abstract", "declare", "unsafe"];
    let mut words =
        line.split_whitespace().skip_while(|word| word.starts_with("pub") || PRECEDES.contains(word));
    let declares = words.next().is_some_and(|word| DECLARES.contains(&word));
    let name = words.next().filter(|_| declares)?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    name.get(..end).filter(|name| name.starts_with(char::is_uppercase))
}

/// Splits `PrintJobManager` into `Print`, `Job` and `Manager`.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    words
}

#[test]
fn modules_are_named_after_what_they_do() {
    let breaches: Vec<String> =
        sources(&["rs", "ts", "mjs", "svelte", "sh"]).iter().flat_map(empty_module_names).collect();
    assert_none(&breaches, "Name the file after the one resource, rule or phase in it.");
}

#[test]
fn types_are_named_after_what_they_are() {
    let breaches: Vec<String> = sources(&["rs", "ts", "svelte"]).iter().flat_map(empty_type_names).collect();
    assert_none(&breaches, "Name the type after the thing in the domain that it stands for.");
}

#[test]
fn tests_are_sentences_without_a_prefix() {
    let breaches: Vec<String> = sources(&["rs"])
        .iter()
        .filter(|source| !source.is_in(&["tests/tidy"]))
        .flat_map(prefixed_test_names)
        .collect();
    assert_none(&breaches, "Name the test as the sentence it proves.");
}

#[test]
fn empty_names_are_noticed() {
    let planted = Source::planted(
        "edge/src/utils/clock.rs",
        "pub(crate) struct PrintJobManager<T>(T);\nstruct Implementation;\nenum Service {}\nfn test_it() {}\ntype common = u8;\n",
    );
    assert_eq!(empty_module_names(&planted), ["edge/src/utils/clock.rs: \"utils\""]);
    assert_eq!(
        empty_type_names(&planted),
        ["edge/src/utils/clock.rs:1: PrintJobManager", "edge/src/utils/clock.rs:3: Service"]
    );
    assert_eq!(prefixed_test_names(&planted), ["edge/src/utils/clock.rs:4: fn test_it() {}"]);
    let page = Source::planted("kiosk-ui/src/a.ts", "export interface RowDto { a: number }\n");
    assert_eq!(empty_type_names(&page), ["kiosk-ui/src/a.ts:1: RowDto"]);
}
