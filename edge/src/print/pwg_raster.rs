//! Writes PWG raster, the dots most driverless printers take.
//!
//! Format: PWG 5102.4-2012: a synchronisation word, then for each page a header of 1796 bytes (big-endian) and its lines,
//! each with a count of repetitions and runs of one byte.

use lanyard_badge::Gray;

/// A kind of dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dots {
    /// `sgray_8`: 8 bits a dot, 0 is black.
    Gray8,
    /// `black_1`: one bit a dot, 1 is black.
    Black1,
}

const SYNC: &[u8] = b"RaS2";
const HEADER_BYTES: usize = 1796;
const COLOR_SPACE_BLACK: u32 = 3;
const COLOR_SPACE_SGRAY: u32 = 18;
const POINTS_PER_INCH: u32 = 72;
const REPEATS_MAX: usize = 256;
const RUN_MAX: usize = 128;

/// Greys at or above this level stay white in one-bit dots.
const WHITE_FROM: u8 = 128;

/// Writes one page.
pub fn encode(page: &Gray, dpi: u32, dots: Dots) -> Vec<u8> {
    let lines = lines(page, dots);
    let bytes_per_line = lines.first().map_or(0, Vec::len);
    let mut out = Vec::with_capacity(HEADER_BYTES + lines.len() * 64);
    out.extend_from_slice(SYNC);
    out.extend_from_slice(&header(page, dpi, dots, bytes_per_line));
    let mut rest = lines.as_slice();
    while let Some(line) = rest.first() {
        let same = rest.iter().take(REPEATS_MAX).take_while(|other| *other == line).count();
        out.push(u8::try_from(same - 1).expect("at most 256 lines repeat"));
        pack(line, &mut out);
        rest = &rest[same..];
    }
    out
}

fn header(page: &Gray, dpi: u32, dots: Dots, bytes_per_line: usize) -> [u8; HEADER_BYTES] {
    let (bits, space) = match dots {
        Dots::Gray8 => (8, COLOR_SPACE_SGRAY),
        Dots::Black1 => (1, COLOR_SPACE_BLACK),
    };
    let points = |dots: u32| (dots * POINTS_PER_INCH + dpi / 2) / dpi;
    let bytes_per_line = u32::try_from(bytes_per_line).expect("a badge's line is short");
    let mut header = [0; HEADER_BYTES];
    header[..9].copy_from_slice(b"PwgRaster");
    let fields = [
        (276, dpi),
        (280, dpi),
        (340, 1), // copies
        (352, points(page.width)),
        (356, points(page.height)),
        (372, page.width),
        (376, page.height),
        (384, bits),
        (388, bits),
        (392, bytes_per_line),
        (400, space),
        (420, 1), // colours
        (452, 1), // pages
        (456, 1), // cross-feed transform: none
        (460, 1), // feed transform: none
        (472, page.width),
        (476, page.height),
    ];
    for (at, value) in fields {
        header[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
    header
}

fn lines(page: &Gray, dots: Dots) -> Vec<Vec<u8>> {
    let width = usize::try_from(page.width).expect("a badge's width is small");
    let rows = page.dots.chunks_exact(width.max(1));
    match dots {
        Dots::Gray8 => rows.map(<[u8]>::to_vec).collect(),
        Dots::Black1 => rows.map(|row| row.chunks(8).map(black_bits).collect()).collect(),
    }
}

fn black_bits(eight: &[u8]) -> u8 {
    eight.iter().enumerate().fold(0, |byte, (at, level)| byte | (u8::from(*level < WHITE_FROM) << (7 - at)))
}

/// Runs of equal bytes as `count - 1, byte`; stretches without as `257 - count, bytes`.
fn pack(line: &[u8], out: &mut Vec<u8>) {
    let mut rest = line;
    while let Some(&first) = rest.first() {
        let same = rest.iter().take(RUN_MAX).take_while(|byte| **byte == first).count();
        if same > 1 || rest.len() == 1 {
            out.push(u8::try_from(same - 1).expect("a run has at most 128 bytes"));
            out.push(first);
            rest = &rest[same..];
            continue;
        }
        let different = rest.windows(2).take(RUN_MAX).take_while(|pair| pair[0] != pair[1]).count();
        // The last byte of the line belongs to the stretch when nothing repeats up to the end.
        let count = if different + 1 == rest.len() { rest.len().min(RUN_MAX) } else { different };
        if count == 1 {
            out.push(0);
        } else {
            out.push(u8::try_from(257 - count).expect("a stretch has 2 to 128 bytes"));
        }
        out.extend_from_slice(&rest[..count]);
        rest = &rest[count..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(packed: &[u8], bytes_per_line: usize, height: usize) -> Vec<u8> {
        let (mut at, mut lines) = (0, Vec::new());
        while lines.len() < bytes_per_line * height {
            let repeats = usize::from(packed[at]) + 1;
            at += 1;
            let mut line = Vec::new();
            while line.len() < bytes_per_line {
                let control = usize::from(packed[at]);
                at += 1;
                if control < 128 {
                    line.extend(std::iter::repeat_n(packed[at], control + 1));
                    at += 1;
                } else {
                    line.extend_from_slice(&packed[at..at + 257 - control]);
                    at += 257 - control;
                }
            }
            for _ in 0..repeats {
                lines.extend_from_slice(&line);
            }
        }
        assert_eq!(at, packed.len(), "nothing is left over");
        lines
    }

    fn page(width: u32, height: u32) -> Gray {
        let level = |x: u32, y: u32| {
            if y > 300 { 255 } else { u8::try_from((x * x / 7 + y / 3) % 5 * 60).expect("small") }
        };
        let dots = (0..height).flat_map(|y| (0..width).map(move |x| level(x, y))).collect();
        Gray { width, height, dots }
    }

    #[test]
    fn gray_dots_come_back_as_they_were() {
        for width in [1, 2, 7, 129, 400] {
            let page = page(width, 700);
            let raster = encode(&page, 300, Dots::Gray8);
            assert_eq!(
                unpack(&raster[4 + HEADER_BYTES..], page.width as usize, 700),
                page.dots,
                "width {width}"
            );
        }
    }

    #[test]
    fn a_page_of_unlike_dots_comes_back_too() {
        let dots: Vec<u8> =
            (0..513_u32 * 3).map(|n| u8::try_from(n.wrapping_mul(97) % 251).expect("small")).collect();
        let page = Gray { width: 513, height: 3, dots };
        let raster = encode(&page, 203, Dots::Gray8);
        assert_eq!(unpack(&raster[4 + HEADER_BYTES..], 513, 3), page.dots);
    }

    #[test]
    fn one_bit_dots_set_a_bit_for_black() {
        let page = Gray { width: 10, height: 1, dots: vec![0, 255, 0, 255, 255, 255, 255, 255, 0, 127] };
        let raster = encode(&page, 203, Dots::Black1);
        assert_eq!(unpack(&raster[4 + HEADER_BYTES..], 2, 1), [0b1010_0000, 0b1100_0000]);
    }

    #[test]
    fn the_header_tells_size_and_resolution() {
        let raster = encode(&page(400, 300), 200, Dots::Gray8);
        let field = |at: usize| u32::from_be_bytes(raster[4 + at..8 + at].try_into().expect("four bytes"));
        assert_eq!(&raster[..13], b"RaS2PwgRaster");
        assert_eq!([field(276), field(352), field(356), field(372), field(376)], [200, 144, 108, 400, 300]);
        assert_eq!([field(384), field(388), field(392), field(400)], [8, 8, 400, 18]);
    }
}
