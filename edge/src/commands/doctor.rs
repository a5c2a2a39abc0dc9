//! `lanyard doctor`: says in plain words what is the matter with this node, and what to do.

use std::fmt::Write as _;

use lanyard_node::Identity;
use lanyard_node::config::SourceFlags;
use lanyard_node::doctor::{Finding, examine};
use lanyard_node::start::{DATABASE_FILE, options_here};
use serde_json::json;

use crate::cli::Output;
use crate::clock::now_ms;
use crate::commands::{configured, print};

pub(super) fn run(source: &SourceFlags, output: &Output) -> anyhow::Result<()> {
    let data = configured(source, [])?.data;
    let identity = Identity::load(&data)?;
    let database = data.join(DATABASE_FILE);
    let findings = if database.exists() {
        examine(&database, &identity, &options_here().machine, now_ms())?
    } else {
        vec![Finding::NeverStarted]
    };
    print(&if output.json { object(&findings) } else { words(&identity.name, &findings) })?;
    let to_do = findings.iter().filter(|finding| finding.needs_action()).count();
    anyhow::ensure!(to_do == 0, "{to_do} of this needs somebody to do something");
    Ok(())
}

fn words(name: &str, findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = if finding.needs_action() { "!" } else { "-" };
        write!(text, "{mark} {}", finding.what()).expect("writing to a string cannot fail");
        if let Some(remedy) = finding.remedy() {
            write!(text, "\n  {remedy}").expect("writing to a string cannot fail");
        }
        text.push('\n');
    }
    if findings.iter().any(Finding::needs_action) {
        return text;
    }
    text + &format!("{name} is well. `lanyard verify` checks every entry of its log.\n")
}

fn object(findings: &[Finding]) -> String {
    let each = findings.iter().map(|finding| {
        json!({ "what": finding.what(), "remedy": finding.remedy(), "needs_action": finding.needs_action() })
    });
    json!({ "findings": each.collect::<Vec<_>>() }).to_string() + "\n"
}
