//! Writes a badge as a PDF of one page.

use krilla::Document;
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt as _, SvgSettings};

use crate::badge::Badge;
use crate::raster;
use crate::render_error::RenderError;

const POINTS_PER_MM: f32 = 72.0 / 25.4;

/// Draws the badge's outlines on a page of the badge's size.
pub(crate) fn write(badge: &Badge) -> Result<Vec<u8>, RenderError> {
    let tree = raster::read(&badge.svg)?;
    let (width, height) = badge.size_mm();
    let size =
        Size::from_wh(width * POINTS_PER_MM, height * POINTS_PER_MM).expect("a layout's sides are positive");
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title("Badge".to_owned()));
    let mut page = document.start_page_with(PageSettings::new(size));
    let mut surface = page.surface();
    let drawn = surface.draw_svg(&tree, size, SvgSettings { embed_text: false, ..SvgSettings::default() });
    surface.finish();
    page.finish();
    if drawn.is_none() {
        return Err(RenderError::Pdf { message: "the picture was refused".to_owned() });
    }
    document.finish().map_err(|error| RenderError::Pdf { message: error.to_string() })
}
