//! The boxes of a layout: rectangles that hold words or a QR code.
//!
//! Responsible for: reading a box's attributes, with a clear refusal of what is misspelt or out of range.

use resvg::usvg::roxmltree::Node;

use crate::fill::{TemplateName, Templates};
use crate::layout_error::LayoutError;

/// How heavy a font is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    /// Weight 400.
    #[default]
    Regular,
    /// Weight 700.
    Bold,
}

/// Where text stands between two edges of its box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    #[default]
    Middle,
    End,
}

/// How lines stand between the left and the right edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// From the side where the text's own direction begins.
    Reading(Place),
    /// From the left, whatever the direction.
    Absolute(Place),
}

/// Position and size in the layout's units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// A rectangle filled with words.
#[derive(Clone, Debug)]
pub(crate) struct TextBox {
    /// The template as written, which names the box in warnings.
    pub(crate) name: String,
    pub(crate) template: TemplateName,
    pub(crate) area: Area,
    pub(crate) size_mm: Option<f32>,
    pub(crate) min_size_mm: Option<f32>,
    pub(crate) max_lines: usize,
    pub(crate) weight: Weight,
    pub(crate) family: Option<String>,
    pub(crate) align: Align,
    pub(crate) valign: Place,
    /// The other attributes of the rectangle, such as fill, as they stand in the source.
    pub(crate) paint: String,
}

/// A rectangle filled with a QR code.
#[derive(Clone, Debug)]
pub(crate) struct QrBox {
    pub(crate) template: TemplateName,
    pub(crate) area: Area,
}

const TEXT_ATTRIBUTES: [&str; 8] = [
    "data-text",
    "data-font-size-mm",
    "data-min-size-mm",
    "data-max-lines",
    "data-weight",
    "data-font",
    "data-align",
    "data-valign",
];

const QR_ATTRIBUTES: [&str; 1] = ["data-qr"];

/// Most lines a box may break its text into.
const LINES_LIMIT: usize = 6;

impl TextBox {
    pub(crate) fn read(
        rect: Node<'_, '_>,
        svg: &str,
        templates: &mut Templates,
    ) -> Result<Self, LayoutError> {
        let attributes = Attributes::of(rect);
        attributes.refuse_unknown(&TEXT_ATTRIBUTES)?;
        let name = attributes.text("data-text");
        Ok(Self {
            template: templates.add(name, attributes.line)?,
            name: name.to_owned(),
            area: attributes.area()?,
            size_mm: attributes.millimetres("data-font-size-mm")?,
            min_size_mm: attributes.millimetres("data-min-size-mm")?,
            max_lines: attributes.lines()?,
            weight: attributes.weight()?,
            family: rect.attribute("data-font").map(str::to_owned),
            align: attributes.align()?,
            valign: attributes.valign()?,
            paint: paint(rect, svg),
        })
    }
}

impl QrBox {
    pub(crate) fn read(rect: Node<'_, '_>, templates: &mut Templates) -> Result<Self, LayoutError> {
        let attributes = Attributes::of(rect);
        attributes.refuse_unknown(&QR_ATTRIBUTES)?;
        if rect.ancestors().any(|node| node.has_attribute("transform")) {
            return Err(LayoutError::QrTransformed { line: attributes.line });
        }
        let template = templates.add(attributes.text("data-qr"), attributes.line)?;
        Ok(Self { template, area: attributes.area()? })
    }
}

/// The attributes of one rectangle and where it stands.
struct Attributes<'a, 'input> {
    rect: Node<'a, 'input>,
    line: u32,
}

impl<'a, 'input> Attributes<'a, 'input> {
    fn of(rect: Node<'a, 'input>) -> Self {
        Self { rect, line: rect.document().text_pos_at(rect.range().start).row }
    }

