//! Figures: their names, units and goals, and what was measured.

use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::quantiles::median;

/// What can be asked of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureName {
    /// Check-ins a second at 8 desks.
    CheckIn8,
    /// Check-ins a second at 64 desks.
    CheckIn64,
    /// 99th percentile of a check-in at 8 desks.
    CheckIn8P99,
    /// 99th percentile of a check-in at 64 desks.
    CheckIn64P99,
    /// Bytes on the line per check-in event, both ways, HTTP headers counted.
    WireBytesPerEvent,
    /// From start to ready with a million entries.
    Ready1mMs,
    /// 99th percentile of a search over 100,000 attendees.
    Search100kP99Ms,
    /// Peak resident memory with 100,000 attendees after check-ins and searches.
    Rss100kMib,
    /// From start to ready of a node that has nothing, with 100,000 attendees and a million entries at HQ.
    Bootstrap100kS,
    /// From an attendee's words to PNG and PDF.
    BadgeMs,
    /// Everything the first page loads, compressed.
    PageGzipKb,
    /// Bytes on the line per exchange while nothing happens, both ways, HTTP headers counted.
    IdleSyncBytes,
    /// 95th percentile from the answer to a check-in until the node knows that HQ has it.
    VisibleP95Ms,
    /// From the return of the line until HQ has the first of what was kept.
    FirstAfterLineMs,
    /// From the return of the line until HQ has all of 50,000 events.
    Drain50kS,
    /// 99th percentile of a check-in while HQ hangs, floods or is gone, the worst of them, beside one with HQ there.
    CheckInP99HqHangs,
    /// Entries a second from a node to HQ, a million of them.
    Replicate1m,
    /// Entries a second from a node to another one, a million of them.
    Sibling1m,
    /// Peak resident memory of either side meanwhile.
    RssDrainMib,
}

/// What counts as reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    /// At least this share of what the bare loop does.
    ShareOfBare(f64),
    /// At most this many times the bare loop's.
    TimesBare(f64),
    /// At most this many times what it is compared with, or that and a millisecond.
    TimesBareOrAMillisecond(f64),
    /// At most this on any machine.
    AtMost(f64),
    /// At most this where the disk is fast enough to tell.
    AtMostOnFastDisk(f64),
}

/// A name the bench does not know.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no figure has this name; there are: {}", FigureName::ALL.map(FigureName::word).join(" "))]
pub struct UnknownFigure;

impl FigureName {
    /// All of them, in the order they are measured.
    pub const ALL: [Self; 19] = [
        Self::CheckIn8,
        Self::CheckIn8P99,
        Self::CheckIn64,
        Self::CheckIn64P99,
        Self::WireBytesPerEvent,
        Self::Ready1mMs,
        Self::Search100kP99Ms,
        Self::Rss100kMib,
        Self::Bootstrap100kS,
        Self::BadgeMs,
        Self::PageGzipKb,
        Self::IdleSyncBytes,
        Self::VisibleP95Ms,
        Self::FirstAfterLineMs,
        Self::Drain50kS,
        Self::CheckInP99HqHangs,
        Self::Replicate1m,
        Self::Sibling1m,
        Self::RssDrainMib,
    ];

    /// The name as typed and printed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CheckIn8 => "check_in_8",
            Self::CheckIn64 => "check_in_64",
            Self::CheckIn8P99 => "check_in_8_p99",
            Self::CheckIn64P99 => "check_in_64_p99",
            Self::WireBytesPerEvent => "wire_bytes_per_event",
            Self::Ready1mMs => "ready_1m_ms",
            Self::Search100kP99Ms => "search_100k_p99_ms",
            Self::Rss100kMib => "rss_100k_mib",
            Self::Bootstrap100kS => "bootstrap_100k_s",
            Self::BadgeMs => "badge_ms",
            Self::PageGzipKb => "page_gzip_kb",
            Self::IdleSyncBytes => "idle_sync_bytes",
            Self::VisibleP95Ms => "visible_p95_ms",
            Self::FirstAfterLineMs => "first_after_line_ms",
            Self::Drain50kS => "drain_50k_s",
            Self::CheckInP99HqHangs => "check_in_p99_hq_hangs",
            Self::Replicate1m => "replicate_1m",
            Self::Sibling1m => "sibling_1m",
            Self::RssDrainMib => "rss_drain_mib",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::CheckIn8 | Self::CheckIn64 | Self::Replicate1m | Self::Sibling1m => "1/s",
            Self::CheckIn8P99
            | Self::CheckIn64P99
            | Self::Ready1mMs
            | Self::Search100kP99Ms
            | Self::BadgeMs
            | Self::VisibleP95Ms
            | Self::FirstAfterLineMs
            | Self::CheckInP99HqHangs => "ms",
            Self::Drain50kS | Self::Bootstrap100kS => "s",
            Self::WireBytesPerEvent | Self::IdleSyncBytes => "B",
            Self::Rss100kMib | Self::RssDrainMib => "MiB",
            Self::PageGzipKb => "kB",
        }
    }

    pub(super) const fn goal(self) -> Goal {
        match self {
            Self::CheckIn8 | Self::CheckIn64 => Goal::ShareOfBare(0.6),
            Self::CheckIn8P99 | Self::CheckIn64P99 => Goal::TimesBare(3.0),
            Self::WireBytesPerEvent => Goal::AtMost(80.0),
            Self::IdleSyncBytes => Goal::AtMost(1_000.0),
            Self::VisibleP95Ms => Goal::AtMostOnFastDisk(250.0),
            Self::FirstAfterLineMs => Goal::AtMostOnFastDisk(1_000.0),
            Self::CheckInP99HqHangs => Goal::TimesBareOrAMillisecond(1.25),
            Self::Ready1mMs => Goal::AtMostOnFastDisk(500.0),
            Self::Search100kP99Ms | Self::Drain50kS => Goal::AtMostOnFastDisk(10.0),
            Self::Rss100kMib | Self::PageGzipKb => Goal::AtMostOnFastDisk(100.0),
            Self::Bootstrap100kS => Goal::AtMostOnFastDisk(3.0),
            Self::BadgeMs => Goal::AtMostOnFastDisk(25.0),
            Self::Replicate1m | Self::Sibling1m => Goal::ShareOfBare(0.5),
            Self::RssDrainMib => Goal::AtMostOnFastDisk(150.0),
        }
    }
}

