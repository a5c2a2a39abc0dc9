//! Reads the answers of IPP printers: attributes by name, and reasons in words for staff.

use ipp::prelude::{DelimiterTag, IppAttributes, IppValue};

use crate::print::condition::Condition;

/// Printer states of RFC 8011, 5.4.11.
const PRINTER_PROCESSING: i32 = 4;
const PRINTER_STOPPED: i32 = 5;

/// What staff call the reasons of RFC 8011, 5.4.12 and PWG 5100.9.
const REASONS: [(&str, &str); 13] = [
    ("media-empty", "out of paper"),
    ("media-needed", "out of paper"),
    ("media-jam", "paper jam"),
    ("input-tray-missing", "paper tray missing"),
    ("cover-open", "cover open"),
    ("door-open", "door open"),
    ("interlock-open", "cover open"),
    ("marker-supply-empty", "out of ink or ribbon"),
    ("toner-empty", "out of toner"),
    ("output-area-full", "output full"),
    ("paused", "paused"),
    ("moving-to-paused", "paused"),
    ("shutdown", "shut down"),
];

/// The values of an attribute of a group, as text; a single value is a list of one.
pub(super) fn texts(attributes: &IppAttributes, group: DelimiterTag, name: &str) -> Vec<String> {
    values(attributes, group, name).iter().map(ToString::to_string).collect()
}

/// The number of an integer or enum attribute.
pub(super) fn number(attributes: &IppAttributes, group: DelimiterTag, name: &str) -> Option<i32> {
    values(attributes, group, name).into_iter().find_map(|value| match value {
        IppValue::Integer(number) | IppValue::Enum(number) => Some(*number),
        _ => None,
    })
}

/// Resolutions in dots per inch, where both directions are the same.
pub(super) fn resolutions_dpi(attributes: &IppAttributes, name: &str) -> Vec<u32> {
    let values = values(attributes, DelimiterTag::PrinterAttributes, name);
    let square = values.into_iter().filter_map(|value| match value {
        IppValue::Resolution { cross_feed, feed, units: 3 } if cross_feed == feed => {
            u32::try_from(*feed).ok()
        }
        _ => None,
    });
    square.collect()
}

fn values<'a>(attributes: &'a IppAttributes, group: DelimiterTag, name: &str) -> Vec<&'a IppValue> {
    let attribute = attributes.first_of(group).and_then(|group| group.get(name));
    match attribute.map(ipp::attribute::IppAttribute::value) {
        Some(IppValue::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

/// How a printer is, from its state and its reasons.
pub(super) fn condition(attributes: &IppAttributes) -> Condition {
    let group = DelimiterTag::PrinterAttributes;
    let state = number(attributes, group, "printer-state");
    let reasons = texts(attributes, group, "printer-state-reasons");
    let troubles: Vec<&str> =
        reasons.iter().filter_map(|reason| trouble(reason, state == Some(PRINTER_STOPPED))).collect();
    if !troubles.is_empty() {
        return Condition::Attention { reason: troubles.join(", ") };
    }
    match state {
        Some(PRINTER_STOPPED) => Condition::Attention { reason: "stopped".to_owned() },
        Some(PRINTER_PROCESSING) => Condition::Printing,
        _ => Condition::Ready,
    }
}

/// What a reason means to staff; none for reports and warnings, with which a printer prints on.
fn trouble(reason: &str, stopped: bool) -> Option<&str> {
    if reason.ends_with("-report") || reason.ends_with("-warning") {
        return None;
    }
    let (word, is_error) = match reason.strip_suffix("-error") {
        Some(word) => (word, true),
        None => (reason, false),
    };
    match REASONS.iter().find(|(keyword, _)| *keyword == word) {
        Some((_, words)) => Some(words),
        None if (is_error || stopped) && word != "none" => Some(word),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use ipp::prelude::IppAttribute;

    use super::*;

    fn printer(state: i32, reasons: &[&str]) -> IppAttributes {
        let mut attributes = IppAttributes::new();
        let reasons = reasons.iter().map(|reason| IppValue::new_keyword(*reason).expect("short")).collect();
        for (name, value) in
            [("printer-state", IppValue::Enum(state)), ("printer-state-reasons", IppValue::Array(reasons))]
        {
            let attribute = IppAttribute::with_name(name, value).expect("a short name");
            attributes.add(DelimiterTag::PrinterAttributes, attribute);
        }
        attributes
    }

    #[test]
    fn reasons_become_words_and_warnings_do_not_stop_a_printer() {
        let attention = |reason: &str| Condition::Attention { reason: reason.to_owned() };
        assert_eq!(condition(&printer(3, &["none"])), Condition::Ready);
        assert_eq!(condition(&printer(4, &["media-low-warning"])), Condition::Printing);
        assert_eq!(condition(&printer(3, &["media-empty-error"])), attention("out of paper"));
        assert_eq!(condition(&printer(5, &["media-jam", "cover-open"])), attention("paper jam, cover open"));
        assert_eq!(condition(&printer(5, &["none"])), attention("stopped"));
        assert_eq!(condition(&printer(3, &["fuser-over-temp-error"])), attention("fuser-over-temp"));
    }
}