    fn text(&self, attribute: &str) -> &'a str {
        self.rect.attribute(attribute).unwrap_or_default()
    }

    fn refuse_unknown(&self, known: &[&str]) -> Result<(), LayoutError> {
        let unknown = self
            .rect
            .attributes()
            .map(|attribute| attribute.name())
            .find(|name| name.starts_with("data-") && !known.contains(name));
        match unknown {
            Some(name) => Err(LayoutError::UnknownAttribute {
                line: self.line,
                attribute: name.to_owned(),
                known: known.join(", "),
            }),
            None => Ok(()),
        }
    }

    fn wrong(&self, attribute: &'static str, expected: &'static str) -> LayoutError {
        LayoutError::BoxAttribute {
            line: self.line,
            attribute,
            found: self.text(attribute).to_owned(),
            expected,
        }
    }

    fn number(
        &self,
        attribute: &'static str,
        least: f32,
        expected: &'static str,
    ) -> Result<f32, LayoutError> {
        let number = self.text(attribute).trim().parse().ok().filter(|n: &f32| n.is_finite() && *n >= least);
        number.ok_or_else(|| self.wrong(attribute, expected))
    }

    fn area(&self) -> Result<Area, LayoutError> {
        const POSITION: &str = "a plain number in the units of the viewBox";
        const LENGTH: &str = "a plain number above 0 in the units of the viewBox";
        Ok(Area {
            x: self.number("x", f32::MIN, POSITION)?,
            y: self.number("y", f32::MIN, POSITION)?,
            width: self.number("width", f32::MIN_POSITIVE, LENGTH)?,
            height: self.number("height", f32::MIN_POSITIVE, LENGTH)?,
        })
    }

    fn millimetres(&self, attribute: &'static str) -> Result<Option<f32>, LayoutError> {
        if !self.rect.has_attribute(attribute) {
            return Ok(None);
        }
        self.number(attribute, 0.5, "a plain number of millimetres, at least 0.5").map(Some)
    }

    fn lines(&self) -> Result<usize, LayoutError> {
        match self.rect.attribute("data-max-lines") {
            None => Ok(2),
            Some(lines) => lines
                .parse()
                .ok()
                .filter(|lines| (1..=LINES_LIMIT).contains(lines))
                .ok_or_else(|| self.wrong("data-max-lines", "a whole number from 1 to 6")),
        }
    }

    fn weight(&self) -> Result<Weight, LayoutError> {
        match self.rect.attribute("data-weight") {
            None | Some("regular" | "normal" | "400") => Ok(Weight::Regular),
            Some("bold" | "700") => Ok(Weight::Bold),
            Some(_) => Err(self.wrong("data-weight", "regular or bold")),
        }
    }

    fn align(&self) -> Result<Align, LayoutError> {
        match self.rect.attribute("data-align") {
            None | Some("middle" | "center") => Ok(Align::Absolute(Place::Middle)),
            Some("left") => Ok(Align::Absolute(Place::Start)),
            Some("right") => Ok(Align::Absolute(Place::End)),
            Some("start") => Ok(Align::Reading(Place::Start)),
            Some("end") => Ok(Align::Reading(Place::End)),
            Some(_) => Err(self.wrong("data-align", "left, middle, right, start or end")),
        }
    }

    fn valign(&self) -> Result<Place, LayoutError> {
        match self.rect.attribute("data-valign") {
            None | Some("middle") => Ok(Place::Middle),
            Some("top") => Ok(Place::Start),
            Some("bottom") => Ok(Place::End),
            Some(_) => Err(self.wrong("data-valign", "top, middle or bottom")),
        }
    }
}

/// What of a rectangle goes to the outlines that replace it: everything but its geometry and the box's own words.
fn paint(rect: Node<'_, '_>, svg: &str) -> String {
    const GEOMETRY: [&str; 6] = ["x", "y", "width", "height", "rx", "ry"];
    let mut paint = String::new();
    for attribute in rect.attributes() {
        if !GEOMETRY.contains(&attribute.name()) && !attribute.name().starts_with("data-") {
            paint.push(' ');
            paint.push_str(&svg[attribute.range()]);
        }
    }
    paint
}