impl FromStr for FigureName {
    type Err = UnknownFigure;

    fn from_str(word: &str) -> Result<Self, UnknownFigure> {
        Self::ALL.into_iter().find(|name| name.word() == word).ok_or(UnknownFigure)
    }
}

/// What is known of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Measured(f64),
    /// The disk is too slow for the limit to say anything.
    NotMeasured,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Measured(value) => serializer.serialize_f64(*value),
            Self::NotMeasured => serializer.serialize_str("not measured"),
        }
    }
}

/// One line of the report: a figure asked for, or a probe of the machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    #[serde(rename = "name")]
    word: &'static str,
    pub(super) value: Value,
    pub(super) unit: &'static str,
    pub(super) bare: Option<f64>,
    pub(super) ratio: Option<f64>,
    #[serde(skip)]
    name: Option<FigureName>,
}

impl Figure {
    /// A figure with the bare loop's beside it: the medians of both sides' rounds and their ratio.
    pub(super) fn beside_bare(name: FigureName, rounds: &[f64], bare_rounds: &[f64]) -> Self {
        let (value, bare) = (median(rounds), median(bare_rounds));
        let ratio = (bare > 0.0).then(|| rounded(value / bare));
        Self { bare: Some(rounded(bare)), ratio, ..Self::alone(name, &[value]) }
    }

    /// A figure the bare loop has no counterpart of.
    pub(super) fn alone(name: FigureName, rounds: &[f64]) -> Self {
        let value = Value::Measured(rounded(median(rounds)));
        Self { word: name.word(), value, unit: name.unit(), bare: None, ratio: None, name: Some(name) }
    }

    /// Something about the machine.
    pub(super) fn probe(word: &'static str, value: f64, unit: &'static str) -> Self {
        Self { word, value: Value::Measured(rounded(value)), unit, bare: None, ratio: None, name: None }
    }

    /// Which figure it is; none for a probe.
    pub fn name(&self) -> Option<FigureName> {
        self.name
    }

    pub(super) fn word(&self) -> &'static str {
        self.word
    }

    /// Whether the goal is reached; none for probes and where nothing was measured.
    pub(super) fn reached(&self) -> Option<bool> {
        let Value::Measured(value) = self.value else { return None };
        match self.name?.goal() {
            Goal::ShareOfBare(share) => Some(self.ratio? >= share),
            Goal::TimesBare(times) => Some(self.ratio? <= times),
            Goal::TimesBareOrAMillisecond(times) => Some(self.ratio? <= times || value <= self.bare? + 1.0),
            Goal::AtMost(limit) | Goal::AtMostOnFastDisk(limit) => Some(value <= limit),
        }
    }
}

/// Three digits behind the point are more than any of the figures is good for.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_it_is_printed_and_others_are_refused_with_the_list() {
        for name in FigureName::ALL {
            assert_eq!(name.word().parse(), Ok(name));
        }
        let refused = "check_in_9".parse::<FigureName>().unwrap_err().to_string();
        assert!(refused.ends_with("replicate_1m sibling_1m rss_drain_mib"), "{refused}");
    }

    #[test]
    fn a_figure_is_the_median_of_its_rounds_over_that_of_the_bare_loop() {
        let figure = Figure::beside_bare(FigureName::CheckIn8, &[7.0, 5.0, 6.0], &[12.0, 100.0, 1.0]);
        let json = serde_json::to_string(&figure).unwrap();
        assert_eq!(json, r#"{"name":"check_in_8","value":6.0,"unit":"1/s","bare":12.0,"ratio":0.5}"#);
        assert_eq!(figure.reached(), Some(false));
    }

    #[test]
    fn a_limit_is_reached_at_its_own_value() {
        assert_eq!(Figure::alone(FigureName::WireBytesPerEvent, &[80.0]).reached(), Some(true));
        assert_eq!(Figure::alone(FigureName::WireBytesPerEvent, &[80.1]).reached(), Some(false));
        let p99 = Figure::beside_bare(FigureName::CheckIn8P99, &[3.0], &[1.0]);
        assert_eq!(p99.reached(), Some(true));
        let hangs = |value| Figure::beside_bare(FigureName::CheckInP99HqHangs, &[value], &[10.0]).reached();
        assert_eq!((hangs(12.5), hangs(12.6)), (Some(true), Some(false)));
        let hangs = |value| Figure::beside_bare(FigureName::CheckInP99HqHangs, &[value], &[1.0]).reached();
        assert_eq!((hangs(2.0), hangs(2.1)), (Some(true), Some(false)));
        assert_eq!(Figure::probe("probe", 1.0, "us").reached(), None);
    }
}
