//! Renders badges: a layout's boxes filled, fitted and drawn.
//!
//! Responsible for: one badge from words to SVG, and what staff should know about it.

use std::fmt::Write as _;

use minijinja::Value;
use serde::Serialize;

use crate::badge::Badge;
use crate::badge_text::BadgeText;
use crate::boxes::{Align, Place, TextBox, Weight};
use crate::fill::{Filled, TemplateName};
use crate::fit::{self, Fitted};
use crate::fonts::{Fonts, Han};
use crate::layout::{Layout, Piece};
use crate::qr;
use crate::render_error::RenderError;
use crate::shape::{EM, ShapedRun, Style, Typesetter};

/// Resolutions of label and office printers, and of previews.
const DPI: std::ops::RangeInclusive<u32> = 72..=1200;

/// Renders badges with one set of fonts. Not shared between threads; make one for each.
pub struct Renderer {
    setter: Typesetter,
}

/// What is not right about a badge that can be printed all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// Text did not fit its box and ends in an ellipsis.
    Cut {
        /// The box's template, such as `{{ company }}`.
        text: String,
    },
    /// No font has these characters; they are printed as empty boxes.
    MissingGlyphs {
        /// The box's template.
        text: String,
        /// The characters, each once.
        characters: String,
    },
    /// The badge has no code, so its QR box is empty.
    NoCode,
}

/// A text box with what goes into it.
struct Set<'a> {
    text_box: &'a TextBox,
    fitted: Fitted,
}

impl Renderer {
    /// Makes a renderer; the fonts stay loaded and shaped scripts cached.
    pub fn new(fonts: Fonts) -> Self {
        Self { setter: Typesetter::new(fonts) }
    }

    /// Renders one badge for a printer of `dpi` dots per inch.
    pub fn render(&mut self, layout: &Layout, text: &BadgeText, dpi: u32) -> Result<Badge, RenderError> {
        if !DPI.contains(&dpi) {
            return Err(RenderError::Resolution { dpi });
        }
        let words = text.placeholders();
        let han = han_of(layout, text);
        let mut svg = String::new();
        let mut warnings = Vec::new();
        for piece in &layout.pieces {
            match piece {
                Piece::Picture(source) => svg.push_str(source),
                Piece::Text(text_box) => {
                    let set = self.set(layout, text_box, han, &words, &mut warnings)?;
                    draw(&set, &mut svg);
                }
                Piece::Qr(qr_box) => {
                    let code = fill(layout, &qr_box.template, "data-qr", &words)?.text;
                    if code.is_empty() {
                        warnings.push(Warning::NoCode);
                    } else {
                        qr::draw(&code, qr_box.area, layout.page, dpi, &mut svg)?;
                    }
                }
            }
        }
        Ok(Badge { svg, warnings, dpi, page: layout.page })
    }

    /// Fits sample words into every box, which finds what would fail each badge, such as a font that is not loaded.
    pub fn try_layout(&mut self, layout: &Layout) -> Result<(), RenderError> {
        let text = BadgeText::sample();
        let (words, han) = (text.placeholders(), han_of(layout, &text));
        for piece in &layout.pieces {
            if let Piece::Text(text_box) = piece {
                self.set(layout, text_box, han, &words, &mut Vec::new())?;
            }
        }
        Ok(())
    }

    /// Shapes a text on one line as badges do, and tells every glyph.
    pub fn shape(&mut self, text: &str, weight: Weight) -> Vec<ShapedRun> {
        let style = Style { weight, family: None, han: Han::of(text).unwrap_or_default() };
        self.setter.runs(text, style)
    }

    fn set<'a>(
        &mut self,
        layout: &Layout,
        text_box: &'a TextBox,
        han: Han,
        words: &Value,
        warnings: &mut Vec<Warning>,
    ) -> Result<Set<'a>, RenderError> {
        if let Some(family) = text_box.family.as_ref().filter(|family| !self.setter.knows(family)) {
            return Err(RenderError::UnknownFont { family: family.clone() });
        }
        let filled = fill(layout, &text_box.template, &text_box.name, words)?;
        let style = Style { weight: text_box.weight, family: text_box.family.as_deref(), han };
        let fitted = fit::fit(&mut self.setter, &filled.text, style, text_box, layout.page.units_per_mm);
        if fitted.cut || filled.cut {
            warnings.push(Warning::Cut { text: text_box.name.clone() });
        }
        let mut missing: Vec<char> =
            fitted.lines.iter().flat_map(|line| line.missing.iter().copied()).collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            let characters = missing.into_iter().collect();
            warnings.push(Warning::MissingGlyphs { text: text_box.name.clone(), characters });
        }
        Ok(Set { text_box, fitted })
    }
}

fn fill(layout: &Layout, template: &TemplateName, shown: &str, words: &Value) -> Result<Filled, RenderError> {
    layout
        .templates
        .fill(template, words)
        .map_err(|source| RenderError::Template { template: shown.to_owned(), source })
}

/// A name in Han characters alone takes the shapes its owner's other words, or the layout, suggest.
fn han_of(layout: &Layout, text: &BadgeText) -> Han {
    [&text.first_name, &text.last_name, &text.company]
        .into_iter()
        .find_map(|word| Han::of(word))
        .unwrap_or(layout.han)
}

/// Writes the fitted lines as one path, with the rectangle's own paint.
fn draw(set: &Set<'_>, svg: &mut String) {
    let Set { text_box, fitted } = set;
    let Some(first) = fitted.lines.first() else {
        return;
    };
    let area = text_box.area;
    let scale = fitted.size / EM;
    let room = area.height - fit::height(&fitted.lines) * scale;
    let top = area.y + first.ascent * scale + share(text_box.valign) * room;
    write!(svg, "<path{} d=\"", text_box.paint).expect("writing to a string cannot fail");
    for (line, baseline) in fitted.lines.iter().zip(fit::baselines(&fitted.lines)) {
        let side = match text_box.align {
            Align::Reading(place) if fitted.right_to_left => 1.0 - share(place),
            Align::Absolute(place) | Align::Reading(place) => share(place),
        };
        let x = area.x + side * (area.width - line.advance * scale);
        line.outline.write_path(svg, scale, x, top + baseline * scale);
    }
    svg.push_str("\"/>");
}

/// How much of the free room lies before text in this place.
fn share(place: Place) -> f32 {
    match place {
        Place::Start => 0.0,
        Place::Middle => 0.5,
        Place::End => 1.0,
    }
}
