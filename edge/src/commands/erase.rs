//! `lanyard erase`: erases attendees while the node does not run, and says who has removed what.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use lanyard_node::Reader;
use lanyard_node::config::SourceFlags;
use lanyard_node::data_lock::DataLock;
use lanyard_node::engine::Erasing;
use lanyard_node::erasure::{Erased, ErasedResult, Eraser, removed_up_to};
use lanyard_node::read::Erasures;
use lanyard_node::repair::kept_damaged;
use lanyard_node::start::DATABASE_FILE;
use serde_json::json;

use crate::cli::Erase;
use crate::commands::{configured, print};
use crate::config::Config;
use crate::engine;
use crate::print::driver::files_printers;
use crate::print::forget::forget_erased;

/// How long removing may take before the command ends; what is left is removed when the node runs.
const REMOVED_WITHIN: Duration = Duration::from_mins(5);

pub(super) async fn run(source: &SourceFlags, flags: &Erase) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    if flags.report {
        return report(&config, flags.output.json);
    }
    ensure!(!flags.who.is_empty(), "name somebody by a code or an attendee id, or ask for the --report");
    let _lock = DataLock::take(&config.data)?;
    let (identity, started) = engine::begin(&config)?;
    let (writer, reader) = (&started.writer, &started.reader);
    let eraser = Eraser { writer, reader, actor: "command-line", desk: "" };
    let results = eraser.erase(&flags.who).await?;
    if removed_up_to(writer, REMOVED_WITHIN, Some(Erasing::Badges)).await == Some(Erasing::Badges) {
        forget_erased(&identity, &files_printers(&config.printers, &config.data), writer, reader).await?;
    }
    let is_removed = removed_up_to(writer, REMOVED_WITHIN, None).await.is_none();
    let kept = kept_damaged(&config.data)?;
    print(&if flags.output.json {
        json!({ "attendees": results, "removed_here": is_removed, "kept_damaged": kept }).to_string() + "\n"
    } else {
        words(&results, is_removed, &kept)
    })?;
    let unnamed = results.iter().filter(|one| one.attendee_id.is_none()).count();
    ensure!(unnamed == 0, "{unnamed} of those named are not one attendee of this node");
    Ok(())
}

fn report(config: &Config, as_json: bool) -> anyhow::Result<()> {
    let reader = Reader::open(&config.data.join(DATABASE_FILE))?;
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "a path is not general enough over the lifetime of a read"
    )]
    let report = reader.read_here(|db| db.erasures())?;
    print(&if as_json { serde_json::to_string(&report)? + "\n" } else { listed(&report) })
}

fn words(erased: &[Erased], is_removed: bool, kept: &[PathBuf]) -> String {
    let mut text = String::new();
    for one in erased {
        let result = match one.result {
            ErasedResult::Erased => "erased",
            ErasedResult::ErasedBefore => "was erased before",
            ErasedResult::Unknown => "is not known on this node",
            ErasedResult::Ambiguous => "stands for several people or an order; give an attendee id",
        };
        writeln!(text, "{}: {result}", one.who).expect("writing to a string cannot fail");
    }
    text += match (is_removed, kept) {
        (true, []) => "Nothing of it is left in this folder. Other nodes follow when they hear of it.\n",
        (true, _) => {
            "Nothing of it is left in what the node works with. Other nodes follow when they hear of it.\n"
        }
        (false, _) => "It counts at once; the rest of its bytes are removed when the node runs.\n",
    };
    for folder in kept {
        writeln!(
            text,
            "{} holds a damaged database with names, of the erased too, for as long as it is there; delete the folder \
             when nobody needs it.",
            folder.display()
        )
        .expect("writing to a string cannot fail");
    }
    text
}

fn listed(report: &Erasures) -> String {
    let mut text = format!("{} attendees were erased.\n", report.attendees);
    for node in &report.nodes {
        match node.remaining {
            0 => writeln!(text, "{}: removed", node.node),
            remaining => writeln!(text, "{}: {remaining} to remove, as far as is known here", node.node),
        }
        .expect("writing to a string cannot fail");
    }
    text
}
