//! Shapes text: characters become positioned glyphs of the right fonts in the right direction.
//!
//! Responsible for: one line at a time, measured in thousandths of the font size so that fitting is arithmetic; the
//! places where a paragraph may break or be cut; characters for which no font has a glyph.

use std::ops::Range;

use parley::fontique::Blob;
use parley::{
    BaseDirection, FontData, FontFamily, FontFamilyName, FontWeight, GlyphRun, LayoutContext,
    PositionedLayoutItem, StyleProperty,
};
use skrifa::instance::{LocationRef, NormalizedCoord, Size};
use skrifa::outline::DrawSettings;
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

use crate::boxes::Weight;
use crate::fonts::{Fonts, Han};
use crate::outline::Outline;

/// The font size text is shaped at; outlines are not hinted, so every other size is a multiple.
pub(crate) const EM: f32 = 1000.0;

/// Height of a line of capitals, the least a line counts for when it is centred.
const CAPITALS: f32 = 714.0;

/// Tallest ink a line makes room for above and below its baseline; a heap of stacked marks must not shrink the name.
const TALLEST: [f32; 2] = [1600.0, 900.0];

/// How a box wants its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style<'a> {
    pub(crate) weight: Weight,
    pub(crate) family: Option<&'a str>,
    pub(crate) han: Han,
}

/// Shapes text with one set of fonts, keeping caches between texts.
pub(crate) struct Typesetter {
    fonts: Fonts,
    context: LayoutContext<()>,
}

/// A text shaped as a whole, to find where its lines may end.
pub(crate) struct Paragraph {
    layout: parley::Layout<()>,
}

/// One line of shaped text, in thousandths of the font size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) outline: Outline,
    pub(crate) advance: f32,
    /// Highest ink above the baseline, at least the height of capitals.
    pub(crate) ascent: f32,
    /// Lowest ink below the baseline.
    pub(crate) descent: f32,
    /// Characters drawn as an empty box because no font has them.
    pub(crate) missing: Vec<char>,
}

/// Glyphs of one font and direction, in visual order.
#[derive(Clone, Debug)]
pub struct ShapedRun {
    /// The part of the text it stands for, in bytes.
    pub text: Range<usize>,
    /// Whether it reads from right to left.
    pub right_to_left: bool,
    /// The glyphs from left to right.
    pub glyphs: Vec<ShapedGlyph>,
    font: Blob<u8>,
}

/// One glyph; lengths in thousandths of the font size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShapedGlyph {
    /// Number of the glyph in its font; 0 means that the font has none.
    pub glyph_id: u32,
    /// How far the pen moves on.
    pub advance: f32,
    /// Where it stands, from the start of the line.
    pub x: f32,
    /// How far below the baseline it stands.
    pub y: f32,
}

impl ShapedRun {
    /// The font file the glyph numbers belong to.
    pub fn font_bytes(&self) -> &[u8] {
        self.font.as_ref()
    }
}

impl Typesetter {
    pub(crate) fn new(fonts: Fonts) -> Self {
        Self { fonts, context: LayoutContext::new() }
    }

    /// Whether a family of this name is loaded.
    pub(crate) fn knows(&mut self, family: &str) -> bool {
        self.fonts.knows(family)
    }

    /// Shapes a text to learn where it may break.
    pub(crate) fn paragraph(&mut self, text: &str, style: Style<'_>) -> Paragraph {
        Paragraph { layout: self.shape(text, style, BaseDirection::Auto) }
    }

    /// Shapes one line of a paragraph of the given direction.
    pub(crate) fn line(&mut self, text: &str, style: Style<'_>, right_to_left: bool) -> Line {
        let direction = if right_to_left { BaseDirection::Rtl } else { BaseDirection::Ltr };
        let mut layout = self.shape(text, style, direction);
        layout.break_all_lines(None);
        let mut line = Line { ascent: CAPITALS, ..Line::default() };
        for run in glyph_runs(&layout) {
            line.advance += run.advance();
            line.missing.extend(missing(&run, text));
            if !draw(&run, &mut line.outline) {
                line.missing.extend(text[run.run().text_range()].chars());
            }
        }
        if let Some([top, bottom]) = line.outline.extent() {
            line.ascent = (-top).clamp(CAPITALS, TALLEST[0]);
            line.descent = bottom.clamp(0.0, TALLEST[1]);
        }
        line
    }

