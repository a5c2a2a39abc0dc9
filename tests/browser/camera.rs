//! A film of a ticket for the browser's camera: the QR code, held still before a white wall.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use fast_qr::{ECL, QRBuilder};

const WIDTH_PX: usize = 640;
const HEIGHT_PX: usize = 480;
/// The browser begins again at the end.
const FRAMES: usize = 10;
const MODULE_PX: usize = 8;
const WHITE: u8 = 235;
const BLACK: u8 = 16;
const NO_COLOUR: u8 = 128;

/// Writes the film in YUV4MPEG2, which Chromium takes for a camera.
pub(super) fn film(text: &str, path: &Path) -> anyhow::Result<()> {
    let frame = frame(text)?;
    let chroma = vec![NO_COLOUR; WIDTH_PX * HEIGHT_PX / 2];
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "YUV4MPEG2 W{WIDTH_PX} H{HEIGHT_PX} F10:1 Ip A1:1 C420jpeg")?;
    for _ in 0..FRAMES {
        file.write_all(b"FRAME\n")?;
        file.write_all(&frame)?;
        file.write_all(&chroma)?;
    }
    file.flush().context("the film cannot be written")
}

/// The brightness of each pixel, row by row.
fn frame(text: &str) -> anyhow::Result<Vec<u8>> {
    let code =
        QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| anyhow::anyhow!("too long for a QR code"))?;
    let side_px = code.size * MODULE_PX;
    let (left, top) = ((WIDTH_PX - side_px) / 2, (HEIGHT_PX - side_px) / 2);
    let mut pixels = vec![WHITE; WIDTH_PX * HEIGHT_PX];
    for (y, row) in pixels.chunks_mut(WIDTH_PX).enumerate().skip(top).take(side_px) {
        for (x, pixel) in row.iter_mut().enumerate().skip(left).take(side_px) {
            if code[(y - top) / MODULE_PX][(x - left) / MODULE_PX].value() {
                *pixel = BLACK;
            }
        }
    }
    Ok(pixels)
}

#[test]
fn a_filmed_ticket_reads_back() {
    let text = "LY1:summit:K7QM-2F4X-9TRB";
    let pixels = frame(text).unwrap();
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(WIDTH_PX, HEIGHT_PX, |x, y| pixels[y * WIDTH_PX + x]);
    let codes = picture.detect_grids();
    assert_eq!(codes.len(), 1);
    assert_eq!(codes[0].decode().unwrap().1, text);
}
