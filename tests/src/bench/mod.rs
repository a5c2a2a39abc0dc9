//! The numbers of `scripts/bench`, each measured beside the bare loop in the same run.
//!
//! Responsible for what is measured and how: prepared venues, the load, the probes of the machine, and the
//! report. Nothing here is a test, and no suite runs it.

mod backlog;
mod badge;
mod bare;
mod bootstrap;
mod check_ins;
mod conference;
mod drain;
mod figure;
mod hq_away;
mod http1;
mod line_back;
mod load;
mod long_log;
mod many_attendees;
mod online;
mod page;
mod prepared;
mod probes;
mod quantiles;
mod report;
mod resident;
mod site;
mod wire;

pub use figure::{Figure, FigureName, UnknownFigure};
pub use report::{Layout, Report};

use std::path::Path;

use check_ins::Desks;

/// Rounds of each side; the median of them is reported.
const ROUNDS: usize = 5;

/// Measures the figures named, and the probes first, and reports each as soon as it is known.
///
/// # Errors
/// When something cannot be started, prepared or measured; what was reported before stands.
pub async fn run(names: &[FigureName], folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let disk = probes::fdatasync(folder)?;
    report.judge_absolute_limits_on(&disk);
    report.add(disk)?;
    report.add(probes::http(folder, Desks::Eight).await?)?;
    report.add(probes::http(folder, Desks::SixtyFour).await?)?;
    for measurement in Measurement::covering(names) {
        for figure in measurement.take(folder).await? {
            if figure.name().is_some_and(|name| names.contains(&name)) {
                report.add(figure)?;
            }
        }
    }
    Ok(())
}

/// Figures that come out of the same rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measurement {
    CheckIns(Desks),
    Wire,
    LongLog,
    ManyAttendees,
    Bootstrap,
    Badge,
    Page,
    Idle,
    Visible,
    LineBack,
    HqAway,
    Drain,
}

impl Measurement {
    /// Each measurement once, in the order its first figure was named.
    fn covering(names: &[FigureName]) -> Vec<Self> {
        let mut covering = Vec::new();
        for name in names {
            let measurement = Self::of(*name);
            if !covering.contains(&measurement) {
                covering.push(measurement);
            }
        }
        covering
    }

    fn of(name: FigureName) -> Self {
        match name {
            FigureName::CheckIn8 | FigureName::CheckIn8P99 => Self::CheckIns(Desks::Eight),
            FigureName::CheckIn64 | FigureName::CheckIn64P99 => Self::CheckIns(Desks::SixtyFour),
            FigureName::WireBytesPerEvent => Self::Wire,
            FigureName::Ready1mMs => Self::LongLog,
            FigureName::Search100kP99Ms | FigureName::Rss100kMib => Self::ManyAttendees,
            FigureName::Bootstrap100kS => Self::Bootstrap,
            FigureName::BadgeMs => Self::Badge,
            FigureName::PageGzipKb => Self::Page,
            FigureName::IdleSyncBytes => Self::Idle,
            FigureName::VisibleP95Ms => Self::Visible,
            FigureName::FirstAfterLineMs | FigureName::Drain50kS => Self::LineBack,
            FigureName::CheckInP99HqHangs => Self::HqAway,
            FigureName::Replicate1m | FigureName::Sibling1m | FigureName::RssDrainMib => Self::Drain,
        }
    }

    async fn take(self, folder: &Path) -> anyhow::Result<Vec<Figure>> {
        match self {
            Self::CheckIns(desks) => check_ins::measure(folder, desks).await,
            Self::Wire => wire::measure(folder).await,
            Self::LongLog => long_log::measure(folder).await,
            Self::ManyAttendees => many_attendees::measure(folder).await,
            Self::Bootstrap => bootstrap::measure(folder).await,
            Self::Badge => badge::measure(),
            Self::Page => page::measure(folder).await,
            Self::Idle => online::measure_idle(folder).await,
            Self::Visible => online::measure_visible(folder).await,
            Self::LineBack => line_back::measure(folder).await,
            Self::HqAway => hq_away::measure(folder).await,
            Self::Drain => drain::measure(folder).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_the_same_rounds_are_measured_once() {
        let names =
            [FigureName::BadgeMs, FigureName::CheckIn8P99, FigureName::CheckIn64, FigureName::CheckIn8];
        let expected = [
            Measurement::Badge,
            Measurement::CheckIns(Desks::Eight),
            Measurement::CheckIns(Desks::SixtyFour),
        ];
        assert_eq!(Measurement::covering(&names), expected);
    }
}
