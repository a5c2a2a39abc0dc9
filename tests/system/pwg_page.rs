//! A page of PWG raster (PWG 5102.4) as a picture, read without any code of the node.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

const SYNC_WORD: &[u8] = b"RaS2";
const HEADER_BYTES: usize = 1_796;
/// Where numbers stand in the header of a page, in bytes.
const WIDTH_AT: usize = 372;
const HEIGHT_AT: usize = 376;
const BITS_PER_PIXEL_AT: usize = 388;
const BYTES_PER_LINE_AT: usize = 392;
const COLOUR_SPACE_AT: usize = 400;
/// Grey where 0 is black.
const SGRAY: u32 = 18;

/// A page in grey, one byte a dot, 0 black.
pub(crate) struct Page {
    width: u32,
    height: u32,
    dots: Vec<u8>,
}

impl Page {
    /// Reads the first page.
    pub(crate) fn of(file: &[u8]) -> Self {
        let page = file.strip_prefix(SYNC_WORD).expect("the file is PWG raster");
        let number = |at: usize| u32::from_be_bytes(page[at..at + 4].try_into().unwrap());
        assert_eq!((number(BITS_PER_PIXEL_AT), number(COLOUR_SPACE_AT)), (8, SGRAY), "the page is in grey");
        let (width, height) = (number(WIDTH_AT), number(HEIGHT_AT));
        assert_eq!(number(BYTES_PER_LINE_AT), width);
        let dots =
            lines(&page[HEADER_BYTES..], usize::try_from(width).unwrap(), usize::try_from(height).unwrap());
        Self { width, height, dots }
    }

    /// Writes the page as PNG.
    pub(crate) fn save(&self, path: &Path) {
        let mut png = png::Encoder::new(BufWriter::new(File::create(path).unwrap()), self.width, self.height);
        png.set_color(png::ColorType::Grayscale);
        png.set_depth(png::BitDepth::Eight);
        png.write_header().unwrap().write_image_data(&self.dots).unwrap();
    }
}

/// Unpacks lines: how often each is repeated, then runs of one dot and runs of several.
fn lines(packed: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut dots = Vec::with_capacity(width * height);
    let mut bytes = packed.iter().copied();
    let mut next = || bytes.next().expect("the page is whole");
    while dots.len() < width * height {
        let repeated = 1 + usize::from(next());
        let mut line = Vec::with_capacity(width);
        while line.len() < width {
            match next() {
                same @ 0..=127 => line.extend(std::iter::repeat_n(next(), 1 + usize::from(same))),
                128 => line.resize(width, 0xff),
                several => line.extend((0..257 - usize::from(several)).map(|_| next())),
            }
        }
        assert_eq!(line.len(), width, "a run goes beyond its line");
        dots.extend(line.repeat(repeated));
    }
    assert_eq!(dots.len(), width * height, "a line goes beyond its page");
    dots
}

#[test]
fn runs_and_repeated_lines_are_unpacked() {
    // Two lines of two black dots and two of grey, then one of four different ones.
    let packed = [1, 1, 0, 1, 99, 0, 253, 1, 2, 3, 4];
    assert_eq!(lines(&packed, 4, 3), [0, 0, 99, 99, 0, 0, 99, 99, 1, 2, 3, 4]);
}