    /// Shapes a text on one line and tells every glyph.
    pub(crate) fn runs(&mut self, text: &str, style: Style<'_>) -> Vec<ShapedRun> {
        let mut layout = self.shape(text, style, BaseDirection::Auto);
        layout.break_all_lines(None);
        glyph_runs(&layout)
            .map(|run| ShapedRun {
                text: run.run().text_range(),
                right_to_left: run.run().is_rtl(),
                glyphs: placed(&run).collect(),
                font: run.run().font().data.clone(),
            })
            .collect()
    }

    fn shape(&mut self, text: &str, style: Style<'_>, direction: BaseDirection) -> parley::Layout<()> {
        let families = self.fonts.families(text, style.han, style.family);
        let families: Vec<_> =
            families.into_iter().map(|name| FontFamilyName::named(name).into_owned()).collect();
        let mut builder = self.context.ranged_builder(&mut self.fonts.context, text, 1.0, false);
        builder.set_base_direction(direction);
        builder.push_default(StyleProperty::FontFamily(FontFamily::from(families.as_slice())));
        builder.push_default(StyleProperty::FontSize(EM));
        builder.push_default(StyleProperty::FontWeight(match style.weight {
            Weight::Regular => FontWeight::NORMAL,
            Weight::Bold => FontWeight::BOLD,
        }));
        builder.build(text)
    }
}

impl Paragraph {
    /// Whether it begins with a right-to-left letter.
    pub(crate) fn right_to_left(&self) -> bool {
        self.layout.is_rtl()
    }

    /// The lines it falls into when none may be wider than `width`; a single word may be.
    pub(crate) fn lines(&mut self, width: f32) -> Vec<Range<usize>> {
        self.layout.break_all_lines(Some(width));
        self.layout.lines().map(|line| line.text_range()).collect()
    }

    /// The byte positions after each whole character as readers see them, in order.
    pub(crate) fn cut_points(&mut self) -> Vec<usize> {
        self.layout.break_all_lines(None);
        let mut points: Vec<usize> = self
            .layout
            .lines()
            .flat_map(|line| line.runs())
            .flat_map(|run| run.clusters().map(|cluster| cluster.text_range().end).collect::<Vec<_>>())
            .collect();
        points.sort_unstable();
        points.dedup();
        points
    }
}

fn glyph_runs(layout: &parley::Layout<()>) -> impl Iterator<Item = GlyphRun<'_, ()>> {
    layout.lines().flat_map(|line| line.items()).filter_map(|item| match item {
        PositionedLayoutItem::GlyphRun(run) => Some(run),
        PositionedLayoutItem::InlineBox(_) => None,
    })
}

/// Glyphs of a run from the start of the line, relative to the baseline.
fn placed<'a>(run: &'a GlyphRun<'a, ()>) -> impl Iterator<Item = ShapedGlyph> + 'a {
    let baseline = run.baseline();
    run.positioned_glyphs().map(move |glyph| ShapedGlyph {
        glyph_id: glyph.id,
        advance: glyph.advance,
        x: glyph.x,
        y: glyph.y - baseline,
    })
}

/// Draws the glyphs of a run; false when the font is damaged and some stayed blank.
fn draw(run: &GlyphRun<'_, ()>, outline: &mut Outline) -> bool {
    let FontData { data, index } = run.run().font();
    let Ok(font) = FontRef::from_index(data.as_ref(), *index) else {
        return false;
    };
    let coords: Vec<_> = run
        .run()
        .normalized_coords()
        .iter()
        .map(|coord| NormalizedCoord::from_bits(coord.to_bits()))
        .collect();
    let mut complete = true;
    let glyphs = font.outline_glyphs();
    for placed in placed(run) {
        outline.stand_at(placed.x, placed.y);
        if let Some(glyph) = glyphs.get(GlyphId::new(placed.glyph_id)) {
            let settings = DrawSettings::unhinted(Size::new(EM), LocationRef::new(&coords));
            complete &= glyph.draw(settings, outline).is_ok();
        }
    }
    complete
}

fn missing(run: &GlyphRun<'_, ()>, text: &str) -> Vec<char> {
    run.run()
        .clusters()
        .filter(|cluster| cluster.glyphs().any(|glyph| glyph.id == 0))
        .flat_map(|cluster| text[cluster.text_range()].chars())
        .collect()
}
