//! Fits text into a box: it shrinks to a minimum, then breaks into lines, then is cut with an ellipsis.

use crate::boxes::{Area, TextBox};
use crate::shape::{EM, Line, Style, Typesetter};

/// Baseline distance in thousandths of the font size, where the ink of the lines allows it.
const LEADING: f32 = 1150.0;

/// Least white between the ink of two lines, in thousandths of the font size.
const LINE_GAP: f32 = 90.0;

/// Sizes tried between the wanted and the smallest one when lines are broken.
const SIZE_STEPS: u16 = 16;

/// Text as it will stand in its box.
#[derive(Debug, Default)]
pub(crate) struct Fitted {
    pub(crate) lines: Vec<Line>,
    /// Font size in the layout's units.
    pub(crate) size: f32,
    pub(crate) right_to_left: bool,
    /// Whether some of the text had to go.
    pub(crate) cut: bool,
}

/// The bounds between which a text is fitted, in the layout's units.
#[derive(Clone, Copy)]
struct Bounds {
    area: Area,
    wanted: f32,
    least: f32,
    max_lines: usize,
}

/// Fits a text. Blank text gives no lines.
pub(crate) fn fit(
    setter: &mut Typesetter,
    text: &str,
    style: Style<'_>,
    text_box: &TextBox,
    units_per_mm: f32,
) -> Fitted {
    if text.is_empty() {
        return Fitted::default();
    }
    let mut paragraph = setter.paragraph(text, style);
    let right_to_left = paragraph.right_to_left();
    let whole = setter.line(text, style, right_to_left);
    let bounds = Bounds::of(text_box, units_per_mm, &whole);
    let fitted = |lines, size, cut| Fitted { lines, size, right_to_left, cut };

    let size = bounds.wanted.min(bounds.widest(&whole)).min(bounds.tallest(std::slice::from_ref(&whole)));
    if size >= bounds.least {
        return fitted(vec![whole], size, false);
    }
    for size in bounds.sizes().filter(|_| bounds.max_lines > 1) {
        let parts = paragraph.lines(bounds.area.width / size * EM);
        if parts.len() <= bounds.max_lines {
            let lines: Vec<_> =
                parts.into_iter().map(|part| setter.line(text[part].trim(), style, right_to_left)).collect();
            if bounds.holds(&lines, size) {
                return fitted(lines, size, false);
            }
        }
    }
    let points = paragraph.cut_points();
    let mut shorten = |chars: usize| {
        let kept = chars.checked_sub(1).map_or(0, |last| points[last]);
        let cut = format!("{}…", text[..kept].trim_end_matches(is_separator));
        let parts = setter.paragraph(&cut, style).lines(bounds.area.width / bounds.least * EM);
        let lines: Vec<_> =
            parts.into_iter().map(|part| setter.line(cut[part].trim(), style, right_to_left)).collect();
        lines
    };
    // The longest beginning that fits, by bisection: a longer beginning never needs less room.
    let (mut fits, mut too_long) = (0, points.len());
    while too_long - fits > 1 {
        let middle = usize::midpoint(fits, too_long);
        let lines = shorten(middle);
        if lines.len() <= bounds.max_lines && bounds.holds(&lines, bounds.least) {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    fitted(shorten(fits), bounds.least, true)
}

impl Bounds {
    fn of(text_box: &TextBox, units_per_mm: f32, whole: &Line) -> Self {
        let area = text_box.area;
        let wanted = text_box.size_mm.map_or(area.height * 0.8, |size| size * units_per_mm);
        let least = text_box.min_size_mm.map_or(wanted * 0.4, |size| size * units_per_mm);
        // A box lower than its smallest size sets smaller text instead of none.
        let least = least.min(wanted).min(area.height * EM / (whole.ascent + whole.descent));
        Self { area, wanted, least, max_lines: text_box.max_lines }
    }

    fn widest(&self, line: &Line) -> f32 {
        self.area.width * EM / line.advance.max(1.0)
    }

    fn tallest(&self, lines: &[Line]) -> f32 {
        self.area.height * EM / height(lines)
    }

    fn holds(&self, lines: &[Line], size: f32) -> bool {
        // Rounding must not refuse what was computed to fit exactly.
        let size = size * 0.9999;
        size <= self.tallest(lines) && lines.iter().all(|line| size <= self.widest(line))
    }

    /// From the wanted size down to the least, in equal ratios.
    fn sizes(&self) -> impl Iterator<Item = f32> + use<> {
        let (wanted, ratio) = (self.wanted, self.least / self.wanted);
        (0..=SIZE_STEPS).map(move |step| wanted * ratio.powf(f32::from(step) / f32::from(SIZE_STEPS)))
    }
}

/// What is not left hanging before an ellipsis. Marks that belong to the letter before them are kept.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_punctuation() || matches!(c, '·' | '・' | '،' | '–')
}

/// Distances of the baselines below the first one, in thousandths of the font size.
pub(crate) fn baselines(lines: &[Line]) -> Vec<f32> {
    let mut baselines = Vec::with_capacity(lines.len());
    let mut baseline = 0.0;
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            baseline += LEADING.max(lines[index - 1].descent + LINE_GAP + line.ascent);
        }
        baselines.push(baseline);
    }
    baselines
}

/// Height from the top of the first line's ink to the bottom of the last one's.
pub(crate) fn height(lines: &[Line]) -> f32 {
    let first = lines.first().map_or(0.0, |line| line.ascent);
    let last = lines.last().map_or(0.0, |line| line.descent);
    first + baselines(lines).last().copied().unwrap_or_default() + last
}
