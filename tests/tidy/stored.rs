//! Types that reach the disk or the wire: each is marked, and its source is frozen.
//!
//! Responsible for the register `tests/compat/stored.txt`, one line a type: its file and name, and the BLAKE3 of its
//! declaration without comments and derives. A change of a stored type fails until the register is written again
//! with `LANYARD_FREEZE=1 scripts/test tidy`, which is then seen in the same commit.

use std::collections::BTreeMap;
use std::{env, fs};

use super::tree::{Source, assert_none, root, sources};

const REGISTER: &str = "tests/compat/stored.txt";

const MARK: &str = "// Stored:";

/// A type of a source file, with the lines that belong to it.
struct Declaration {
    name: String,
    line: usize,
    marked: bool,
    serialized: bool,
    /// The declaration without comments and derives.
    shape: String,
}

/// Reports whether the register is to be written rather than compared.
fn freezes() -> bool {
    env::var_os("LANYARD_FREEZE").is_some_and(|value| value == "1")
}

/// Every struct and enum of a file formatted by rustfmt.
fn declarations(source: &Source) -> Vec<Declaration> {
    let lines: Vec<&str> = source.text.lines().collect();
    let declares = |n: &usize| declared_name(lines[*n]).is_some();
    (0..lines.len()).filter(declares).map(|n| declaration_at(&lines, n)).collect()
}

fn declaration_at(lines: &[&str], at: usize) -> Declaration {
    let indent = &lines[at][..lines[at].len() - lines[at].trim_start().len()];
    let mut first = at;
    while first > 0 && precedes_declaration(lines[first - 1], indent) {
        first -= 1;
    }
    let closes = |line: &&str| line.strip_prefix(indent).is_some_and(|rest| rest.starts_with(['}', ')']));
    let last = if lines[at].ends_with([';', '}']) {
        at
    } else {
        lines[at..].iter().position(closes).map_or(lines.len() - 1, |length| at + length)
    };
    let head = lines[first..at].join(" ");
    let derives = head.split("#[derive(").skip(1).filter_map(|rest| rest.split(")]").next());
    let derives: Vec<&str> = derives.flat_map(|list| list.split(',')).map(str::trim).collect();
    let shape = lines[first..=last].iter().map(|line| line.trim());
    let shape =
        shape.filter(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with("#[derive("));
    Declaration {
        name: declared_name(lines[at]).expect("the caller found a declaration here").to_owned(),
        line: at + 1,
        marked: lines[first..at].iter().any(|line| line.trim_start().starts_with(MARK)),
        serialized: derives.iter().any(|name| name.ends_with("Serialize") || name.ends_with("Deserialize")),
        shape: shape.collect::<Vec<_>>().join("\n"),
    }
}

/// The name after `struct` or `enum`; in a macro this may be `$name`.
fn declared_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let name = words.next().filter(|word| matches!(*word, "struct" | "enum")).and(words.next())?;
    let end = name.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$')).unwrap_or(name.len());
    name.get(..end)
}

/// Comments and attributes in front of a declaration, also those over several lines.
fn precedes_declaration(line: &str, indent: &str) -> bool {
    let Some(rest) = line.strip_prefix(indent) else { return false };
    let inner_line_of_attribute = rest.starts_with("    ") && !rest.trim_end().ends_with([';', '{']);
    rest.starts_with("//") || rest.starts_with("#[") || rest == ")]" || inner_line_of_attribute
}

fn unmarked(source: &Source) -> Vec<String> {
    let forgotten = declarations(source).into_iter().filter(|found| found.serialized && !found.marked);
    forgotten.map(|found| format!("{}:{}: {}", source.path, found.line, found.name)).collect()
}

/// The register of the given files: type → hash.
fn register(sources: &[Source]) -> BTreeMap<String, String> {
    let mut register = BTreeMap::new();
    for source in sources {
        for found in declarations(source).into_iter().filter(|found| found.marked) {
            let key = format!("{}::{}", source.path, found.name);
            register.insert(key, blake3::hash(found.shape.as_bytes()).to_hex().to_string());
        }
    }
    register
}

fn written(register: &BTreeMap<String, String>) -> String {
    register.iter().fold(String::new(), |text, (name, hash)| text + &format!("{hash}  {name}\n"))
}

fn read(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    lines.map(|(hash, name)| (name.to_owned(), hash.to_owned())).collect()
}

fn differences(frozen: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, hash) in found {
        match frozen.get(name) {
            Some(known) if known == hash => {}
            Some(_) => differences.push(format!("{name} has changed")),
            None => differences.push(format!("{name} is new")),
        }
    }
    differences.extend(
        frozen.keys().filter(|name| !found.contains_key(*name)).map(|name| format!("{name} is gone")),
    );
    differences
}

fn code_of_crates() -> Vec<Source> {
    sources(&["rs"]).into_iter().filter(|source| source.is_in(&["sync", "domain", "edge", "hq"])).collect()
}

#[test]
fn every_serialized_type_of_the_log_and_the_domain_is_marked_as_stored() {
    let pure = code_of_crates().into_iter().filter(|source| source.is_in(&["sync/src", "domain/src"]));
    let breaches: Vec<String> = pure.flat_map(|source| unmarked(&source)).collect();
    assert_none(&breaches, "Say above its derive where it is kept: `// Stored: …`.");
}

#[test]
fn no_stored_type_has_changed_since_it_was_frozen() {
    let found = register(&code_of_crates());
    assert!(!found.is_empty(), "no type is marked as stored");
    let file = root().join(REGISTER);
    if freezes() {
        fs::write(&file, written(&found)).unwrap();
    }
    let frozen = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{REGISTER}: {error}"));
    assert_none(
        &differences(&read(&frozen), &found),
        "Old data must stay readable: add golden bytes of the new form to tests/compat, then freeze it with\n\
         `LANYARD_FREEZE=1 scripts/test tidy`.",
    );
}

const PLANTED: &str = "\
/// A dot.
// Stored: in every entry.
#[derive(Clone, Copy, Serialize)]
pub struct Dot {
    /// Its place.
    pub seq: u64,
}

/// A forgotten one.
#[derive(
    Debug, Deserialize,
)]
#[serde(rename_all = \"snake_case\")]
enum Kind {
    One,
}

struct Local(u8);
";

#[test]
fn an_unmarked_type_is_noticed() {
    assert_eq!(unmarked(&Source::planted("sync/src/a.rs", PLANTED)), ["sync/src/a.rs:14: Kind"]);
}

#[test]
fn a_changed_field_is_noticed_and_a_changed_comment_or_derive_is_not() {
    let frozen = register(&[Source::planted("sync/src/a.rs", PLANTED)]);
    assert_eq!(frozen.keys().collect::<Vec<_>>(), ["sync/src/a.rs::Dot"]);
    assert_eq!(read(&written(&frozen)), frozen);
    let changed = |from: &str, to: &str| {
        assert!(PLANTED.contains(from));
        differences(&frozen, &register(&[Source::planted("sync/src/a.rs", &PLANTED.replace(from, to))]))
    };
    assert_eq!(changed("pub seq: u64", "pub seq: u32"), ["sync/src/a.rs::Dot has changed"]);
    assert_eq!(changed("Its place.", "The place of it."), Vec::<String>::new());
    assert_eq!(changed("Clone, Copy, ", "Clone, "), Vec::<String>::new());
    assert_eq!(
        changed("struct Dot", "struct Spot"),
        ["sync/src/a.rs::Spot is new", "sync/src/a.rs::Dot is gone"]
    );
}
