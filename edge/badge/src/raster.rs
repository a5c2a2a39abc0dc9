//! Draws a badge in the dots of its printer.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};
use resvg::{self, usvg};

use crate::badge::Badge;
use crate::qr::MM_PER_INCH;
use crate::render_error::RenderError;

/// Most dots a page may have: A4 at 600 dpi.
const PAGE_LIMIT_DOTS: u64 = 36_000_000;

/// Grey dots, row by row from the top, 0 is black and 255 white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gray {
    /// Dots across.
    pub width: u32,
    /// Dots down.
    pub height: u32,
    /// `width * height` bytes.
    pub dots: Vec<u8>,
}

/// Reads a finished SVG. Nothing outside of it is opened.
pub(crate) fn read(svg: &str) -> Result<Tree, usvg::Error> {
    let images = ImageHrefResolver { resolve_string: Box::new(|_, _| None), ..ImageHrefResolver::default() };
    Tree::from_str(svg, &Options { image_href_resolver: images, ..Options::default() })
}

/// Draws a badge on white paper.
pub(crate) fn draw(badge: &Badge) -> Result<Pixmap, RenderError> {
    let tree = read(&badge.svg)?;
    let width_dots = whole_dots(badge.page.width_mm, badge.dpi);
    let height_dots = whole_dots(badge.page.height_mm, badge.dpi);
    let page = if u64::from(width_dots) * u64::from(height_dots) > PAGE_LIMIT_DOTS {
        None
    } else {
        Pixmap::new(width_dots, height_dots)
    };
    let mut page = page.ok_or(RenderError::TooManyDots { width_dots, height_dots })?;
    page.fill(Color::WHITE);
    let scale = |side_mm: f32, side: f32| side_mm / side * dots_per_mm(badge.dpi);
    let transform = Transform::from_scale(
        scale(badge.page.width_mm, tree.size().width()),
        scale(badge.page.height_mm, tree.size().height()),
    );
    resvg::render(&tree, transform, &mut page.as_mut());
    Ok(page)
}

/// Turns drawn dots into grey by ITU-R BT.601 weights.
pub(crate) fn gray(page: &Pixmap) -> Gray {
    let dots = page.data().chunks_exact(4).map(luma).collect();
    Gray { width: page.width(), height: page.height(), dots }
}

fn luma(pixel: &[u8]) -> u8 {
    let sum = 299 * u32::from(pixel[0]) + 587 * u32::from(pixel[1]) + 114 * u32::from(pixel[2]);
    u8::try_from((sum + 500) / 1000).expect("the weights add up to 1000")
}

#[expect(clippy::cast_possible_truncation, reason = "a number of dots needs no more digits")]
fn dots_per_mm(dpi: u32) -> f32 {
    (f64::from(dpi) / MM_PER_INCH) as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pages are 20 to 450 mm and printers 72 to 1200 dpi"
)]
fn whole_dots(side_mm: f32, dpi: u32) -> u32 {
    (f64::from(side_mm) * f64::from(dpi) / MM_PER_INCH).round() as u32
}
