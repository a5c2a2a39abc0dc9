//! Writes drawn dots as a PNG file.

use png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, Unit};
use resvg::tiny_skia::Pixmap;

use crate::raster;
use crate::render_error::RenderError;

/// Writes a page, with its resolution, so that it prints in its own size.
pub(crate) fn write(page: &Pixmap, dpi: u32) -> Result<Vec<u8>, RenderError> {
    let colourless = page.data().chunks_exact(4).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    let (color, dots) = if colourless {
        (ColorType::Grayscale, raster::gray(page).dots)
    } else {
        (
            ColorType::Rgb,
            page.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
        )
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, page.width(), page.height());
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let per_meter = (dpi * 10_000).div_ceil(254);
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: per_meter, yppu: per_meter, unit: Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&dots)?;
    writer.finish()?;
    Ok(file)
}
