//! Links between the Markdown files.
//!
//! Responsible for relative links and images: the file exists, and so does the heading an anchor names. Links to the
//! web are left alone.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::tree::{Source, assert_none, root, sources};

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES)
}

fn destinations(text: &str) -> Vec<String> {
    let events = parser(text).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some(dest_url.into_string())
        }
        _ => None,
    });
    events.collect()
}

/// The anchors of a text: its headings in lower case, blanks as hyphens, punctuation left out.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let mut heading: Option<String> = None;
    for event in parser(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(text) = &mut heading {
                    text.push_str(&words);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor_of(&heading.take().unwrap_or_default());
                let again = anchors.iter().filter(|earlier| **earlier == anchor).count();
                anchors.push(if again == 0 { anchor } else { format!("{anchor}-{again}") });
            }
            _ => {}
        }
    }
    anchors
}

fn anchor_of(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The links of one file that lead nowhere; `exists` tells whether a path in the repository does.
fn dead_links(
    source: &Source,
    files: &BTreeMap<PathBuf, Vec<String>>,
    exists: impl Fn(&Path) -> bool,
) -> Vec<String> {
    let folder = Path::new(&source.path).parent().unwrap_or(Path::new(""));
    let mut dead = Vec::new();
    for link in destinations(&source.text) {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let target = if file.is_empty() { PathBuf::from(&source.path) } else { plain(&folder.join(file)) };
        let headings = files.get(&target);
        let resolves = exists(&target) && !file.starts_with('/');
        if !resolves {
            dead.push(format!("{}: {link}: there is no {}", source.path, target.display()));
        } else if !anchor.is_empty() && !headings.is_some_and(|headings| headings.iter().any(|h| h == anchor))
        {
            dead.push(format!("{}: {link}: {} has no such heading", source.path, target.display()));
        }
    }
    dead
}

/// Takes `.` and `..` out of a path without asking the disk.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::Normal(name) => plain.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    plain
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let documents = sources(&["md"]);
    let headings =
        documents.iter().map(|source| (PathBuf::from(&source.path), anchors(&source.text))).collect();
    let dead: Vec<String> = documents
        .iter()
        .flat_map(|source| dead_links(source, &headings, |path| root().join(path).exists()))
        .collect();
    assert_none(&dead, "Correct the link, or write what it promises.");
}

#[test]
fn dead_links_are_noticed() {
    let text = "# One & two\n## `Three`\n## Three\n[a](#one--two) [b](#three-1) [c](../gone.md) [d](#four) \
                ![e](docs.md) [f](https://example.org/#x)\n";
    let planted = Source::planted("docs/a.md", text);
    assert_eq!(anchors(text), ["one--two", "three", "three-1"]);
    let files = BTreeMap::from([(PathBuf::from("docs/a.md"), anchors(text))]);
    let there = [PathBuf::from("docs/a.md"), PathBuf::from("docs/docs.md")];
    assert_eq!(
        dead_links(&planted, &files, |path| there.contains(&path.to_owned())),
        ["docs/a.md: ../gone.md: there is no gone.md", "docs/a.md: #four: docs/a.md has no such heading"]
    );
}
