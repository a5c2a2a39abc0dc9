//! `lanyard verify`: checks the log and what was derived from it against each other.

use std::fmt::Write as _;

use lanyard_node::Reader;
use lanyard_node::config::SourceFlags;
use lanyard_node::start::DATABASE_FILE;
use lanyard_node::verify::{Report, verify};
use serde_json::json;

use crate::cli::Verify;
use crate::commands::{configured, print};

pub(super) fn run(source: &SourceFlags, flags: &Verify) -> anyhow::Result<()> {
    let own = || Ok::<_, anyhow::Error>(configured(source, [])?.data.join(DATABASE_FILE));
    let database = flags.database.clone().map_or_else(own, Ok)?;
    let report = verify(&database)?;
    let state_hash = Reader::open(&database)?.read_here(|db| Ok(db.state_hash()?.to_string()))?;
    print(&if flags.output.json { object(&report, &state_hash) } else { words(&report, &state_hash) })?;
    anyhow::ensure!(report.is_clean(), "the data does not hold together; keep a copy of it and ask for help");
    Ok(())
}

fn words(report: &Report, state_hash: &str) -> String {
    let Report { entries, logs, streams, outcomes, .. } = report;
    let mut text = format!(
        "{entries} entries of {logs} logs, {streams} streams and {outcomes} outcomes were checked.\nState hash {state_hash}.\n"
    );
    let waits = [
        (report.entries_to_come, "older entries are still to come after a snapshot"),
        (report.streams_to_fold, "long streams are being folded anew"),
    ];
    for (left, what) in waits.into_iter().filter(|(left, _)| *left > 0) {
        writeln!(text, "{left} {what}; until then states are not compared with the log.")
            .expect("writing to a string cannot fail");
    }
    for finding in &report.findings {
        writeln!(text, "{finding}").expect("writing to a string cannot fail");
    }
    if report.more_findings > 0 {
        writeln!(text, "and {} more", report.more_findings).expect("writing to a string cannot fail");
    }
    text + if report.is_clean() { "Everything is as it must be.\n" } else { "" }
}

fn object(report: &Report, state_hash: &str) -> String {
    let Report {
        entries,
        logs,
        streams,
        outcomes,
        entries_to_come,
        streams_to_fold,
        findings,
        more_findings,
    } = report;
    let finding = |finding: &lanyard_node::verify::Finding| json!({"invariant": format!("{:?}", finding.invariant), "claim": finding.invariant.claim(), "what": finding.what});
    let findings: Vec<_> = findings.iter().map(finding).collect();
    let object = json!({
        "clean": report.is_clean(),
        "state_hash": state_hash,
        "entries": entries,
        "logs": logs,
        "streams": streams,
        "outcomes": outcomes,
        "entries_to_come": entries_to_come,
        "streams_to_fold": streams_to_fold,
        "findings": findings,
        "more_findings": more_findings,
    });
    object.to_string() + "\n"
}
