//! A finished badge.

use crate::layout::Page;
use crate::raster::{self, Gray};
use crate::render_error::RenderError;
use crate::renderer::Warning;
use crate::{pdf, png_file};

/// One badge, drawn for one printer resolution: outlines and dots only, no font is needed to show it.
#[derive(Clone, Debug)]
pub struct Badge {
    /// The badge as SVG without text elements.
    pub svg: String,
    /// What staff should look at before it is printed.
    pub warnings: Vec<Warning>,
    pub(crate) dpi: u32,
    pub(crate) page: Page,
}

impl Badge {
    /// Draws the badge in the printer's dots as PNG: grey, or colours if the layout has some.
    pub fn to_png(&self) -> Result<Vec<u8>, RenderError> {
        png_file::write(&raster::draw(self)?, self.dpi)
    }

    /// Draws the badge in the printer's dots, 8 bits each, 0 is black: the `sgray` of PWG raster.
    pub fn to_gray(&self) -> Result<Gray, RenderError> {
        Ok(raster::gray(&raster::draw(self)?))
    }

    /// Writes the badge as a PDF of one page in its own size.
    pub fn to_pdf(&self) -> Result<Vec<u8>, RenderError> {
        pdf::write(self)
    }

    /// The resolution it was drawn for, in dots per inch.
    pub fn dpi(&self) -> u32 {
        self.dpi
    }

    /// Width and height in millimetres.
    pub fn size_mm(&self) -> (f32, f32) {
        (self.page.width_mm, self.page.height_mm)
    }
}
