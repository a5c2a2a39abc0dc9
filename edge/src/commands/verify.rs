//! `lanyard verify`: checks the log and what was derived from it against each other.

use std::fmt::Write as _;

use lanyard_node::start::DATABASE_FILE;
use lanyard_node::verify::{Report, verify};
use serde_json::json;

use crate::cli::{Output, Source};
use crate::commands::{configured, print};

pub(super) fn run(source: &Source, flags: &Output) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let report = verify(&config.data.join(DATABASE_FILE))?;
    print(&if flags.json { object(&report) } else { words(&report) })?;
    anyhow::ensure!(report.is_clean(), "the data does not hold together; keep a copy of it and ask for help");
    Ok(())
}

fn words(report: &Report) -> String {
    let Report { entries, logs, streams, outcomes, findings, more_findings } = report;
    let mut text = format!("{entries} entries of {logs} logs, {streams} streams and {outcomes} outcomes were checked.\n");
    for finding in findings {
        writeln!(text, "{finding}").expect("writing to a string cannot fail");
    }
    if *more_findings > 0 {
        writeln!(text, "and {more_findings} more").expect("writing to a string cannot fail");
    }
    text + if report.is_clean() { "Everything is as it must be.\n" } else { "" }
}

fn object(report: &Report) -> String {
    let Report { entries, logs, streams, outcomes, findings, more_findings } = report;
    let finding = |finding: &lanyard_node::verify::Finding| {
        json!({"invariant": format!("{:?}", finding.invariant), "claim": finding.invariant.claim(), "what": finding.what})
    };
    let findings: Vec<_> = findings.iter().map(finding).collect();
    let object = json!({
        "clean": report.is_clean(),
        "entries": entries,
        "logs": logs,
        "streams": streams,
        "outcomes": outcomes,
        "findings": findings,
        "more_findings": more_findings,
    });
    object.to_string() + "\n"
}
