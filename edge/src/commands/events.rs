//! `lanyard events`: shows the log, in lines or as objects.

use lanyard_node::Reader;
use lanyard_node::config::SourceFlags;
use lanyard_node::read::EntryLine;
use lanyard_node::start::DATABASE_FILE;
use serde_json::{Value, json};

use crate::cli::Events;
use crate::commands::{configured, print};

const PAGE: usize = 1_000;

pub(super) fn run(source: &SourceFlags, flags: &Events) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let reader = Reader::open(&config.data.join(DATABASE_FILE))?;
    let mut after = flags.after;
    loop {
        let lines = reader.read_here(|db| db.entries_after(after, PAGE))?;
        let Some(last) = lines.last() else { return Ok(()) };
        after = last.position;
        let wanted = lines
            .iter()
            .filter(|line| flags.stream.as_ref().is_none_or(|stream| line.stream.to_string() == *stream));
        let text: String =
            wanted.map(|line| if flags.json { object(line) } else { words(line) } + "\n").collect();
        print(&text)?;
    }
}

fn words(line: &EntryLine) -> String {
    let EntryLine { position, dot, stream, kind, version, at_ms, actor, desk, .. } = line;
    let facts = line.facts.as_deref().unwrap_or("erased");
    format!("{position} {at_ms} {dot} {stream} {kind}/{version} actor={actor} desk={desk} {facts}")
}

fn object(line: &EntryLine) -> String {
    let parsed =
        |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    json!({
        "position": line.position,
        "dot": line.dot,
        "stream": line.stream.to_string(),
        "kind": line.kind,
        "version": line.version,
        "lamport": line.lamport,
        "at_ms": line.at_ms,
        "actor": line.actor,
        "desk": line.desk,
        "command": line.command,
        "stands_for": line.stands_for,
        "facts": parsed(&line.facts),
        "personal": parsed(&line.personal),
    })
    .to_string()
}
