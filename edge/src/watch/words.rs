//! Reports on dropped files, for people and for programs.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use lanyard_node::import::ImportReport;
use serde_json::json;

use crate::watch::drop_folder::Report;

/// A list that was taken, with every row that was not.
pub(super) fn imported(path: &Path, mut report: ImportReport) -> Report {
    report.file = file_name(path);
    let json = serde_json::to_value(&report).expect("a report is plain data");
    Report { taken: true, text: summary(&report), json }
}

/// A file of which nothing was taken.
pub(super) fn refused(path: &Path, error: &dyn Error) -> Report {
    let name = file_name(path);
    let mut causes = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        write!(causes, ": {cause}").expect("writing to a string cannot fail");
        source = cause.source();
    }
    let text = format!("{name}: nothing was taken.\n\n{causes}\n");
    Report { taken: false, text, json: json!({"file": name, "taken": false, "problem": causes}) }
}

/// A file that cannot be read or kept.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Report {
    refused(path, error)
}

/// A layout that is used from here on.
pub(super) fn layout_used(path: &Path) -> Report {
    let name = file_name(path);
    let text = format!("{name}: badges are made by this layout from here on.\n");
    Report { taken: true, text, json: json!({"file": name, "taken": true}) }
}

/// A report on a list in a few lines, then one line for each refused row.
pub(crate) fn summary(report: &ImportReport) -> String {
    let mut text = format!(
        "{}: {} rows: {} new, {} updated, {} unchanged, {} refused.\nRead as a list of {}.\n",
        report.file,
        report.rows,
        report.imported,
        report.updated,
        report.unchanged,
        report.refused.len(),
        report.source.as_str(),
    );
    for (field, column) in &report.columns.recognised {
        let field = serde_json::to_value(field).expect("a field is a word");
        writeln!(text, "  {} is column “{column}”", field.as_str().unwrap_or_default())
            .expect("writing to a string cannot fail");
    }
    if !report.columns.ignored.is_empty() {
        writeln!(text, "  not used: {}", report.columns.ignored.join(", "))
            .expect("writing to a string cannot fail");
    }
    for row in &report.refused {
        writeln!(text, "line {}: {}", row.line, row.reason).expect("writing to a string cannot fail");
    }
    text
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
