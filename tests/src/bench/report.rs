//! The report: JSON for programs or a table for people, a line as soon as it is known.

use std::io::Write;

use super::figure::{Figure, Goal, Value};

/// The slowest median flush on which an absolute limit says anything about the program.
const FAST_DISK_US: f64 = 200.0;

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One JSON object a line.
    Json,
    /// A table.
    Table,
}

/// Where figures go.
pub struct Report {
    layout: Layout,
    out: Box<dyn Write>,
    disk_is_fast: bool,
    begun: bool,
}

impl Report {
    /// Writes to `out`.
    pub fn new(layout: Layout, out: Box<dyn Write>) -> Self {
        Self { layout, out, disk_is_fast: true, begun: false }
    }

    /// Takes the flush probe: on a slow disk absolute limits are not judged.
    pub(super) fn judge_absolute_limits_on(&mut self, flush: &Figure) {
        self.disk_is_fast = matches!(flush.value, Value::Measured(p50_us) if p50_us <= FAST_DISK_US);
    }

    /// Writes a figure.
    pub(super) fn add(&mut self, mut figure: Figure) -> std::io::Result<()> {
        let needs_fast_disk =
            figure.name().is_some_and(|name| matches!(name.goal(), Goal::AtMostOnFastDisk(_)));
        if needs_fast_disk && !self.disk_is_fast {
            (figure.value, figure.bare, figure.ratio) = (Value::NotMeasured, None, None);
        }
        match self.layout {
            Layout::Json => {
                let line = serde_json::to_string(&figure).map_err(std::io::Error::other)?;
                writeln!(self.out, "{line}")?;
            }
            Layout::Table => {
                if !self.begun {
                    writeln!(
                        self.out,
                        "{:<22}{:>14}  {:<5}{:>12}{:>8}  goal",
                        "figure", "value", "unit", "bare", "ratio"
                    )?;
                }
                writeln!(self.out, "{}", row(&figure))?;
            }
        }
        self.begun = true;
        self.out.flush()
    }
}

fn row(figure: &Figure) -> String {
    let value = match figure.value {
        Value::Measured(value) => number(value),
        Value::NotMeasured => "not measured".to_owned(),
    };
    let bare = figure.bare.map_or_else(String::new, number);
    let ratio = figure.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
    let goal = figure.name().map_or_else(String::new, |name| goal_words(name.goal(), figure.reached()));
    let line = format!("{:<22}{value:>14}  {:<5}{bare:>12}{ratio:>8}  {goal}", figure.word(), figure.unit);
    line.trim_end().to_owned()
}

fn goal_words(goal: Goal, reached: Option<bool>) -> String {
    let limit = match goal {
        Goal::ShareOfBare(share) => format!("≥ {share} × bare"),
        Goal::TimesBare(times) => format!("≤ {times} × bare"),
        Goal::TimesBareOrAMillisecond(times) => format!("≤ {times} × or + 1 ms"),
        Goal::AtMost(limit) | Goal::AtMostOnFastDisk(limit) => format!("≤ {limit}"),
    };
    match reached {
        Some(true) => format!("{limit}, reached"),
        Some(false) => format!("{limit}, missed"),
        None => limit,
    }
}

/// As many digits as fit the size.
fn number(value: f64) -> String {
    if value >= 1_000.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::bench::FigureName;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn reported(layout: Layout, flush_p50_us: f64, figures: Vec<Figure>) -> String {
        let kept = Kept::default();
        let mut report = Report::new(layout, Box::new(kept.clone()));
        report.judge_absolute_limits_on(&Figure::probe("probe", flush_p50_us, "us"));
        for figure in figures {
            report.add(figure).unwrap();
        }
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn on_a_slow_disk_absolute_limits_are_not_measured_and_ratios_are() {
        let figures = vec![
            Figure::alone(FigureName::BadgeMs, &[3.0]),
            Figure::beside_bare(FigureName::CheckIn8, &[3.0], &[4.0]),
        ];
        let expected = "{\"name\":\"badge_ms\",\"value\":\"not measured\",\"unit\":\"ms\",\"bare\":null,\"ratio\":null}\n\
             {\"name\":\"check_in_8\",\"value\":3.0,\"unit\":\"1/s\",\"bare\":4.0,\"ratio\":0.75}\n";
        assert_eq!(reported(Layout::Json, 201.0, figures), expected);
    }

    #[test]
    fn the_table_names_the_goal_and_whether_it_is_reached() {
        let figures = vec![
            Figure::probe("probe_fdatasync", 110.0, "us"),
            Figure::beside_bare(FigureName::CheckIn8, &[9_000.0], &[12_000.0]),
            Figure::alone(FigureName::BadgeMs, &[30.0]),
        ];
        let text = reported(Layout::Table, 200.0, figures);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "figure                         value  unit         bare   ratio  goal");
        assert_eq!(lines[1], "probe_fdatasync               110.00  us");
        assert_eq!(
            lines[2],
            "check_in_8                      9000  1/s         12000    0.75  ≥ 0.6 × bare, reached"
        );
        assert_eq!(lines[3], "badge_ms                       30.00  ms                         ≤ 25, missed");
    }
}
