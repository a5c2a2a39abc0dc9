//! Reads a badge layout: an SVG whose marked rectangles are filled for each attendee.
//!
//! Responsible for: the page's size, splitting the file into boxes and the picture around them, and refusing whatever
//! would come out wrong on paper, before doors open.

use resvg::usvg::roxmltree::{Document, Node};

use crate::boxes::{QrBox, TextBox};
use crate::fill::Templates;
use crate::fonts::Han;
use crate::layout_error::LayoutError;
use crate::raster;

/// Largest layout file accepted.
const LAYOUT_LIMIT_BYTES: usize = 4 * 1024 * 1024;

const BOXES_LIMIT: usize = 64;

/// A badge is no smaller than a stamp and no larger than what a desk printer takes.
const SIDE_MM: std::ops::RangeInclusive<f32> = 20.0..=450.0;

/// A layout that was read and checked; it renders any number of badges.
#[derive(Debug)]
pub struct Layout {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) templates: Templates,
    pub(crate) page: Page,
    /// From the root's `lang`: how Han characters look when the words do not tell.
    pub(crate) han: Han,
}

/// A part of the layout's source, in order.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Goes into the badge as it stands.
    Picture(String),
    Text(Box<TextBox>),
    Qr(QrBox),
}

/// The printed page and the coordinates the layout uses on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) width_mm: f32,
    pub(crate) height_mm: f32,
    /// Left and top of the viewBox.
    pub(crate) origin: [f32; 2],
    pub(crate) units_per_mm: f32,
}

impl Layout {
    /// The layout used when an organiser brings none: a label of 4 by 3 inches.
    pub const DEFAULT_SVG: &str = include_str!("../layouts/default.svg");

    /// Reads a layout.
    pub fn parse(svg: &str) -> Result<Self, LayoutError> {
        if svg.len() > LAYOUT_LIMIT_BYTES {
            return Err(LayoutError::TooLarge { bytes: svg.len(), limit_bytes: LAYOUT_LIMIT_BYTES });
        }
        let document =
            Document::parse(svg).map_err(|source| LayoutError::NotXml { line: source.pos().row, source })?;
        let root = document.root_element();
        if root.tag_name().name() != "svg" {
            return Err(LayoutError::NotSvg { found: root.tag_name().name().to_owned() });
        }
        let page = Page::read(root)?;
        let mut templates = Templates::new();
        let mut pieces = Vec::new();
        let mut copied_to = 0;
        for element in root.descendants().filter(Node::is_element) {
            refuse_unprintable(element)?;
            let Some(piece) = read_box(element, svg, &mut templates)? else {
                continue;
            };
            if pieces.len() >= 2 * BOXES_LIMIT {
                return Err(LayoutError::TooManyBoxes { limit: BOXES_LIMIT });
            }
            pieces.push(Piece::Picture(svg[copied_to..element.range().start].to_owned()));
            pieces.push(piece);
            copied_to = element.range().end;
        }
        pieces.push(Piece::Picture(svg[copied_to..].to_owned()));
        let layout = Self {
            pieces,
            templates,
            page,
            han: Han::of_language(root.attribute("lang").unwrap_or_default()),
        };
        raster::read(&layout.picture()).map_err(LayoutError::Picture)?;
        Ok(layout)
    }

    /// The layout of [`Layout::DEFAULT_SVG`].
    pub fn embedded() -> Self {
        Self::parse(Self::DEFAULT_SVG).expect("a test reads the embedded layout")
    }

    /// Width and height of the badge in millimetres.
    pub fn size_mm(&self) -> (f32, f32) {
        (self.page.width_mm, self.page.height_mm)
    }

    /// The layout with empty boxes.
    fn picture(&self) -> String {
        let pictures = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Picture(source) => Some(source.as_str()),
            Piece::Text(_) | Piece::Qr(_) => None,
        });
        pictures.collect()
    }
}

impl Page {
    fn read(root: Node<'_, '_>) -> Result<Self, LayoutError> {
        let (width_mm, height_mm) = (side_mm(root, "width")?, side_mm(root, "height")?);
        let found = root.attribute("viewBox").unwrap_or_default();
        let numbers: Vec<f32> = found
            .split(|c: char| c == ',' || c.is_ascii_whitespace())
            .filter(|word| !word.is_empty())
            .filter_map(|word| word.parse().ok())
            .filter(|number: &f32| number.is_finite())
            .collect();
        match numbers[..] {
            [x, y, width, height]
                if width > 0.0
                    && height > 0.0
                    && (width / height * height_mm / width_mm - 1.0).abs() < 0.01 =>
            {
                Ok(Self { width_mm, height_mm, origin: [x, y], units_per_mm: width / width_mm })
            }
            _ => Err(LayoutError::ViewBox {
                found: found.to_owned(),
                wanted: format!("0 0 {width_mm} {height_mm}"),
            }),
        }
    }
}

fn side_mm(root: Node<'_, '_>, attribute: &'static str) -> Result<f32, LayoutError> {
    let found = root.attribute(attribute).unwrap_or_default();
    let side = found.strip_suffix("mm").and_then(|number| number.trim().parse().ok());
    side.filter(|side| SIDE_MM.contains(side))
        .ok_or_else(|| LayoutError::PageSize { attribute, found: found.to_owned() })
}

fn read_box(
    element: Node<'_, '_>,
    svg: &str,
    templates: &mut Templates,
) -> Result<Option<Piece>, LayoutError> {
    let (text, qr) = (element.has_attribute("data-text"), element.has_attribute("data-qr"));
    if !text && !qr {
        return Ok(None);
    }
    if element.tag_name().name() != "rect" {
        let element_name = element.tag_name().name().to_owned();
        return Err(LayoutError::NotABox { line: line_of(element), element: element_name });
    }
    if qr {
        return Ok(Some(Piece::Qr(QrBox::read(element, templates)?)));
    }
    Ok(Some(Piece::Text(Box::new(TextBox::read(element, svg, templates)?))))
}

/// Refuses text in the picture, which would meet no font, and references that would leave the file.
fn refuse_unprintable(element: Node<'_, '_>) -> Result<(), LayoutError> {
    let name = element.tag_name().name();
    if matches!(name, "text" | "foreignObject") {
        return Err(LayoutError::PlainText { line: line_of(element), element: name.to_owned() });
    }
    let outside = element
        .attributes()
        .filter(|attribute| attribute.name() == "href" && name != "a")
        .find(|href| !href.value().starts_with('#') && !href.value().starts_with("data:"));
    match outside {
        Some(href) => Err(LayoutError::OutsideReference {
            line: line_of(element),
            href: href.value().chars().take(80).collect(),
        }),
        None => Ok(()),
    }
}

fn line_of(element: Node<'_, '_>) -> u32 {
    element.document().text_pos_at(element.range().start).row
}
